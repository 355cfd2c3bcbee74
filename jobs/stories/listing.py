"""Warnings with where they stand."""

from datetime import date
from typing import Any

from jobs.claims.household import from_text
from jobs.dispositions import standing_dispositions
from jobs.installation import Installation
from jobs.stories.overtaken import is_overtaken
from warehouse.tables import rows_until

WAITING = "waiting"


def warnings_listed(installation: Installation, until: date, night: date | None = None) -> list[dict[str, Any]]:
    """The warnings found on a night, or up to a date, newest first; `fate` is that of the date, waiting where none."""
    if not installation.warehouse.exists("ads.warning"):
        return []
    fates = {row["warning_id"]: row for row in standing_dispositions(installation, until)}
    rows = installation.warehouse.rows("ads.warning", rows_until("business_date", night or until)).to_pylist()
    listed = [_line(row, fates.get(row["warning_id"], {})) for row in rows if night in (None, row["business_date"])]
    return sorted(listed, key=lambda line: (-line["business_date"].toordinal(), line["warning_id"]))


def _line(row: dict[str, Any], fate: dict[str, Any]) -> dict[str, Any]:
    return {
        "warning_id": row["warning_id"],
        "business_date": row["business_date"],
        "model": row["model_id"],
        "hardship": row["hardship"],
        "level": row["level"],
        "claims": len(from_text(row["household"]).claim_ids),
        "fate": fate.get("kind", WAITING),
        "reason": fate.get("reason"),
        "until": fate.get("expires_on"),
        "order": fate.get("order_number"),
        "overtaken": is_overtaken(row),
    }
