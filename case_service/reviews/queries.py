"""Taking findings in, listing them, and taking steps on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload

from case_service import action_log
from case_service.access import Viewer, in_subtree
from case_service.action_log import Action
from case_service.clock import local_date
from case_service.masking import masked_identity_number, masked_name
from case_service.reviews.states import STEPS, Step, StepRefusedError, may_take
from case_service.sealing import Seal
from case_service.tables import ReviewFinding, ReviewStep, Unit
from case_service.tables.reviews import Decision, ReviewStatus
from case_service.working_days import WorkingCalendar
from schemas.messages import ReviewFindingBatch, ReviewFindingMessage

HEARING_WORKING_DAYS = 5
APPEAL_DAYS = timedelta(days=60)
FINDINGS_PER_PAGE = 25
PIPELINE = "warning_pipeline"


@dataclass(frozen=True, slots=True)
class FindingShown:
    """A finding as a reviewer sees it."""

    finding: ReviewFinding
    message: ReviewFindingMessage
    name: str
    identity_number: str


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step that was taken, and what was written."""

    step: ReviewStep
    text: str


def take_in(session: Session, batch: ReviewFindingBatch, at: datetime, seal: Seal) -> list[str]:
    """Keep what is new of `batch`; what came before stays as it is. Returns the ids of all that is kept."""
    units = _units(session, batch.findings)
    rows = [_row(one, batch.business_date, units[one.village_code], at, seal) for one in batch.findings]
    if rows:
        kept = session.scalars(
            insert(ReviewFinding).on_conflict_do_nothing().returning(ReviewFinding.finding_id), rows
        ).all()
        action_log.record(session, at, [Action(PIPELINE, "review_finding_received", one) for one in sorted(kept)])
    return [one.finding_id for one in batch.findings]


def listed(
    session: Session, viewer: Viewer, status: ReviewStatus | None, page_number: int
) -> tuple[Sequence[ReviewFinding], int]:
    """One page of the findings in the viewer's scope, what waits longest first, and how many there are."""
    wanted: list[ColumnElement[bool]] = [in_subtree(viewer.unit_path)]
    if status is not None:
        wanted.append(ReviewFinding.status == status)
    findings = select(ReviewFinding).join(ReviewFinding.unit).where(*wanted)
    count = session.scalar(findings.with_only_columns(func.count())) or 0
    shown = findings.order_by(ReviewFinding.received_at, ReviewFinding.finding_id)
    shown = shown.limit(FINDINGS_PER_PAGE).offset((page_number - 1) * FINDINGS_PER_PAGE)
    return session.scalars(shown.options(joinedload(ReviewFinding.unit))).all(), count


def finding_of(session: Session, viewer: Viewer, finding_id: str) -> ReviewFinding | None:
    """The finding in the viewer's scope, with its steps."""
    wanted = select(ReviewFinding).join(ReviewFinding.unit).where(in_subtree(viewer.unit_path))
    return session.scalar(
        wanted.where(ReviewFinding.finding_id == finding_id).options(
            joinedload(ReviewFinding.unit), selectinload(ReviewFinding.steps).joinedload(ReviewStep.by)
        )
    )


def shown(finding: ReviewFinding, seal: Seal) -> FindingShown:
    """A finding, masked."""
    name = seal.open(finding.sealed_name, finding_place(finding.finding_id, "name"))
    number = seal.open(finding.sealed_identity_number, finding_place(finding.finding_id, "identity_number"))
    message = ReviewFindingMessage.model_validate(
        {**finding.content, "contact": {"name": masked_name(name), "identity_number": masked_identity_number(number)}}
    )
    return FindingShown(finding, message, masked_name(name), masked_identity_number(number))


def steps_shown(finding: ReviewFinding, seal: Seal) -> list[StepShown]:
    """The steps taken, in their order."""
    return [StepShown(step, seal.open(step.sealed_text, step_place(finding))) for step in finding.steps]


