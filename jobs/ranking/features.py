"""What the score is made from: what a warning says of hardship, and nothing of who somebody is or where they live."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.claims.grouping import URGENCY
from jobs.claims.household import from_text
from schemas.messages import Need

# By feature: 1 where more of it may only raise the score, -1 where it may only lower it.
DIRECTIONS: Mapping[str, int] = {
    "urgency": 1,
    "claims": 1,
    "leading_figure": 1,
    "dependants": 1,
    "severely_disabled": 1,
    "earners": -1,
    "income_per_head": -1,
}
NOT_USED = ("sex", "age", "ethnicity", "religion", "county", "village", "urban or rural place", "name")

Row = Mapping[str, Any]


def features_of(warning: Row, leading_figure: float | None) -> list[float]:
    """The features of a row of ads.warning in the order of DIRECTIONS; what is not known is not a number."""
    view = from_text(warning["household"])
    incomes = [float(member.monthly_income) for member in view.members if member.monthly_income is not None]
    values = {
        "urgency": float(max(URGENCY.values()) - URGENCY[warning["level"]]),
        "claims": float(len(view.claim_ids)),
        "leading_figure": math.log1p(max(leading_figure, 0.0)) if leading_figure is not None else math.nan,
        "dependants": float(sum(bool(member.depends) for member in view.members)),
        "severely_disabled": float(sum(Need.SEVERELY_DISABLED in member.depends for member in view.members)),
        "earners": float(sum(bool(member.earns) for member in view.members)),
        "income_per_head": sum(incomes) / len(view.members) if incomes else math.nan,
    }
    return [values[name] for name in DIRECTIONS]


def leading_figures(claims: Sequence[Row]) -> dict[str, float | None]:
    """The leading figure of each warning's leading claim, whose id the warning bears."""
    return {
        row["claim_id"]: None if row["leading_figure"] is None else float(row["leading_figure"])
        for row in claims
        if row["claim_id"] == row["warning_id"]
    }
