"""The score itself: monotone gradient boosting, calibrated, so that it reads as the chance that a visit finds somebody.

Fitted anew from the same outcomes it is the same score: nothing but the date it was trained as of is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

from jobs.ranking.features import DIRECTIONS

LEAST_CLOSED = 300
LEAST_OF_EACH = 50
_FOLDS = 5

Features = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Score:
    """A fitted score; `middle` are the features of the usual warning, from which each score is explained.

    A feature that too few visits knew to learn from is not `used`: it moves no score.
    """

    classifier: CalibratedClassifierCV
    middle: npt.NDArray[np.float64]
    used: npt.NDArray[np.bool_]

    def of(self, features: Features) -> list[float]:
        """For each warning the chance that a visit finds somebody to help."""
        if not features:
            return []
        return [round(float(value), 6) for value in self.classifier.predict_proba(_matrix(features, self.used))[:, 1]]

    def explained(self, features: Sequence[float]) -> dict[str, float]:
        """By feature, how much of a score it makes: the score less what it were, were that feature as usual."""
        own = self.of([features])[0]
        usual = [[*features[:at], float(self.middle[at]), *features[at + 1 :]] for at in range(len(DIRECTIONS))]
        return {name: round(own - other, 6) for name, other in zip(DIRECTIONS, self.of(usual), strict=True)}


def too_few(found: Sequence[bool]) -> str | None:
    """Why nothing can be learnt from so few outcomes; None where there are enough."""
    yes, no = sum(found), len(found) - sum(found)
    if len(found) >= LEAST_CLOSED and min(yes, no) >= LEAST_OF_EACH:
        return None
    return (
        f"{len(found)} visits closed, {yes} found somebody and {no} nobody; "
        f"at least {LEAST_CLOSED} are needed, and {LEAST_OF_EACH} of each"
    )


def fitted(features: Features, found: Sequence[bool]) -> Score:
    """The score that these outcomes teach. Raises ValueError where they are too few."""
    if reason := too_few(found):
        raise ValueError(reason)
    used = np.isfinite(_matrix(features)).sum(axis=0) >= LEAST_OF_EACH
    matrix, labels = _matrix(features, used), np.asarray(found, np.int64)
    boosting = HistGradientBoostingClassifier(
        monotonic_cst=list(DIRECTIONS.values()),
        max_iter=80,
        max_depth=3,
        learning_rate=0.08,
        min_samples_leaf=20,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    # Sigmoid calibration keeps the order that the constraints promise.
    classifier = CalibratedClassifierCV(boosting, method="sigmoid", cv=folds).fit(matrix, labels)
    known = [column[np.isfinite(column)] for column in matrix.T]
    return Score(classifier, np.array([np.median(column) for column in known]), used)


def _matrix(features: Features, used: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.float64]:
    """As numbers; what is not used is the same for everybody, known or not: boosting refuses what nobody knows."""
    matrix = np.asarray(features, np.float64).reshape(len(features), len(DIRECTIONS))
    return matrix if used is None else np.where(used, matrix, 0.0)
