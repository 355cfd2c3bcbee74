"""The page on which an administrator keeps the dispatch table."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from case_service.access import SignedIn
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm, field, is_whole_number
from case_service.referrals import dispatch_table
from case_service.referrals.dispatch_table import RuleWanted
from case_service.tables.people import Role
from case_service.tables.referrals import HelpKind
from case_service.web import page, see_other

router = APIRouter(include_in_schema=False)
LONGEST_REASON = 200
MOST_DAYS = 250


@router.get("/administration/dispatch")
def dispatch_page(request: Request, viewer: SignedIn, session: SessionDep) -> Response:
    """Which departments handle which help, in how many days, and every change of it."""
    return _page(request, viewer, session, None, {}, {})


@router.post("/administration/dispatch/{kind}")
def change_rule(
    request: Request, kind: HelpKind, viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Put another rule in force, with a reason, or say what to mend."""
    given = {name: field(form, name) for name in ("lead", "working_days", "follow_up_days", "reason")}
    others = sorted({one for one in form.getlist("other") if isinstance(one, str)} - {given["lead"]})
    found = _mistakes(given, others, set(dispatch_table.department_names(session)))
    if found:
        return _page(request, viewer, session, kind, given | {"others": others}, found)
    wanted = RuleWanted(
        lead=given["lead"],
        others=others,
        working_days=int(given["working_days"]),
        follow_up_days=int(given["follow_up_days"]) if given["follow_up_days"] else None,
        reason=given["reason"],
    )
    dispatch_table.change_rule(session, kind, wanted, viewer, now)
    session.commit()
    return see_other("/administration/dispatch")


def _mistakes(given: Mapping[str, str], others: list[str], departments: set[str]) -> dict[str, str]:
    found = {}
    if given["lead"] not in departments or not set(others) <= departments:
        found["lead"] = "dispatch.mistake.lead"
    if not is_whole_number(given["working_days"], MOST_DAYS, least=1):
        found["working_days"] = "dispatch.mistake.days"
    if given["follow_up_days"] and not is_whole_number(given["follow_up_days"], MOST_DAYS, least=1):
        found["follow_up_days"] = "dispatch.mistake.days"
    if not 0 < len(given["reason"]) <= LONGEST_REASON or "\0" in given["reason"]:
        found["reason"] = "dispatch.mistake.reason"
    return found


def _page(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    entered_kind: HelpKind | None,
    entered: Mapping[str, object],
    mistakes: Mapping[str, str],
) -> Response:
    return page(
        request,
        "pages/dispatch_table.html",
        status_code=422 if mistakes else 200,
        rules=dispatch_table.current_rules(session),
        history=dispatch_table.history(session),
        departments=dispatch_table.department_names(session),
        may_change=viewer.role is Role.SYSTEM_ADMINISTRATOR,
        entered_kind=entered_kind,
        entered=entered,
        mistakes=mistakes,
        most_days=MOST_DAYS,
    )
