"""The score of need orders as it promises, tells true chances, and stays off with too little to learn from."""

import math
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from jobs.errors import RankingError
from jobs.installation import Installation
from jobs.ranking.card import Lesson, card, judged_by
from jobs.ranking.features import DIRECTIONS
from jobs.ranking.in_force import switch, trained_as_of
from jobs.ranking.page import page
from jobs.ranking.score import Score, fitted, too_few
from tests.jobs.evaluation.test_measures import WARNED
from tests.jobs.landing import NIGHT_1, NIGHT_2


def made_up(count: int, seed: int) -> tuple[list[list[float]], list[bool]]:
    """Warnings in which dependants and little income go with need, as far as chance lets them."""
    drawn = np.random.default_rng(seed)
    features = np.column_stack(
        [
            drawn.integers(0, 3, count),
            drawn.integers(1, 4, count),
            drawn.uniform(7, 12, count),
            drawn.integers(0, 4, count),
            drawn.integers(0, 2, count),
            drawn.integers(0, 3, count),
            np.where(drawn.random(count) < 0.2, np.nan, drawn.uniform(0, 6000, count)),
        ]
    )
    need = -3 + 0.8 * features[:, 3] - 0.7 * features[:, 5] + 0.3 * (features[:, 2] - 7)
    need -= np.nan_to_num(features[:, 6]) / 4000
    return features.tolist(), (drawn.random(count) < 1 / (1 + np.exp(-need))).tolist()


@pytest.fixture(scope="module")
def score() -> Score:
    return fitted(*made_up(3000, seed=1))


@pytest.mark.parametrize("at", range(len(DIRECTIONS)), ids=list(DIRECTIONS))
def test_more_of_a_feature_never_moves_the_score_against_its_direction(score: Score, at: int) -> None:
    features, _ = made_up(60, seed=2)
    direction, values = list(DIRECTIONS.values())[at], (0.0, 1.0, 2.0, 3.0, 9.0, 4000.0)
    scores = score.of([[*row[:at], value, *row[at + 1 :]] for row in features for value in values])
    for start in range(0, len(scores), len(values)):
        rising = scores[start : start + len(values)]
        assert all(direction * (later - earlier) >= -1e-9 for earlier, later in pairwise(rising))


def test_on_warnings_never_seen_it_orders_better_than_chance_and_tells_true_shares(score: Score) -> None:
    features, found = made_up(3000, seed=3)
    lessons = [
        Lesson(replace(WARNED, sex="male" if at % 2 else "female"), row, is_found)
        for at, (row, is_found) in enumerate(zip(features, found, strict=True))
    ]
    known = judged_by(score, lessons)
    assert known["auc"] > 0.7
    assert known["brier"] < known["brier_of_the_mean"]
    assert known["found_in_first_half"]["low"] > 0.5
    for fifth in known["calibration"]:
        assert fifth["found"]["low"] - 0.05 < fifth["score"] < fifth["found"]["high"] + 0.05
    assert {row["group"]: row["visits"] for row in known["groups"]["sex"]} == {"female": 1500, "male": 1500}


def test_the_same_outcomes_give_the_same_score_and_each_is_explained(score: Score) -> None:
    again = fitted(*made_up(3000, seed=1))
    features, _ = made_up(50, seed=4)
    assert again.of(features) == score.of(features)
    needy = [2.0, 3.0, 12.0, 3.0, 1.0, 0.0, 0.0]
    parts = score.explained(needy)
    assert parts.keys() == DIRECTIONS.keys()
    assert parts["dependants"] > 0.05
    assert all(value >= -1e-6 for value in parts.values()), "all about this household speaks for need"


def test_what_is_not_known_is_no_error(score: Score) -> None:
    (value,) = score.of([[math.nan] * len(DIRECTIONS)])
    assert 0 < value < 1
    assert score.of([]) == []


def test_a_feature_that_hardly_any_visit_knew_moves_no_score() -> None:
    features, found = made_up(400, seed=5)
    nobody_knows = [[*row[:-1], 1500.0 if at < 10 else math.nan] for at, row in enumerate(features)]
    score = fitted(nobody_knows, found)
    assert not score.used[-1]
    row = features[0][:-1]
    assert len({*score.of([[*row, math.nan], [*row, 0.0], [*row, 9000.0]])}) == 1
    assert score.explained([*row, 9000.0])["income_per_head"] == 0


def test_too_few_outcomes_teach_nothing() -> None:
    assert too_few([True] * 100 + [False] * 300) is None
    assert "at least 300" in (too_few([True, False] * 20) or "")
    assert "49 found somebody" in (too_few([True] * 49 + [False] * 400) or "")
    with pytest.raises(ValueError, match="at least 300"):
        fitted(*made_up(40, seed=1))


def test_an_installation_without_outcomes_says_so_and_stays_off(installation: Installation) -> None:
    known = card(installation, NIGHT_1, NIGHT_1 + timedelta(days=30))
    assert not known["is_usable"]
    assert known["reason"].startswith("0 visits closed")


def test_a_score_that_cannot_be_used_cannot_be_switched_on(installation: Installation) -> None:
    known = card(installation, NIGHT_1, NIGHT_1)
    assert "stays off: 0 visits closed" in page(known)
    with pytest.raises(RankingError, match="stays off: 0 visits closed"):
        switch(installation, NIGHT_1, known)
    assert trained_as_of(installation, NIGHT_1) is None


def test_the_score_in_force_is_that_switched_on_last(installation: Installation) -> None:
    usable = {"is_usable": True, "trained_as_of": "2026-06-30"}
    switch(installation, NIGHT_1, usable)
    switch(installation, NIGHT_2, None)
    days = [trained_as_of(installation, day) for day in (NIGHT_1 - timedelta(days=1), NIGHT_1, NIGHT_2)]
    assert days == [None, date(2026, 6, 30), None]
