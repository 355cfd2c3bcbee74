"""Division codes change; a code of old is understood as what it is called on the date."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from schemas.division_changes import OWN_CHANGES_SETTING, DivisionError, division_changes
from schemas.division_succession import successions
from schemas.divisions import divisions

TODAY = date(2026, 11, 20)
HEADER = "effective_on,change,code,name,successor_code,successor_name,successor_parent_code,source"

Own = Callable[..., None]


@pytest.fixture
def own_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Own]:
    """Writes an administrator's own file of changes."""

    def write(*lines: str) -> None:
        path = tmp_path / "区划变更.csv"
        path.write_text("\r\n".join([HEADER, *lines]), encoding="utf-8-sig")
        monkeypatch.setenv(OWN_CHANGES_SETTING, str(path))
        division_changes.cache_clear()
        divisions.cache_clear()

    yield write
    division_changes.cache_clear()
    divisions.cache_clear()


def called(code: str, as_of: date = TODAY) -> str | None:
    return {item.code: item.current_code for item in successions(as_of)}.get(code)


def test_what_stood_under_a_recoded_county_went_with_it() -> None:
    assert called("340721100003") == "340706100003"
    assert called("340823100000") == "340722100000"


def test_a_code_that_changed_twice_is_followed_to_its_end() -> None:
    assert called("342823000000") == "340722000000"


def test_villages_of_merged_counties_are_not_guessed() -> None:
    assert called("340702000000") == "340705000000"
    assert called("340702005001") is None


def test_before_a_change_the_old_code_stands() -> None:
    assert called("340721100003", date(2015, 1, 1)) is None


def test_an_administrator_merges_villages_by_a_line_each(own_changes: Own) -> None:
    own_changes("2026-01-01,merged,340706100001,某村,340706100003,,,市民政局")
    [merged] = [item for item in successions(TODAY) if item.code == "340706100001"]
    assert (merged.current_code, merged.keeps_grids) == ("340706100003", False)
    assert called("340721100001") == "340706100003"
    assert called("340706100001", date(2025, 12, 31)) is None


def test_a_town_moved_to_another_county_takes_its_villages_along(own_changes: Own) -> None:
    own_changes("2018-12-31,recoded,340722103000,老洲镇,340711102000,老洲镇,340711000000,民政部公告")
    village = next(item.code for item in divisions() if item.parent_code == "340722103000")
    moved = "340711102" + village[9:]
    assert called(village) == moved
    by_code = {item.code: item for item in divisions()}
    assert by_code[moved].parent_code == "340711102000"
    assert by_code["340711102000"].parent_code == "340711000000"


def test_a_renamed_village_keeps_its_code(own_changes: Own) -> None:
    own_changes("2024-01-01,renamed,340706100003,荷花塘社区居委会,340706100003,荷塘社区,,市民政局")
    assert called("340706100003") is None
    assert {item.code: item.name for item in divisions()}["340706100003"] == "荷塘社区"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["2026-01-01,moved,340706100001,,340706100003,,,x"], "line 2: change 'moved' must be one of"),
        (["2026-01-01,merged,34070610,,340706100003,,,x"], "'34070610' must have twelve digits"),
        (["2026/1/1,merged,340706100001,,340706100003,,,x"], "must be a day like 2024-01-31"),
        (["2026-01-01,merged,340706100001,,,,,x"], "give a successor_code, or call the change abolished"),
        (["2026-01-01,abolished,340706100001,,,,,"], "fill in source"),
        (
            ["2026-01-01,merged,340706100001,,340706100003,,,x", "2026-02-01,merged,340706100003,,340706100001,,,x"],
            "lead back to",
        ),
        (
            ["2026-01-01,merged,340706100001,,340706100003,,,x", "2026-02-01,merged,340706100001,,340706100004,,,x"],
            "changes twice",
        ),
        (["2026-01-01,recoded,340706100001,,340706199001,新村,340799000000,x"], "which is no division"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(own_changes: Own, lines: list[str], said: str) -> None:
    own_changes(*lines)
    with pytest.raises(DivisionError, match=said):
        successions(TODAY)
