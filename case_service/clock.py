"""The only place in the case service that asks what time it is."""

from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


async def moment_of_request() -> datetime:
    """As `now`, for a route. Tests override it as a FastAPI dependency."""
    return now()


def local_date(moment: datetime) -> date:
    """The date people see on the wall when `moment` happens."""
    return moment.astimezone(SHANGHAI).date()


Now = Annotated[datetime, Depends(moment_of_request)]
