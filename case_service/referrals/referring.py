"""Asking departments for help for a case (转办): one order for each, by the rule of that kind of help."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service.access import Viewer
from case_service.action_log import Action
from case_service.inbox.queries import next_order_number
from case_service.orders.cards import claims_behind
from case_service.orders.states import Actor, move
from case_service.referrals.dispatch_table import current_rules, departments_along
from case_service.row_security import looking_as_system
from case_service.sealing import Seal
from case_service.tables import Case, Handling, Referral, Unit, WorkOrder
from case_service.tables.casework import OrderKind
from case_service.tables.people import UnitLevel
from case_service.tables.referrals import HandlingResult, HelpKind

HANDLING_FORM = "department_handling/1"
NO_SUCH_DEPARTMENT = "名录里没有这个部门，请督办人员改派或直接办结 / the directory does not have this department"


def refer(
    session: Session,
    case: Case,
    kinds: Sequence[HelpKind],
    note: str,
    source: WorkOrder,
    viewer: Viewer,
    at: datetime,
    seal: Seal,
) -> list[Action]:
    """Open a referral for each kind of help, on what the order `source` rests on; returns what is to be recorded.

    The household is locked by then.

    A department that the directory does not know leaves its order with the supervisors, as if it had returned it.
    """
    with looking_as_system(session):  # the orders go where the referrer does not look
        place = session.get_one(Unit, case.unit_code)
        units, rules = departments_along(session, place), current_rules(session)
        county = county_of(session, place)
        basis = claims_behind(source)[0].model_dump(mode="json")
        opened = []
        for kind in kinds:
            referral = Referral(
                case=case, kind=kind, rule=rules[kind], opened_at=at, opened_by_id=viewer.staff_id,
                sealed_note=seal.close(note, note_place(case)),
            )  # fmt: skip
            session.add(referral)
            for department in rules[kind].departments:
                order = order_for(session, referral, department == rules[kind].lead, source, basis, at)
                hand_to(session, order, units.get(department), county, viewer, at, seal)
            opened.append(referral)
        session.flush()
        return [_opened(viewer, case, one) for one in opened]


def order_for(
    session: Session, referral: Referral, is_lead: bool, source: WorkOrder, basis: dict[str, object], at: datetime
) -> WorkOrder:
    """A department's order, not handed to anybody yet."""
    return WorkOrder(
        number=next_order_number(session, at),
        case=referral.case,
        referral=referral,
        kind=OrderKind.DEPARTMENT_HANDLING,
        form_version=HANDLING_FORM,
        level=source.level,
        working_days=referral.rule.working_days,
        is_lead=is_lead,
        basis=basis,
    )


def hand_to(
    session: Session, order: WorkOrder, unit: Unit | None, county: Unit, viewer: Viewer, at: datetime, seal: Seal
) -> None:
    """Deliver `order` to a department, or leave it with the supervisors of the county where there is none."""
    if unit is not None:
        order.unit_code = unit.code
        move(order, "refer", Actor.DISPATCH, opened_at=at, delivered_at=at)
        session.add(order)
        return
    order.unit_code = county.code
    move(order, "refer_in_vain", Actor.DISPATCH, opened_at=at, delivered_at=at)
    session.add_all([order, ended(order, HandlingResult.RETURNED, NO_SUCH_DEPARTMENT, viewer, at, seal)])


def ended(order: WorkOrder, result: HandlingResult, text: str, viewer: Viewer, at: datetime, seal: Seal) -> Handling:
    """How `order` ended, to be written."""
    return Handling(
        order=order,
        result=result,
        recorded_at=at,
        recorded_by_id=viewer.staff_id,
        sealed_text=seal.close(text, handling_place(order)),
    )


def note_of(referral: Referral, seal: Seal) -> str:
    """What whoever referred the case wrote for the departments."""
    return seal.open(referral.sealed_note, note_place(referral.case))


def handling_place(order: WorkOrder) -> str:
    """Where the words of a department belong to."""
    return f"{order.number}/handling"


def _opened(viewer: Viewer, case: Case, referral: Referral) -> Action:
    details = {"kind": referral.kind.value, "orders": [order.number for order in referral.orders]}
    return Action(viewer.username, "referral_opened", case.number, None, details)


def county_of(session: Session, place: Unit) -> Unit:
    """The county that `place` lies in, or `place` itself where it lies in none."""
    codes = place.path.strip("/").split("/")
    county = select(Unit).where(Unit.code.in_(codes), Unit.level == UnitLevel.COUNTY)
    return session.scalars(county).first() or place


def note_place(case: Case) -> str:
    """Where the note to departments belongs."""
    return f"{case.number}/referral"
