"""The review list: whom rows without a usable number may be about, and what else about people waits for a person.

Candidates are proposed, never taken: only what a person accepts becomes a link, and that can be withdrawn.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from jobs.conform import ensure_conformed
from jobs.errors import DecisionError
from jobs.installation import Installation
from jobs.people.decisions import LINKED_ROWS, LinkDecision, Verdict, record, standing_decisions
from jobs.people.likeness import COLUMNS, SCHEMA, Likeness, likenesses
from jobs.people.residual_rows import ResidualRow, residual_rows
from jobs.warning_messages import REGISTER
from warehouse.definitions import definition
from warehouse.tables import EVERY_ROW

CANDIDATES = "quarantine.link_candidate"


@dataclass(frozen=True)
class Review:
    """How many rows were compared with how many people, and how many candidates are new to decide on."""

    rows: int
    people: int
    candidates: int


def review(installation: Installation, business_date: date) -> Review:
    """Compare the residual rows with everybody in the vault, and keep the candidates for people to decide on."""
    standing = standing_decisions(installation, business_date)
    accepted = {item.subject_key for item in standing if item.verdict == "accepted"}
    decided = {(item.subject_key, item.person_key) for item in standing}
    rows = {row.subject_key: row for row in residual_rows(installation, business_date)}
    people = _known_people(installation, business_date)
    compared = [row for key, row in rows.items() if key not in accepted]
    table = pa.Table.from_pylist([_features(row) for row in compared], schema=SCHEMA)
    found = [item for item in likenesses(table, people) if (item.subject_key, item.person_key) not in decided]
    _keep_rows(installation, (rows[key] for key in {item.subject_key for item in found}), accepted)
    _keep_candidates(installation, business_date, found, rows)
    return Review(len(compared), people.num_rows, len(found))


def candidates(installation: Installation) -> list[dict[str, Any]]:
    """The candidates that the last review found, the likeliest first."""
    if not installation.warehouse.exists(CANDIDATES):
        return []
    rows: list[dict[str, Any]] = installation.warehouse.rows(CANDIDATES).to_pylist()
    return sorted(rows, key=lambda row: (-row["score"], row["subject_key"], row["person_key"]))


def to_decide(installation: Installation, business_date: date) -> list[dict[str, Any]]:
    """What waits for a person: the candidates, then what the last night's layers found, without what was decided."""
    decided = {
        frozenset((item.subject_key, item.person_key)) for item in standing_decisions(installation, business_date)
    }
    found = _stored(installation, "dwd.person_review").to_pylist()
    rows = [{"kind": "row_of_unknown", **row} for row in candidates(installation)]
    rows += [{"subject_key": row["person_key"], "score": None, **row, "person_key": row["other_key"]} for row in found]
    names = ("kind", "subject_key", "person_key", "score", "reason_zh", "reason_en", "delivery_id")
    listed = [
        {name: row.get(name) for name in names} | {"line": row.get("line", row.get("source_line"))} for row in rows
    ]
    return [row for row in listed if frozenset((row["subject_key"], row["person_key"])) not in decided]


def decide(
    installation: Installation,
    pair: tuple[str, str],
    verdict: Verdict,
    reason: str,
    by: str,
    at: datetime,
    business_date: date,
) -> LinkDecision:
    """Record what a person decided on a subject and a person key, in force from the business date on.

    Raises DecisionError where the two are not on the review list.
    """
    subject_key, person_key = pair
    listed = [(row["subject_key"], row["person_key"]) for row in to_decide(installation, business_date)]
    known = standing_decisions(installation, business_date)
    listed += [(item.subject_key, item.person_key) for item in known]
    if pair not in listed and (person_key, subject_key) not in listed:
        raise DecisionError(
            f"{subject_key} and {person_key} are not on the review list; 'shouwang people list' shows what is."
        )
    return record(installation, LinkDecision(subject_key, person_key, verdict, reason.strip(), by, at, business_date))


