"""`shouwang warnings explain` also tells of what people were told at noon and the afternoon's data overtook."""

from typing import Any

import pytest

from jobs import watch
from jobs.dispositions import record_dispositions
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.settings import Settings
from jobs.stories.listing import warnings_listed
from jobs.stories.story import story
from jobs.stories.telling import listed, told
from schemas.messages import Disposition, DispositionKind
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.people import registered
from tests.jobs.test_stories import bill, key_of

CORRECTED, PATIENT, SPOUSE = 1, 2, 3
AT_NOON, LATER = (f"medical_insurance.inpatient_settlement.20261119.{sequence}" for sequence in ("02", "03"))


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Two patients were told of at noon; then one's bill is corrected, and a spouse of the other's is far more ill."""
    home = tmp_path_factory.mktemp("overtaken")
    installation = Installation(Settings(mode="demo", home=home, case_service_url="http://127.0.0.1:9"))
    people = [registered(CORRECTED), registered(PATIENT), registered(SPOUSE, PATIENT, relation_code="12")]
    deliver(home / "landing", "household_register", people)
    ingest_department(installation, "public_security", NIGHT_1)
    land(installation, 2, bill(CORRECTED, "16000.00"), bill(PATIENT, "16000.00"))
    orders = enumerate(row["warning_id"] for row in installation.warehouse.rows("ads.warning").to_pylist())
    opened = DispositionKind.OPENED
    record_dispositions(
        installation,
        NIGHT_1,
        [Disposition(warning_id=one, kind=opened, order_number=f"GD{number}") for number, one in orders],
    )
    land(installation, 3, bill(CORRECTED, "400.00"), bill(SPOUSE, "90000.00"))
    return installation


def land(installation: Installation, sequence: int, *bills: dict[str, Any]) -> None:
    deliver(installation.settings.landing_folder, "inpatient_settlement", bills, NIGHT_1, sequence=sequence)
    [report] = watch.look(installation)
    assert report["status"] == "ingested"


def told_at_noon(installation: Installation, n: int) -> str:
    """The id of the overtaken warning about a person."""
    [row] = [
        row
        for row in installation.warehouse.rows("ads.warning").to_pylist()
        if row["person_key"] == key_of(installation, n) and row["overtaken"]
    ]
    return str(row["warning_id"])


def test_a_claim_that_a_correction_overtook_tells_both_what_was_said_and_what_corrected_it(
    installation: Installation,
) -> None:
    warning_id = told_at_noon(installation, CORRECTED)
    found = story(installation, warning_id)
    assert found["warning_id"] == warning_id
    assert "不再成立" in found["overtaken"]["zh"]
    assert "no longer bears it out" in found["overtaken"]["en"]
    assert found["overtaken"]["goes_on_in"] == []
    assert all(claim["worked_out_again"].startswith("no longer") for claim in found["claims"])
    [claim] = [claim for claim in found["claims"] if claim["model"]["id"] == "medical_cost_over_limit"]
    assert "16,000.00" in {figure["value"] for figure in claim["figures"]}, "what was said at noon stays as it was said"
    over = next(one for one in claim["conditions"] if one["text"].startswith("s.this_year > s.limit_amount"))
    assert (over["held"], over["values"][0]["s.this_year"]) == (0, 400)
    bills = [row for row in claim["rows"] if row["extract_class"] == "inpatient_settlement"]
    assert [(row["delivery_id"], row["stood"]) for row in bills] == [(AT_NOON, False), (LATER, True)]
    assert [item["kind"] for item in found["dispositions"]] == ["opened"]
    lines = list(told(found))
    assert found["overtaken"]["zh"] in lines[1]
    assert found["overtaken"]["en"] in lines[2]
    assert any(AT_NOON in line and "replaced by later deliveries 已被后来批次取代" in line for line in lines)
    assert any(LATER in line and "replaced" not in line for line in lines)
    assert f"opened: order {found['dispositions'][0]['order_number']}" in lines[-1]


def test_a_claim_that_goes_on_in_a_more_urgent_warning_tells_of_both(installation: Installation) -> None:
    at_noon = told_at_noon(installation, PATIENT)
    found = story(installation, at_noon)
    now = found["warning_id"]
    assert now != at_noon
    assert found["overtaken"] is None
    assert (found["level"], found["claims"][0]["person_key"]) == ("red", key_of(installation, SPOUSE))
    assert at_noon in {claim["claim_id"] for claim in found["claims"]}
    assert {claim["worked_out_again"] for claim in found["claims"]} == {"the same"}
    [earlier] = found["told_before"]
    assert earlier["warning_id"] == at_noon
    assert earlier["overtaken"]["goes_on_in"] == [now]
    assert [item["kind"] for item in earlier["dispositions"]] == ["opened"]
    lines = list(told(found))
    [begins] = [at for at, line in enumerate(lines) if "同日先前已告知" in line]
    assert lines[begins - 2] == "  waits in the outbox for the case service", "nobody was told of the new one yet"
    assert f"归入另一条预警；已派的工单照常保留: {now}" in lines[begins + 3]
    assert f"its order stays: {now}" in lines[begins + 4]
    assert earlier["dispositions"][0]["order_number"] in lines[-1]


def test_a_list_says_which_were_overtaken(installation: Installation) -> None:
    lines = {line["warning_id"]: line for line in warnings_listed(installation, NIGHT_1)}
    overtaken = {told_at_noon(installation, n) for n in (CORRECTED, PATIENT)}
    assert {name for name, line in lines.items() if line["overtaken"]} == overtaken
    assert sum("overtaken 已被取代" in text for text in listed(list(lines.values()))) == len(overtaken)
