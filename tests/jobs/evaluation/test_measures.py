"""What visits say of the models, with intervals that do not make little look like much."""

from dataclasses import replace
from datetime import date

import pytest

from jobs.evaluation.intervals import median, share
from jobs.evaluation.judged import Judged, age_band, tier_of
from jobs.evaluation.measures import FEW, measures, measures_by_group

NIGHT = date(2026, 11, 19)
WARNED = Judged(
    "W01-1", frozenset({"a"}), "medical", "red", NIGHT, "p", "h", "340706", "dibao", "60-79", "male", "urban",
    "opened", None, None,
)  # fmt: skip
HELPED = replace(WARNED, outcome="helped", closed_on=date(2026, 11, 23))
WRONG = replace(WARNED, outcome="data_error", closed_on=date(2026, 11, 23), sex="female", tier="general")
WITHHELD = replace(WARNED, fate="withheld")


def test_wilsons_interval_is_that_of_the_literature() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263, and 0 of 20.
    found, nothing = share(81, 263), share(0, 20)
    assert found is not None
    assert nothing is not None
    assert found.low == pytest.approx(0.2553, abs=5e-5)
    assert found.high == pytest.approx(0.3662, abs=5e-5)
    assert (nothing.low, nothing.high) == (pytest.approx(0), pytest.approx(0.1611, abs=5e-5))
    assert share(0, 0) is None


def test_a_median_of_few_has_no_interval() -> None:
    few, many = median([3, 1, 2, 10]), median(range(1, 101))
    assert few is not None
    assert many is not None
    assert (few.value, few.low, few.high) == (2.5, None, None)
    assert (many.value, many.low, many.high) == (50.5, 40, 61)


def test_the_shares_have_the_denominators_that_they_promise() -> None:
    found = measures([WARNED, HELPED, replace(HELPED, outcome="referred"), WRONG, WITHHELD])
    assert {name: found[name] for name in ("warned", "dispatched", "withheld", "closed", "found")} == {
        "warned": 5, "dispatched": 4, "withheld": 1, "closed": 3, "found": 2,
    }  # fmt: skip
    assert found["yield"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["unanswered"]["value"] == 0.25
    assert found["data_error"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["days_to_help"] == {"value": 4, "low": None, "high": None}, "a referral is not help yet"
    assert found["is_small"]
    assert not measures([HELPED] * FEW)["is_small"]


def test_nothing_closed_has_no_yield() -> None:
    found = measures([WARNED])
    assert (found["yield"], found["data_error"], found["days_to_help"]) == (None, None, None)
    assert found["unanswered"]["value"] == 1


def test_groups_add_up_and_a_warning_of_two_models_counts_with_both() -> None:
    items = [replace(HELPED, model_ids=frozenset({"a", "b"})), WRONG, WITHHELD]
    groups = measures_by_group(items)
    assert {row["model"]: row["warned"] for row in groups["model"]} == {"a": 3, "b": 1}
    assert {row["sex"]: row["yield"]["value"] for row in groups["sex"]} == {"female": 0, "male": 1}
    for name in ("tier", "county", "age_band", "sex", "area"):
        assert sum(row["warned"] for row in groups[name]) == len(items)


@pytest.mark.parametrize(
    ("born_on", "band"),
    [
        (date(2008, 11, 20), "under 18"),
        (date(2008, 11, 19), "18-44"),
        (date(1966, 11, 19), "60-79"),
        (date(1940, 1, 1), "80 and over"),
        (date(2027, 1, 1), "under 18"),
        (None, "unknown"),
    ],
)
def test_an_age_band_is_that_of_the_day(born_on: date | None, band: str) -> None:
    assert age_band(born_on, NIGHT) == band


def test_the_lowest_tier_counts() -> None:
    assert [tier_of(one) for one in ("dibao,tekun", "dibao", "marginal,rigid_expenditure", "", None)] == [
        "tekun", "dibao", "low_income", "general", "general",
    ]  # fmt: skip