def steps_open(finding: ReviewFinding, viewer: Viewer, today: date) -> list[Step]:
    """The steps that the viewer may take now."""
    return [step for step in STEPS.values() if _refusal(finding, step, viewer, today) is None]


def take_step(
    session: Session,
    finding: ReviewFinding,
    name: str,
    text: str,
    decision: Decision | None,
    viewer: Viewer,
    at: datetime,
    seal: Seal,
    calendar: WorkingCalendar,
) -> None:
    """Take one step. Raises `StepRefusedError` with what keeps the viewer from it."""
    session.refresh(finding, ["status"], with_for_update=True)
    session.refresh(finding, ["steps"])
    step = STEPS[name]
    refusal = _refusal(finding, step, viewer, local_date(at))
    if refusal is not None:
        raise StepRefusedError(refusal)
    if step.decides != (decision is not None):
        raise StepRefusedError("review.refused.decision")
    finding.status = step.goes_to
    session.add(
        ReviewStep(
            finding_id=finding.finding_id,
            name=name,
            at=at,
            by_id=viewer.staff_id,
            last_day=_last_day(name, local_date(at), calendar),
            decision=decision,
            sealed_text=seal.close(text, step_place(finding)),
        )
    )
    session.flush()
    details = {"decision": decision.value} if decision else {}
    action_log.record(session, at, [Action(viewer.username, f"review_{name}", finding.finding_id, None, details)])


def _refusal(finding: ReviewFinding, step: Step, viewer: Viewer, today: date) -> str | None:
    took = {one.name for one in finding.steps if one.by_id == viewer.staff_id}
    days = [one.last_day for one in finding.steps if one.last_day and one.name.startswith(step.waits.value)]
    return may_take(step, finding.status, took, days[-1] if days else None, today)


def _last_day(name: str, today: date, calendar: WorkingCalendar) -> date | None:
    if name == "give_notice":
        return calendar.days_after(today, HEARING_WORKING_DAYS)
    return today + APPEAL_DAYS if name in ("decide", "decide_unheard") else None


def _row(one: ReviewFindingMessage, business_date: date, unit: Unit, at: datetime, seal: Seal) -> dict[str, object]:
    return {
        "finding_id": one.finding_id,
        "business_date": business_date,
        "model_id": one.model_id,
        "level": one.level,
        "person_key": one.person_key,
        "household_key": one.household_key,
        "unit_code": unit.code,
        "source_count": one.source_count,
        "content": one.model_dump(mode="json", exclude={"contact"}),
        "sealed_name": seal.close(one.contact.name, finding_place(one.finding_id, "name")),
        "sealed_identity_number": seal.close(
            one.contact.identity_number, finding_place(one.finding_id, "identity_number")
        ),
        "received_at": at,
        "status": ReviewStatus.RECEIVED,
    }


def _units(session: Session, findings: Sequence[ReviewFindingMessage]) -> dict[str | None, Unit]:
    """The unit of each finding's village, or the nearest above that is known."""
    places = {one.village_code: _upwards(one.village_code or "") for one in findings}
    codes = {code for above in places.values() for code in above}
    known = {unit.code: unit for unit in session.scalars(select(Unit).where(Unit.code.in_(codes)))}
    root = session.scalars(select(Unit).where(Unit.parent_code.is_(None)).order_by(Unit.code)).first()
    if root is None:
        raise LookupError("no units are loaded: the administrator must run python -m case_service load-directory")
    return {place: next((known[code] for code in above if code in known), root) for place, above in places.items()}


def _upwards(village_code: str) -> list[str]:
    return [village_code, *(village_code[:digits].ljust(12, "0") for digits in (9, 6, 4))]


def finding_place(finding_id: str, what: str) -> str:
    """Where it belongs what a finding says of who it is about."""
    return f"{finding_id}/{what}"


def step_place(finding: ReviewFinding) -> str:
    """Where the words of a step belong."""
    return f"{finding.finding_id}/step"
