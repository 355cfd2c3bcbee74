"""What is known of a score before anybody is ranked by it: trained until one day, judged by later warnings only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sklearn.metrics import brier_score_loss, roc_auc_score

from jobs.claims.keeping import CLAIM, WARNING
from jobs.evaluation.intervals import share
from jobs.evaluation.judged import Judged, judged_until, rows_of
from jobs.evaluation.measures import FEW, GROUPINGS, plain
from jobs.installation import Installation
from jobs.ranking.features import DIRECTIONS, NOT_USED, features_of, leading_figures
from jobs.ranking.score import LEAST_OF_EACH, Score, fitted, too_few

FAIR_BY = ("age_band", "sex", "area", "tier")


@dataclass(frozen=True)
class Lesson:
    """A warning with its features and what the visit found."""

    judged: Judged
    features: Sequence[float]
    is_found: bool


def lessons_until(installation: Installation, until: date) -> list[Lesson]:
    """All warnings whose visit was known to be closed on a date."""
    figures = leading_figures(rows_of(installation, CLAIM, until))
    warnings = {row["warning_id"]: row for row in rows_of(installation, WARNING, until)}
    return [
        Lesson(item, features_of(warnings[item.warning_id], figures.get(item.warning_id)), item.is_found)
        for item in judged_until(installation, until)
        if item.outcome
    ]


def card(installation: Installation, as_of: date, until: date) -> dict[str, Any]:
    """Train as of a date on what was known then, and judge by the warnings after it.

    `is_usable` is False with the `reason` where there are too few outcomes to learn from or to judge by: then nobody is
    ranked by a score.
    """
    learnt = lessons_until(installation, as_of)
    later = [lesson for lesson in lessons_until(installation, until) if lesson.judged.business_date > as_of]
    described: dict[str, Any] = {
        "trained_as_of": as_of.isoformat(),
        "judged_until": until.isoformat(),
        "directions": dict(DIRECTIONS),
        "not_used": list(NOT_USED),
        "learnt_from": len(learnt),
        "judged_by": len(later),
    }
    reason = too_few([lesson.is_found for lesson in learnt]) or _too_few_later([lesson.is_found for lesson in later])
    if reason:
        return {**described, "is_usable": False, "reason": reason}
    score = fitted([lesson.features for lesson in learnt], [lesson.is_found for lesson in learnt])
    return {**described, "is_usable": True, "reason": None, **judged_by(score, later)}


def judged_by(score: Score, later: Sequence[Lesson]) -> dict[str, Any]:
    """How well a score orders and how true it is on warnings that it never saw, in all and by group."""
    scores = np.asarray(score.of([lesson.features for lesson in later]))
    found = np.asarray([lesson.is_found for lesson in later])
    order = np.argsort(-scores, kind="stable")
    first_half = set(order[: len(order) // 2].tolist())
    return {
        "auc": round(float(roc_auc_score(found, scores)), 4),
        "brier": round(float(brier_score_loss(found, scores)), 4),
        "brier_of_the_mean": round(float(brier_score_loss(found, np.full(len(found), found.mean()))), 4),
        "calibration": _fifths(scores, found),
        "found_in_first_half": plain(share(int(found[order[: len(order) // 2]].sum()), int(found.sum()))),
        "groups": {name: _groups(later, scores, found, first_half, GROUPINGS[name]) for name in FAIR_BY},
    }


def _too_few_later(found: Sequence[bool]) -> str | None:
    yes = sum(found)
    if min(yes, len(found) - yes) >= LEAST_OF_EACH:
        return None
    return (
        f"{len(found)} later visits closed, {yes} found somebody; at least {LEAST_OF_EACH} must have found somebody "
        f"and {LEAST_OF_EACH} nobody for the score to be judged"
    )


def _fifths(scores: Any, found: Any) -> list[dict[str, Any]]:
    """From the lowest to the highest fifth: the mean score beside the share found."""
    parts = [part for part in np.array_split(np.argsort(scores, kind="stable"), 5) if len(part)]
    return [
        {
            "score": round(float(scores[part].mean()), 4),
            "visits": len(part),
            "found": plain(share(int(found[part].sum()), len(part))),
        }
        for part in parts
    ]


def _groups(
    later: Sequence[Lesson], scores: Any, found: Any, first_half: set[int], groups_of: Callable[[Judged], Any]
) -> list[dict[str, Any]]:
    """By group: is the score as true for each, and do those in need of each come as early?"""
    rows = []
    for group in sorted({name for lesson in later for name in groups_of(lesson.judged)}):
        places = [at for at, lesson in enumerate(later) if group in groups_of(lesson.judged)]
        in_need = [at for at in places if found[at]]
        rows.append(
            {
                "group": group,
                "visits": len(places),
                "score": round(float(scores[places].mean()), 4),
                "found": plain(share(len(in_need), len(places))),
                "in_first_half_of_those_found": plain(share(len(first_half & set(in_need)), len(in_need))),
                "is_small": len(places) < FEW,
            }
        )
    return rows
