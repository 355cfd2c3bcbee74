"""The dashboard (数据汇聚展示): a page with tables, and the same figures for the charts beside them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from case_service.access import SignedIn
from case_service.clock import Now
from case_service.dashboard.figures import Asked, tables
from case_service.dashboard.table import Table
from case_service.database import SessionDep
from case_service.freshness.queries import counts as freshness_counts
from case_service.freshness.queries import latest
from case_service.official_calendar import DueRuleDep
from case_service.supervision.queries import way_down
from case_service.supervision.routes import UnitShown
from case_service.tables import Unit
from case_service.web import language_of, page, say_for, word_for
from schemas.messages import SourceStatus

router = APIRouter(include_in_schema=False)


def unit_counted(viewer: SignedIn, shown: UnitShown) -> Unit:
    """The unit that was asked for. Whoever may open no list counts at their own unit alone: any other is 404.

    What one page leaves out as too small, the page above less the pages beside it would tell.
    """
    if not viewer.is_supervisor and shown.code != viewer.unit_code:
        raise HTTPException(404)
    return shown


UnitCounted = Annotated[Unit, Depends(unit_counted)]


def tables_asked_for(
    request: Request, viewer: SignedIn, session: SessionDep, shown: UnitCounted, rule: DueRuleDep, now: Now
) -> list[Table]:
    """All tables of the unit that the address names."""
    return tables(Asked(session, viewer, shown, rule, now, request.app.state.settings.smallest_count_shown))


TablesAskedFor = Annotated[list[Table], Depends(tables_asked_for)]


@router.get("/dashboard")
def dashboard(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    shown: UnitCounted,
    found: TablesAskedFor,
    now: Now,
    wall: bool = False,
) -> Response:
    """Every theme as a table and a chart; with `wall`, in large type and always up to date."""
    report = latest(session)
    return page(
        request,
        "pages/dashboard.html",
        unit=shown,
        way_down=way_down(session, viewer, shown),
        tables=found,
        has_lists=viewer.is_supervisor,
        report=report,
        sources=freshness_counts(report) if report else {},
        statuses=list(SourceStatus),
        least=request.app.state.settings.smallest_count_shown,
        wall=wall,
        at=now,
    )


@router.get("/dashboard/figures")
def figures(request: Request, found: TablesAskedFor) -> JSONResponse:
    """The figures of the tables, for the charts; what is not shown there is not sent."""
    return JSONResponse({table.id: _chart(request, table) for table in found})


def _chart(request: Request, table: Table) -> dict[str, Any]:
    language = language_of(request)
    word, say = word_for(language), say_for(language)
    lines = table.lines[:-1] if table.has_total else table.lines
    return {
        "labels": [say(line.label) for line in lines],
        "series": [
            {"name": word(column), "values": [line.figures[place].value for line in lines]}
            for place, column in enumerate(table.columns)
        ],
    }
