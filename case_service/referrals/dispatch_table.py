"""The table of who handles what (分类派单), its changes, and who that is for a place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from case_service import action_log
from case_service.access import Viewer
from case_service.action_log import Action
from case_service.tables import DispatchRule, Unit
from case_service.tables.people import UnitLevel
from case_service.tables.referrals import HelpKind

DEPARTMENT_MARK = "-"


@dataclass(frozen=True, slots=True)
class RuleWanted:
    """What an administrator wants a rule to say."""

    lead: str
    others: list[str]
    working_days: int
    follow_up_days: int | None
    reason: str


def current_rules(session: Session) -> dict[HelpKind, DispatchRule]:
    """The rule in force for each kind of help."""
    rules = session.scalars(select(DispatchRule).where(DispatchRule.superseded_at.is_(None)))
    found = {rule.kind: rule for rule in rules}
    return {kind: found[kind] for kind in HelpKind}


def history(session: Session) -> Sequence[DispatchRule]:
    """Every version of every rule, the latest first."""
    rules = select(DispatchRule).options(joinedload(DispatchRule.changed_by))
    return session.scalars(rules.order_by(DispatchRule.changed_at.desc(), DispatchRule.id.desc())).all()


def change_rule(session: Session, kind: HelpKind, wanted: RuleWanted, viewer: Viewer, at: datetime) -> bool:
    """Put another rule in force; says whether it differs. Referrals under way keep the one they were opened by."""
    rule = session.scalars(
        select(DispatchRule)
        .where(DispatchRule.kind == kind, DispatchRule.superseded_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    names = ("lead", "others", "working_days", "follow_up_days")
    before = {name: getattr(rule, name) for name in names}
    after = {name: getattr(wanted, name) for name in names}
    if before == after:
        return False
    rule.superseded_at = at
    session.flush()
    session.add(DispatchRule(kind=kind, reason=wanted.reason, changed_at=at, changed_by_id=viewer.staff_id, **after))
    session.flush()
    details = {"before": before, "after": after}
    action_log.record(
        session, at, [Action(viewer.username, "dispatch_rule_changed", kind.value, wanted.reason, details)]
    )
    return True


def department_names(session: Session) -> dict[str, str]:
    """What the departments of the directory are called, without the place that they belong to, by key."""
    units = session.scalars(
        select(Unit).where(Unit.level == UnitLevel.DEPARTMENT).options(joinedload(Unit.parent)).order_by(Unit.code)
    )
    return {key_of(unit): unit.name.removeprefix(unit.parent.name if unit.parent else "") for unit in units}


def departments_along(session: Session, place: Unit) -> dict[str, Unit]:
    """For each department the unit that answers for `place`: the nearest going up."""
    above = place.path.strip("/").split("/")
    units = session.scalars(select(Unit).where(Unit.level == UnitLevel.DEPARTMENT, Unit.parent_code.in_(above)))
    return {key_of(unit): unit for unit in sorted(units, key=lambda unit: unit.path.count("/"))}


def key_of(unit: Unit) -> str:
    """Which department a department's unit is, whatever division it belongs to."""
    return unit.code.partition(DEPARTMENT_MARK)[2]
