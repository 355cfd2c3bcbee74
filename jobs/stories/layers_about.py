"""The layers as known on a date, of a few people and those around them: enough to work a claim out again.

Everything is computed from the row versions of these people, beside the stored tables; nothing is committed.
"""

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from jobs.installation import Installation
from jobs.layer_state import holds_state_of
from jobs.layer_tables import register_layers
from jobs.layer_views import class_about, named_people_sql
from jobs.lineage import LAYERS, NAMED_PERSON, layer_tables
from jobs.ods import OdsTables, create_class_views, ods_sql_name, register_ods
from jobs.people.knowledge import closed_over_links
from jobs.people.known import register_people
from jobs.people.links import KnownPeople
from schemas.loader import contracts
from warehouse.definitions import layer_sql
from warehouse.engines.engine import Engine, cast_columns

PEOPLE = "story_people"
_HOUSEHOLD_CLASSES = ("household_register", "register_event")
_FAMILY_CLASSES = ("dibao", "marginal_and_rigid", "relapse_monitoring")


def show_layers_about(engine: Engine, installation: Installation, as_of: date, person_keys: Iterable[str]) -> None:
    """Show the engine dwd and dws as known on the date, as far as they tell of the people's households and families.

    View `story_people` names everybody of whom the tables tell.
    """
    ods = OdsTables(installation)
    known = register_people(engine, installation, ods, as_of)
    _name_people(engine, ods, known, person_keys)
    for contract in contracts().values():
        name = f"{ods_sql_name(contract)}_of_{PEOPLE}"
        engine.keep(name, class_about(ods, contract, PEOPLE))
        create_class_views(engine, contract, as_of, (name, name if ods.is_contested(contract) else None), known)
    _show_layers(engine, as_of)


def show_layers_whole(engine: Engine, installation: Installation, as_of: date, person_keys: Iterable[str]) -> None:
    """The same of everybody, for what only the whole city tells; `story_people` still names those around the people.

    Where the stored layers hold the date, they are shown; else all is computed anew, which takes as long as a whole
    build.
    """
    ods = OdsTables(installation)
    known = register_people(engine, installation, ods, as_of)
    _name_people(engine, ods, known, person_keys)
    for contract in contracts().values():
        register_ods(engine, ods, contract, as_of, known)
    if holds_state_of(installation, as_of):
        register_layers(engine, installation, *LAYERS)
    else:
        _show_layers(engine, as_of)


def _show_layers(engine: Engine, as_of: date) -> None:
    engine.create_view(NAMED_PERSON, named_people_sql(list(contracts().values())))
    for table in layer_tables():
        sql = f"select {cast_columns(table.schema, quote='')} from ({layer_sql(table.name)}\n) as told"
        engine.keep(table.sql_name, sql, {"as_of": as_of})


def _name_people(engine: Engine, ods: OdsTables, known: KnownPeople, person_keys: Iterable[str]) -> None:
    for contract in contracts().values():
        ods.register_stored(engine, contract)
    engine.register_table("story_asked", pa.table({"person_key": pa.array(sorted(person_keys), pa.string())}))
    asked = closed_over_links("select person_key from story_asked", known)
    engine.keep(PEOPLE, f"select distinct person_key from ({closed_over_links(_around(asked), known)}) as people")


def _around(people: str) -> str:
    """SQL for the people, and whoever ever shared a registered household or a recognised family with them."""
    parts = [f"select person_key from ({people}) as asked"]
    for classes, key in ((_HOUSEHOLD_CLASSES, "household_key"), *(((name,), "family_no") for name in _FAMILY_CLASSES)):
        named = [f"select person_key, {key} from ods_{name}_stored where {key} is not null" for name in classes]
        stored = f"({' union all '.join(named)}) as named"
        theirs = f"select {key} from {stored} where person_key in (select person_key from ({people}) as asked)"
        parts.append(f"select person_key from {stored} where {key} in ({theirs})")
    return " union all ".join(parts)