def _known_people(installation: Installation, business_date: date) -> pa.Table:
    """Everybody's name and number from the vault, beside what the layers say of them; held in memory only."""
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        numbers = list(installation.vault.everybody("identity"))
        contacts = [
            block.select(["person_key", "psn_name"]) for block in installation.vault.everybody("contact", REGISTER)
        ]
        empty = pa.schema([("person_key", pa.string()), ("psn_name", pa.string())])
        connection.register(
            "number", _joined(numbers, pa.schema([*[empty.field(0)], ("identity_number", pa.string())]))
        )
        connection.register("name", _joined(contacts, empty))
        ensure_conformed(installation, business_date)
        connection.register("person", _stored(installation, "dwd.person"))
        connection.register("link", _stored(installation, "dwd.person_link"))
        return connection.execute(f"""
            with last_name as (
              select person_key, arg_max(psn_name, place) as psn_name
              from (select *, row_number() over () as place from name) group by person_key),
            following as (select former_key, any_value(person_key) as person_key from link
              where standing = 'followed' group by former_key),
            known as (
              select coalesce(following.person_key, number.person_key) as unique_id, identity_number, psn_name
              from number left join last_name using (person_key)
              left join following on following.former_key = number.person_key)
            select {", ".join(f"cast({name} as varchar) as {name}" for name in COLUMNS)}
            from (
              select unique_id, max(psn_name) as name, any_value(sex) as sex, any_value(born_on) as born_on,
                any_value(delivered_village_code) as village_code, max(identity_number) as number,
                null as head, null as tail
              from known join person on person.person_key = known.unique_id group by unique_id
            ) order by unique_id""").to_arrow_table().cast(SCHEMA)  # fmt: skip


def _stored(installation: Installation, name: str) -> pa.Table:
    """A layer table as it stands; empty before the first night."""
    warehouse = installation.warehouse
    return warehouse.rows(name) if warehouse.exists(name) else definition(name).schema.empty_table()


def _joined(blocks: list[pa.Table], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables([schema.empty_table(), *(block.select(schema.names).cast(schema) for block in blocks)])


def _features(row: ResidualRow) -> dict[str, str | None]:
    return {name: row.subject_key if name == "unique_id" else getattr(row, name) for name in COLUMNS}


def _keep_rows(installation: Installation, proposed: Iterable[ResidualRow], accepted: set[str]) -> None:
    """Keep what may become a row of the layers; rows that were accepted stay as they were."""
    table, warehouse = definition(LINKED_ROWS), installation.warehouse
    kept = warehouse.rows(LINKED_ROWS).to_pylist() if warehouse.exists(LINKED_ROWS) else []
    rows = [row for row in kept if row["subject_key"] in accepted]
    rows += [
        {
            "subject_key": row.subject_key,
            "extract_class": row.extract_class,
            "delivery_id": row.delivery_id,
            "source_line": row.line,
            "row_hash": row.subject_key,
            "period_end": row.period_end,
            "content": row.content,
        }
        for row in sorted(proposed, key=lambda row: row.subject_key)
    ]
    warehouse.replace_rows(table, pa.Table.from_pylist(rows, schema=table.schema), EVERY_ROW)


def _keep_candidates(
    installation: Installation, business_date: date, found: Iterable[Likeness], rows: dict[str, ResidualRow]
) -> None:
    table = definition(CANDIDATES)
    listed = [
        {
            "subject_key": item.subject_key,
            "person_key": item.person_key,
            "score": item.score,
            "reason_zh": item.reason_zh,
            "reason_en": item.reason_en,
            "delivery_id": rows[item.subject_key].delivery_id,
            "extract_class": rows[item.subject_key].extract_class,
            "file": rows[item.subject_key].file,
            "line": rows[item.subject_key].line,
            "business_date": business_date,
        }
        for item in found
    ]
    installation.warehouse.replace_rows(table, pa.Table.from_pylist(listed, schema=table.schema), EVERY_ROW)
