"""The written matrix of who may do what, read from `access_matrix.yaml`."""

from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from case_service.tables.people import Role

MATRIX_FILE = Path(__file__).parent / "access_matrix.yaml"


class Right(StrEnum):
    """What a service token may be good for; each token has some of these and no more."""

    WARNINGS_WRITE = "warnings:write"
    OUTCOMES_READ = "outcomes:read"
    DEADLINES_READ = "deadlines:read"
    FRESHNESS_WRITE = "freshness:write"
    REVIEW_FINDINGS_WRITE = "review-findings:write"
    METRICS_READ = "metrics:read"


class Bound(StrEnum):
    """What lies inside or outside a person's scope on a route."""

    ORDER = "order"
    CASE = "case"
    REVIEW = "review"
    UNIT = "unit"
    STAFF = "staff"
    NOBODY = "nobody"


class Part(BaseModel):
    """A part of the matrix file; unknown words in it are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StaffRow(Part):
    """Which roles a route lets in, and what bounds them there."""

    bounded_by: Bound
    roles: frozenset[Role]


class AccessMatrix(Part):
    """The whole matrix; routes are written as `METHOD /path/{parameter}`."""

    roles: dict[str, list[Role]]
    anybody: frozenset[str]
    pipeline: dict[str, Right]
    staff: dict[str, StaffRow]

    @property
    def routes(self) -> set[str]:
        """Every route that has a row."""
        return {*self.anybody, *self.pipeline, *self.staff}


@cache
def access_matrix() -> AccessMatrix:
    """The matrix as shipped."""
    return AccessMatrix.model_validate(yaml.safe_load(MATRIX_FILE.read_text(encoding="utf-8")))
