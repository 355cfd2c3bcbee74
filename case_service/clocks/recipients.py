"""Whom a step tells: the holder of an order, or whoever leads the work on the way up from its unit."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service.clocks.plan import Told
from case_service.tables import Staff, WorkOrder
from case_service.tables.people import SUPERVISORS, Role

UPWARDS = (Told.COMMUNITY, Told.TOWN, Told.COUNTY, Told.CITY)


@dataclass(frozen=True, slots=True)
class Recipients:
    """The active supervisors by role and unit."""

    by_role_and_unit: dict[tuple[Role, str], list[int]]

    @classmethod
    def known(cls, session: Session) -> "Recipients":
        """As the directory has them now."""
        found: dict[tuple[Role, str], list[int]] = defaultdict(list)
        rows = session.execute(
            select(Staff.id, Staff.role, Staff.unit_code)
            .where(Staff.is_active, Staff.role.in_(SUPERVISORS))
            .order_by(Staff.id)
        )
        for staff_id, role, unit_code in rows:
            if role is not None:
                found[role, unit_code].append(staff_id)
        return cls(dict(found))

    def of(self, order: WorkOrder, told: Told) -> list[int]:
        """The people to tell. Where a level has nobody, or the holder has left, the next level up is told."""
        if told is Told.ASSIGNEE:
            if order.assignee is not None and order.assignee.is_active:
                return [order.assignee.id]
            told = Told.COMMUNITY
        units = order.unit.path.strip("/").split("/")
        for level in UPWARDS[UPWARDS.index(told) :]:
            found = [one for unit in units for one in self.by_role_and_unit.get((Role(level.value), unit), [])]
            if found:
                return found
        return []
