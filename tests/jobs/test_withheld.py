"""What the pipeline knows that keeps a warning waiting, and that none is both delivered and withheld."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.withheld import Help, placed, withheld
from schemas.messages import WITHHELD, Level, WithheldReason
from warning_models.loader import HelpModel, load_models

ON = date(2026, 11, 19)
MODELS = {model.id: model for model in load_models() if isinstance(model, HelpModel)}
MEDICAL, EMPLOYMENT = "medical_cost_over_limit", "employment_lost"
DAYS = 90


def warning(**told: Any) -> dict[str, Any]:
    return {
        "warning_id": "w", "model_id": MEDICAL, "level": "orange", "person_key": "p", "household_key": "h",
        "village_code": "340706100003", "grid_code": None,
    } | told  # fmt: skip


def claim(**told: Any) -> dict[str, Any]:
    return {"claim_id": "c", "model_id": MEDICAL, "level": "orange", "person_key": "p", "happened_on": None} | told


def reason(known: Help, *claims: dict[str, Any], **told: Any) -> str | None:
    found = withheld(warning(**told), claims or [claim()], MODELS, known, ON)
    if found is None:
        return None
    assert found.expires_on is not None
    assert found.expires_on > ON
    assert found.reason is not None
    return found.reason.value


def aided(days_ago: int, cause: str = "illness") -> Help:
    return Help(aided={("h", cause): ON - timedelta(days=days_ago)})


def test_every_reason_is_told_in_both_languages() -> None:
    assert set(WITHHELD) == set(WithheldReason)
    assert all(text.zh and text.en for text in WITHHELD.values())


def test_nobody_can_be_sent_where_no_address_is_known_until_one_is() -> None:
    assert reason(Help(), household_key=None, village_code=None) == "residence_unknown"
    place = {"person_key": "p", "household_key": "h2", "village_code": "340706100003", "grid_code": "340706100003001"}
    found = placed(warning(household_key=None, village_code=None), Help(places={"p": place}))
    assert (found["household_key"], found["grid_code"]) == ("h2", "340706100003001")
    assert placed(warning(), Help(places={"p": place}))["household_key"] == "h", "what was known stays"


@pytest.mark.parametrize(("days_ago", "waits"), [(0, True), (DAYS, True), (DAYS + 1, False)])
def test_help_for_the_same_cause_answers_for_its_days(days_ago: int, waits: bool) -> None:
    found = withheld(warning(), [claim()], MODELS, aided(days_ago), ON)
    assert (found is not None) is waits
    if found:
        assert (found.reason, found.expires_on) == (
            "already_helped_for_same_cause",
            ON + timedelta(DAYS + 1 - days_ago),
        )


def test_help_for_another_cause_or_what_happened_later_or_is_red_is_not_answered() -> None:
    assert reason(aided(5, "education")) is None
    assert reason(aided(5), claim(happened_on=ON - timedelta(days=5))) == "already_helped_for_same_cause"
    assert reason(aided(5), claim(happened_on=ON - timedelta(days=4))) is None
    assert reason(aided(5), claim(level="red"), level="red") is None


def test_help_answers_a_warning_only_where_it_answers_every_claim_in_it() -> None:
    lost = claim(claim_id="d", model_id=EMPLOYMENT)
    assert reason(aided(5), claim(), lost) is None
    both = Help(aided={("h", "illness"): ON, ("h", "unemployment"): ON - timedelta(days=80)})
    found = withheld(warning(), [claim(), lost], MODELS, both, ON)
    assert found is not None
    assert found.expires_on == ON + timedelta(days=11), "looked at again with the first that answers no longer"


def test_what_is_on_hold_waits_a_night_unless_it_is_red() -> None:
    for county, waits in (("", True), ("340706", True), ("340722", False)):
        held = Help(on_hold={(MEDICAL, county)})
        assert (reason(held) == "source_on_hold") is waits
        assert reason(held, claim(level="red"), level="red") is None
    assert reason(Help(on_hold={(EMPLOYMENT, "")})) is None


told = st.fixed_dictionaries(
    {
        "level": st.sampled_from([level.value for level in Level]),
        "household_key": st.sampled_from(["h", "g", None]),
        "village_code": st.sampled_from(["340706100003", "340722100003", None]),
        "model_id": st.sampled_from([MEDICAL, EMPLOYMENT, "disability_newly_certified"]),
    }
)
knowledge = st.builds(
    Help,
    aided=st.dictionaries(
        st.tuples(st.sampled_from("hg"), st.sampled_from(["illness", "unemployment", "other"])),
        st.dates(ON - timedelta(days=200), ON),
    ),
    labels=st.sets(st.tuples(st.just("p"), st.sampled_from(["dibao", "orphan"]))),
    on_hold=st.sets(st.tuples(st.sampled_from([MEDICAL, EMPLOYMENT]), st.sampled_from(["", "340706"]))),
)


@given(st.lists(told, max_size=12), knowledge, st.integers(0, 400))
def test_every_warning_is_delivered_or_withheld_with_a_reason_that_expires_and_is_looked_at_again(
    night: list[dict[str, Any]], known: Help, days_later: int
) -> None:
    rows = [warning(warning_id=str(at), **one) for at, one in enumerate(night)]
    claims = {row["warning_id"]: [claim(model_id=row["model_id"], level=row["level"])] for row in rows}
    fates = {row["warning_id"]: withheld(row, claims[row["warning_id"]], MODELS, known, ON) for row in rows}
    waiting = {name: fate for name, fate in fates.items() if fate}
    delivered = [row for row in rows if row["warning_id"] not in waiting]
    assert len(delivered) + len(waiting) == len(rows)
    assert all(row["household_key"] and row["village_code"] for row in delivered)
    for name, fate in waiting.items():
        assert fate.warning_id == name
        assert fate.reason in WithheldReason
        assert fate.expires_on is not None
        assert fate.expires_on > ON
    # Once no source is late and help lies long back, only who has no address and who is recognised still waits.
    later = ON + timedelta(days=200 + days_later)
    quiet = Help(aided=known.aided)
    for row in rows:
        again = withheld(row, claims[row["warning_id"]], MODELS, quiet, later)
        assert (again is None) is bool(row["household_key"] and row["village_code"])
