"""How many households are in hardship that no warning tells of, from what control visits found.

In each stratum every household was as likely to be drawn as any other, so the share found among those visited, times
the stratum's size, estimates those missed; its interval is Wilson's, times the same size. Who was not met is no answer.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from jobs.controls.draw import ControlVisit, control_visits
from jobs.controls.plan import STRATA
from jobs.evaluation.intervals import share
from jobs.evaluation.judged import FOUND, rows_of
from jobs.evaluation.measures import FEW, plain
from jobs.feedback import OUTCOMES
from jobs.installation import Installation

NOT_MET = ("moved_or_absent", "refused")


def missed(installation: Installation, until: date) -> list[dict[str, Any]]:
    """By stratum: drawn, visited (with an answer), found, their share, the households `missed`; [] without controls."""
    visits = control_visits(installation, until)
    outcomes = {row["warning_id"]: row["outcome"] for row in rows_of(installation, OUTCOMES, until, "known_on")}
    return [
        estimate(stratum, [visit for visit in visits if visit.stratum == stratum], outcomes)
        for stratum in STRATA
        if any(visit.stratum == stratum for visit in visits)
    ]


def estimate(stratum: str, visits: Sequence[ControlVisit], outcomes: dict[str, str]) -> dict[str, Any]:
    """The estimate of one stratum, as large as it was on its last night, given the outcomes by control id."""
    population = max(visits, key=lambda visit: visit.business_date).population
    told = [outcomes[visit.control_id] for visit in visits if visit.control_id in outcomes]
    answers = [outcome for outcome in told if outcome not in NOT_MET]
    found = sum(outcome in FOUND for outcome in answers)
    among = share(found, len(answers))
    return {
        "stratum": stratum,
        "population": population,
        "drawn": len(visits),
        "not_met": len(told) - len(answers),
        "visited": len(answers),
        "found": found,
        "share": plain(among),
        "missed": among
        and {
            name: None if value is None else round(value * population, 1)
            for name, value in (("value", among.value), ("low", among.low), ("high", among.high))
        },
        "is_small": len(answers) < FEW,
    }
