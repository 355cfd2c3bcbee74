"""Shows an engine what is known on a date of people's keys and of divisions."""

from datetime import date

from jobs.installation import Installation
from jobs.ods import OdsTables, register_ods
from jobs.people.decisions import decided_on
from jobs.people.links import LINK_SOURCES, KnownPeople, known_people
from jobs.people.places import register_divisions
from schemas.loader import contracts
from warehouse.engines.engine import Engine


def register_people(engine: Engine, installation: Installation, ods: OdsTables, as_of: date) -> KnownPeople:
    """Show the links between keys, the rows that people linked, and the divisions, as known on the date."""
    for extract_class in LINK_SOURCES:
        register_ods(engine, ods, contracts()[extract_class], as_of)
    register_divisions(engine, as_of)
    people = known_people(engine, decided_on(installation, as_of))
    ods.add_linked_rows(people.linked_rows)
    return people
