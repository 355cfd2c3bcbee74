"""What becomes of a warning. Nothing is dropped: it opens, joins, or is withheld until a named day."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from case_service import action_log
from case_service.action_log import Action
from case_service.household_locks import lock_grids, lock_households
from case_service.inbox import queries
from case_service.inbox.withholding import RecentCase, Standing, Withholding, withholding
from case_service.orders.cards import URGENCY
from case_service.orders.people import seal_into
from case_service.orders.states import Actor, move
from case_service.sealing import Seal
from case_service.tables import Case, Contact, ReceivedWarning, Unit, WorkOrder
from case_service.tables.casework import CaseStatus, Matter, OrderKind, Origin
from case_service.visits.form_definition import CURRENT_HOME_VISIT_FORM
from schemas.messages import Contact as SentContact
from schemas.messages import Disposition, DispositionKind, WarningBatch, WarningMessage

INTAKE = "warning_pipeline"


def take_in(session: Session, batch: WarningBatch, at: datetime, seal: Seal, visits_per_week: int) -> list[Disposition]:
    """Dispose of every warning of `batch` in its order, in this transaction.

    A warning that came before gets its first answer again, unless it was withheld and its
    day has come: then it is judged anew. No worker is given more than so many visits a week, but for what is red.
    """
    lock_households(session, {warning.household_key for warning in batch.warnings})
    lock_grids(session, {warning.grid_code for warning in batch.warnings if warning.grid_code})
    desk = Desk.lay_out(session, batch, at, seal, visits_per_week)
    with session.no_autoflush:  # one flush for all, not one for every number drawn
        dispositions = [desk.dispose(warning) for warning in batch.warnings]
    session.flush()
    action_log.record(session, at, desk.actions)
    return dispositions


@dataclass
class Desk:
    """Everything that is known about the households of one batch, brought up to date as it is worked through."""

    session: Session
    at: datetime
    business_date: date
    seal: Seal
    received: dict[str, ReceivedWarning]
    open_orders: dict[str, WorkOrder]
    open_cases: dict[str, Case]
    recent_cases: dict[str, list[RecentCase]]
    units: dict[str, Unit]
    root: Unit
    workers: dict[str, int]
    room: dict[int, int]
    numbers: queries.Numbers
    actions: list[Action]

    @classmethod
    def lay_out(cls, session: Session, batch: WarningBatch, at: datetime, seal: Seal, visits_per_week: int) -> "Desk":
        """Fetch it all; the households are locked by now."""
        households = {warning.household_key for warning in batch.warnings}
        grids = {warning.grid_code for warning in batch.warnings if warning.grid_code}
        codes = grids | {code for warning in batch.warnings for code in _places_upwards(warning.village_code)}
        longest_quiet = max(warning.quiet_days for warning in batch.warnings) if batch.warnings else 0
        workers = queries.worker_of_each_grid(session, grids)
        open_orders = queries.open_orders(session, households)
        given = queries.opened_in_week(session, set(workers.values()), batch.business_date)
        return cls(
            session=session,
            at=at,
            business_date=batch.business_date,
            seal=seal,
            received=queries.received_before(session, batch.warnings),
            open_orders=open_orders,
            open_cases=queries.open_cases(session, households),
            recent_cases=queries.recent_cases(session, households, batch.business_date, longest_quiet),
            units=queries.units_by_code(session, codes),
            root=queries.root_unit(session),
            workers=workers,
            room={worker_id: visits_per_week - given[worker_id] for worker_id in workers.values()},
            numbers=queries.Numbers(session, at, len(households - open_orders.keys())),
            actions=[],
        )

    def dispose(self, warning: WarningMessage) -> Disposition:
        """The answer for one warning."""
        before = self.received.get(warning.warning_id)
        if before is not None and not self._has_waited_long_enough(before):
            return answer(before)
        row = before or self._new_row(warning)
        row.disposed_on, row.unit_code = self.business_date, self._unit_for(warning).code
        order = self.open_orders.get(warning.household_key)
        ground = None if order else self._ground_to_withhold(warning)
        if ground is not None:
            self._withhold(row, ground)
        elif order is not None:
            self._attach(row, order, warning, DispositionKind.JOINED)
        else:
            self._attach(row, self._open(warning), warning, DispositionKind.OPENED)
        self._note(row)
        return answer(row)

    def _has_waited_long_enough(self, row: ReceivedWarning) -> bool:
        return row.expires_on is not None and self.business_date >= row.expires_on

    def _ground_to_withhold(self, warning: WarningMessage) -> Withholding | None:
        worker_id = self.workers.get(warning.grid_code or "")
        case = self.open_cases.get(warning.household_key)
        standing = Standing(
            recent_cases=self.recent_cases.get(warning.household_key, []),
            is_applying=case is not None and case.origin is Origin.APPLICATION,
            room=self.room[worker_id] if worker_id is not None else None,
        )
        return withholding(warning, standing, self.business_date)

    def _new_row(self, warning: WarningMessage) -> ReceivedWarning:
        row = ReceivedWarning(
            warning_id=warning.warning_id,
            business_date=self.business_date,
            model_id=warning.model_id,
            level=warning.level,
            person_key=warning.person_key,
            household_key=warning.household_key,
            claim=warning.model_dump(mode="json", exclude={"contact", "other_contacts"}),
            received_at=self.at,
        )
        self.received[warning.warning_id] = row
        return row

    def _withhold(self, row: ReceivedWarning, ground: Withholding) -> None:
        row.disposition = DispositionKind.WITHHELD
        row.withheld_reason, row.expires_on = ground.reason, ground.expires_on
        self.session.add(row)

    def _attach(self, row: ReceivedWarning, order: WorkOrder, warning: WarningMessage, kind: DispositionKind) -> None:
        row.disposition, row.order = kind, order
        row.withheld_reason, row.expires_on = None, None
        order.level = min(order.level, warning.level, key=URGENCY.__getitem__)
        for person_key, sent in {warning.person_key: warning.contact, **warning.other_contacts}.items():
            self._keep_contact(order.case, person_key, sent)
        self.session.add(row)

    def _open(self, warning: WarningMessage) -> WorkOrder:
        unit = self._unit_for(warning)
        case = self.open_cases.get(warning.household_key) or Case(
            number=self.numbers.next_case(),
            household_key=warning.household_key,
            matter=Matter.HARDSHIP,
            origin=Origin.WARNING,
            unit_code=unit.code,
            status=CaseStatus.OPEN,
            opened_at=self.at,
        )
        order = WorkOrder(
            number=self.numbers.next_order(),
            case=case,
            kind=OrderKind.HOME_VISIT,
            unit_code=unit.code,
            form_version=CURRENT_HOME_VISIT_FORM,
            level=warning.level,
        )
        self._hand_over(order, self.workers.get(unit.code))
        self.open_orders[warning.household_key] = order
        self.open_cases[warning.household_key] = case
        return order

    def _hand_over(self, order: WorkOrder, worker_id: int | None) -> None:
        if worker_id is None:
            move(order, "queue", Actor.INTAKE, opened_at=self.at)
        else:
            move(order, "deliver", Actor.INTAKE, opened_at=self.at, delivered_at=self.at, assignee_id=worker_id)
            self.room[worker_id] -= 1

    def _unit_for(self, warning: WarningMessage) -> Unit:
        """The grid if it has a worker; else the village's queue, or the nearest unit above that exists."""
        if warning.grid_code in self.units and warning.grid_code in self.workers:
            return self.units[warning.grid_code]
        known = (self.units[code] for code in _places_upwards(warning.village_code) if code in self.units)
        return next(known, self.root)

    def _keep_contact(self, case: Case, person_key: str, sent: SentContact) -> None:
        contact = next((one for one in case.contacts if one.person_key == person_key), None)
        kept = contact or Contact(person_key=person_key)
        seal_into(kept, case, sent, self.seal)
        if contact is None:
            case.contacts.append(kept)

    def _note(self, row: ReceivedWarning) -> None:
        subject = row.order.number if row.order else row.warning_id
        details = {"warning_id": row.warning_id, "model_id": row.model_id}
        self.actions.append(Action(INTAKE, f"warning_{row.disposition}", subject, row.withheld_reason, details))


def answer(row: ReceivedWarning) -> Disposition:
    """What the pipeline is told, the first time and every time after."""
    return Disposition(
        warning_id=row.warning_id,
        kind=row.disposition,
        order_number=row.order.number if row.order else None,
        case_number=row.order.case.number if row.order else None,
        reason=row.withheld_reason,
        expires_on=row.expires_on,
    )


def _places_upwards(village_code: str) -> list[str]:
    """The village, its town, its county and its city, by the digits of the code."""
    return [village_code, *(village_code[:digits].ljust(12, "0") for digits in (9, 6, 4))]
