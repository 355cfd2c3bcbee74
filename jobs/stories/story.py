"""The whole story of one warning, by the id of the warning or of any claim in it."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from jobs.claims.household import from_text
from jobs.claims.placing import CITY, county_of
from jobs.errors import StoryError
from jobs.installation import Installation
from jobs.stories.claim_story import NO_LONGER, SAME, claim_story
from jobs.stories.layers_about import PEOPLE, show_layers_about, show_layers_whole
from jobs.stories.overtaken import GOES_ON_ELSEWHERE, HOLDS_NO_LONGER, goes_on_in, is_overtaken, overtaken_by
from schemas.messages import WITHHELD, DispositionKind, WithheldReason
from warehouse.engines import open_engine
from warehouse.tables import rows_where
from warning_models.loader import WarningModel, load_models

Row = Mapping[str, Any]


def story(installation: Installation, asked_id: str) -> dict[str, Any]:
    """What was claimed of a household and on what grounds, what became of the warning, and what the visit found.

    `overtaken` says what later deliveries of the date made of a warning that people were told already, `told_before`
    which such warnings this one took the place of. Never who it is. Raises StoryError where nothing has the id.
    """
    asked = _rows(installation, "ads.claim", claim_id=asked_id)
    if not asked:
        raise StoryError(
            f"No warning or claim has the id {asked_id!r}; 'shouwang warnings list' names them, whole nights at a time."
        )
    warning_id, night = asked[0]["warning_id"], asked[0]["business_date"]
    claims = _rows(installation, "ads.claim", warning_id=warning_id) if warning_id else asked
    claims.sort(key=lambda claim: (claim["claim_id"] != warning_id, claim["claim_id"]))
    warning = next(iter(_rows(installation, "ads.warning", warning_id=warning_id)), None) if warning_id else None
    return {
        "warning_id": warning_id,
        "business_date": night,
        "hardship": claims[0]["hardship"],
        "level": (warning or claims[0])["level"],
        "village_code": claims[0]["village_code"],
        "household": from_text(warning["household"]).model_dump() if warning else None,
        "overtaken": _overtaken(installation, warning) if warning else None,
        "claims": _claim_stories(installation, claims, night),
        "told_before": [
            {name: earlier[name] for name in ("warning_id", "level", "reason_zh", "reason_en")}
            | {"overtaken": _overtaken(installation, earlier)}
            | _what_became_of(installation, earlier["warning_id"])
            for earlier in overtaken_by(partial(_rows, installation), claims)
        ],
        **_what_became_of(installation, warning_id),
    }


def _overtaken(installation: Installation, warning: Row) -> dict[str, Any] | None:
    """In words, and in which warnings its claims stand now."""
    if not is_overtaken(warning):
        return None
    now = goes_on_in(partial(_rows, installation), warning)
    return (GOES_ON_ELSEWHERE if now else HOLDS_NO_LONGER).model_dump() | {"goes_on_in": now}


def _what_became_of(installation: Installation, warning_id: str | None) -> dict[str, Any]:
    if warning_id is None:
        return {"dispositions": [], "outcomes": []}
    return {
        "dispositions": list(_dispositions(installation, warning_id)),
        "outcomes": _outcomes(installation, warning_id),
    }


def _claim_stories(installation: Installation, claims: Sequence[Row], night: date) -> list[dict[str, Any]]:
    """The claims' stories from what is known of the people around, or where that does not do, of the whole city."""
    stories = _told_by(installation, claims, night, show_layers_about)
    if any(told["worked_out_again"] not in (SAME, NO_LONGER) for told in stories):
        stories = _told_by(installation, claims, night, show_layers_whole)
    return stories


def _told_by(
    installation: Installation, claims: Sequence[Row], night: date, show: Callable[..., None]
) -> list[dict[str, Any]]:
    of_night = _rows(installation, "ads.model_run", business_date=night)
    runs = {(run["model_id"], run["county_code"]): run for run in of_night}
    models: dict[str, WarningModel] = {model.id: model for model in load_models()}
    work = installation.settings.work_folder
    work.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="story-", dir=work) as folder,
        open_engine("duckdb", work_folder=Path(folder)) as engine,
    ):
        show(engine, installation, night, {claim["person_key"] for claim in claims})
        households = {claim["household_key"] for claim in claims} - {None}
        around = (
            f"select person_key, household_key from dwd_person where person_key in (select person_key from {PEOPLE})"
        )
        members = {row["person_key"] for row in engine.query(around).to_pylist() if row["household_key"] in households}
        return [
            claim_story(
                engine,
                installation,
                claim,
                runs.get((claim["model_id"], county_of(claim))) or runs[claim["model_id"], CITY],
                models.get(claim["model_id"]),
                members,
            )
            for claim in claims
        ]


def _dispositions(installation: Installation, warning_id: str) -> Iterator[dict[str, Any]]:
    """What became of the warning, night after night."""
    rows = _rows(installation, "ads.disposition", warning_id=warning_id)
    for row in sorted(rows, key=lambda row: row["business_date"]):
        is_withheld = row["kind"] == DispositionKind.WITHHELD
        words = WITHHELD[WithheldReason(row["reason"])].model_dump() if is_withheld else None
        yield {name: row[name] for name in row if name != "warning_id"} | {"reason_words": words}


def _outcomes(installation: Installation, warning_id: str) -> list[dict[str, Any]]:
    rows = _rows(installation, "ods.case_outcome", warning_id=warning_id)
    told = ("order_number", "outcome", "data_error_field", "delivered_on", "visited_on", "closed_on")
    return [{name: row[name] for name in told} for row in rows]


def _rows(installation: Installation, name: str, **equals: Any) -> list[dict[str, Any]]:
    if not installation.warehouse.exists(name):
        return []
    rows: list[dict[str, Any]] = installation.warehouse.rows(name, rows_where(**equals)).to_pylist()
    return rows
