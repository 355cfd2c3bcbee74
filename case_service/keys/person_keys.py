"""Making the person, household and row keys that the pipeline gave the next ones, all or none."""

from sqlalchemy import Connection, Engine, text

from case_service.keys.sealed_columns import CONTACT
from case_service.orders.people import contact_place
from case_service.sealing import Seal
from case_service.tables import ActionLogEntry, Base
from schemas.person_keys import KEY_IN_TEXT, NextKeys

# What PostgreSQL's regular expressions find is looked at again.
_MAY_HOLD_KEY = "[hpr][0-9]+_[0-9a-f]{24}"
_COLUMNS = text(
    "select table_name, column_name, data_type from information_schema.columns "
    "where table_schema = 'public' and data_type in ('text', 'character varying', 'jsonb', 'json') order by 1, 2"
)


def rotate_person_keys(engine: Engine, seal: Seal, keys: NextKeys) -> dict[str, int]:
    """Make every key anew, wherever one stands, in one transaction; gives how many rows by column.

    The record of actions, which nobody changes, holds no such key.
    """
    with engine.begin() as connection:
        tables = ", ".join(f'"{name}"' for name in Base.metadata.tables)
        # What comes in meanwhile waits: it may bear keys of the version before.
        connection.execute(text(f"lock table {tables} in share row exclusive mode"))
        _move_contacts(connection, seal, keys)
        changed = {}
        for table, column, kind in connection.execute(_COLUMNS).all():
            if table in Base.metadata.tables and table != ActionLogEntry.__tablename__:
                count = _change(connection, keys, table, column, kind)
                if count:
                    changed[f"{table}.{column}"] = count
    return changed


def _change(connection: Connection, keys: NextKeys, table: str, column: str, kind: str) -> int:
    found = connection.execute(
        text(f'select distinct "{column}"::text from "{table}" where "{column}"::text ~ :may'), {"may": _MAY_HOLD_KEY}
    ).scalars()
    changes = [
        {"before": value, "after": after}
        for value in found.all()
        if KEY_IN_TEXT.search(value) and (after := keys.of(value)) != value
    ]
    if not changes:
        return 0
    connection.execute(text("create temporary table key_change (before text, after text) on commit drop"))
    connection.execute(text("insert into key_change values (:before, :after)"), changes)
    done = connection.execute(
        text(
            f'update "{table}" set "{column}" = key_change.after::{kind} from key_change '
            f'where "{table}"."{column}"::text = key_change.before'
        )
    )
    connection.execute(text("drop table key_change"))
    return int(done.rowcount)


def _move_contacts(connection: Connection, seal: Seal, keys: NextKeys) -> None:
    """Seal what is known of people for the place that their new key names."""
    rows = connection.execute(
        text(
            f"select contact.id, person_key, number, {', '.join(CONTACT)} "
            "from contact join household_case on household_case.id = contact.case_id"
        )
    ).mappings()
    for row in rows.all():
        before = contact_place(row["number"], row["person_key"])
        after = contact_place(row["number"], keys.of(row["person_key"]))
        anew = {
            column: seal.sealed_anew(row[column], before + what, after + what)
            for column in CONTACT
            if row[column] is not None and before != after
            for what in (column.removeprefix("sealed_"),)
        }
        if anew:
            assigned = ", ".join(f"{column} = :{column}" for column in anew)
            connection.execute(text(f"update contact set {assigned} where id = :id"), {**anew, "id": row["id"]})
