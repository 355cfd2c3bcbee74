"""What goes back to the pipeline."""

from concurrent.futures import ThreadPoolExecutor

from schemas.messages import OutcomePage
from tests.case_service.conftest import Door
from tests.case_service.made_up import warning


def read_all(door: Door, limit: int = 200) -> list[str]:
    ids, cursor = [], ""
    while True:
        response = door.pipeline().get("/api/v1/outcomes", params={"after": cursor, "limit": limit})
        page = OutcomePage.model_validate(response.json())
        ids += [one.outcome_id for one in page.outcomes]
        if page.next_cursor is None:
            return ids
        cursor = page.next_cursor


def test_one_outcome_for_each_warning_of_a_closed_order(door: Door) -> None:
    first, second, other = door.put(warning(), warning(), warning(household_key="household-2"))
    assert read_all(door) == []
    door.visit(str(first["order_number"]), outcome="data_error", data_error_field="income")
    page = OutcomePage.model_validate(door.pipeline().get("/api/v1/outcomes").json())
    assert [one.warning_id for one in page.outcomes] == [first["warning_id"], second["warning_id"]]
    one = page.outcomes[0]
    assert (one.outcome, one.data_error_field, one.order_number) == ("data_error", "income", first["order_number"])
    assert one.delivered_at == one.closed_at == door.clock()
    assert one.visited_at is not None
    assert "住院三次" not in page.model_dump_json()
    door.visit(str(other["order_number"]))
    following = door.pipeline().get("/api/v1/outcomes", params={"after": page.next_cursor}).json()
    assert [one["warning_id"] for one in following["outcomes"]] == [other["warning_id"]]


def test_the_last_cursor_can_be_kept_and_asked_again(door: Door) -> None:
    door.visit(str(door.put(warning())[0]["order_number"]))
    first = door.pipeline().get("/api/v1/outcomes").json()
    assert first["next_cursor"] == "1"
    assert door.pipeline().get("/api/v1/outcomes", params={"after": "1"}).json() == {
        "outcomes": [],
        "next_cursor": None,
    }
    assert door.pipeline().get("/api/v1/outcomes", params={"after": "x"}).status_code == 422


def test_pages_read_in_turn_miss_nothing_while_visits_are_recorded_in_parallel(door: Door) -> None:
    numbers = [str(one["order_number"]) for one in door.put(*(warning(household_key=f"h-{n}") for n in range(12)))]
    with ThreadPoolExecutor(6) as pool:
        recording = [pool.submit(door.visit, number) for number in numbers]
        seen: list[str] = []
        cursor = ""
        while not all(one.done() for one in recording):
            page = door.pipeline().get("/api/v1/outcomes", params={"after": cursor, "limit": 2}).json()
            seen += [one["outcome_id"] for one in page["outcomes"]]
            cursor = page["next_cursor"] or cursor
    rest = door.pipeline().get("/api/v1/outcomes", params={"after": cursor}).json()
    seen += [one["outcome_id"] for one in rest["outcomes"]]
    assert seen == read_all(door, limit=5)
    assert len(set(seen)) == len(seen) == 12
