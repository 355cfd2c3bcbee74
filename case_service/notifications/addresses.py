"""Loading where staff are reached on channels that do not go by their phone number."""

from pathlib import Path

from pydantic import Field, field_validator
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from case_service.directory.loading import DirectoryFileError, Line, lines_of
from case_service.tables import Staff, StaffAddress
from case_service.tables.notifications import ChannelName

BY_ADDRESS = frozenset({ChannelName.WECOM_APP, ChannelName.EMAIL})


class AddressLine(Line):
    """One address of one member of staff."""

    username: str = Field(min_length=1)
    channel: ChannelName
    address: str = Field(min_length=1, max_length=200, pattern=r"^\S+$")

    @field_validator("channel")
    @classmethod
    def goes_by_address(cls, value: ChannelName) -> ChannelName:
        """Bots reach a group, and text messages go to the phone number of the directory."""
        if value not in BY_ADDRESS:
            raise ValueError(f"only {' and '.join(sorted(BY_ADDRESS))} go by an address of their own")
        return value


def load_addresses(session: Session, path: Path) -> int:
    """Bring the addresses up to the file; says how many lines it held. All mistakes are told together."""
    lines = list(lines_of(path, AddressLine))
    known = dict(session.execute(select(Staff.username, Staff.id)).all())
    unknown = sorted({line.username for line in lines} - set(known))
    if unknown:
        raise DirectoryFileError(f"{path}: nobody is called {', '.join(unknown)}; load the directory first")
    rows = [{"staff_id": known[one.username], "channel": one.channel, "address": one.address} for one in lines]
    if rows:
        new = insert(StaffAddress)
        key = [StaffAddress.staff_id, StaffAddress.channel]
        session.execute(new.on_conflict_do_update(index_elements=key, set_={"address": new.excluded.address}), rows)
    return len(rows)
