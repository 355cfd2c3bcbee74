"""How fresh the departments' data was, night by night, as the pipeline told it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from case_service.tables.base import Base


class FreshnessTold(Base):
    """One night's report; telling it again replaces it."""

    __tablename__ = "freshness_told"

    business_date: Mapped[date] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]
    report: Mapped[dict[str, Any]]
