"""The house rules of a model's examples: what they must show, and that they show what they say."""

from collections.abc import Callable, Iterator, Mapping

from warning_models.examples import Examples, Family, read_examples
from warning_models.loader import WarningModel

AIDED_ON = "aided_on"


def example_failures(model: WarningModel) -> Iterator[str]:
    """Every breach of these rules; `examples.yaml` must be there."""
    examples = read_examples(model)
    yield from _undeclared(examples)
    exempt = set(examples.does_not_apply)
    if AIDED_ON not in model.evidence:
        exempt.add("recent_aid")
    for kind in SHOWN.keys() - exempt - {kind for family in examples.families for kind in family.shows}:
        yield (
            f"no example shows {kind} ({_MEANINGS[kind]}); write a family and mark it `shows: [{kind}]`, or say under "
            "`does_not_apply` why there can be none"
        )
    for family in examples.families:
        for kind in family.shows:
            if kind in SHOWN and not SHOWN[kind](model, family):
                yield f"{family.name} says that it shows {kind}, but it does not: {_MEANINGS[kind]}"


def _undeclared(examples: Examples) -> Iterator[str]:
    named = {kind for family in examples.families for kind in family.shows} | set(examples.does_not_apply)
    if unknown := sorted(named - SHOWN.keys()):
        yield f"examples.yaml names {', '.join(unknown)}; what examples show is one of {', '.join(SHOWN)}"
    for kind, reason in examples.does_not_apply.items():
        if not str(reason or "").strip():
            yield f"examples.yaml says that {kind} does not apply; say why"
        if any(kind in family.shows for family in examples.families):
            yield f"examples.yaml says that {kind} does not apply, and shows it; remove one of the two"


def _fires(_model: WarningModel, family: Family) -> bool:
    return bool(family.expect)


def _leaves_somebody_out(_model: WarningModel, family: Family) -> bool:
    return bool(_people(family) - _found(family))


def _lacks_a_source(model: WarningModel, family: Family) -> bool:
    lacking = [table for table in model.inputs if not family.tables.get(table)]
    return bool(lacking) and _leaves_somebody_out(model, family)


def _was_helped(_model: WarningModel, family: Family) -> bool:
    return any(row.get(AIDED_ON) for row in family.expect)


def _spares_the_dead(_model: WarningModel, family: Family) -> bool:
    dead = {row["person_key"] for row in family.tables["dwd_person"] if row.get("status") == "deceased"}
    return bool(dead) and not dead & _found(family)


def _people(family: Family) -> set[str]:
    return {row["person_key"] for rows in family.tables.values() for row in rows if row.get("person_key")}


def _found(family: Family) -> set[str]:
    return {row["person_key"] for row in family.expect}


_MEANINGS: Mapping[str, str] = {
    "fires": "somebody is found",
    "just_under": "somebody a hair's breadth under a threshold is not found",
    "wrong_tier": "somebody whose identity is not the one, or not any more, is not found",
    "missing_source": "a table has no row of somebody, who is not found for that",
    "recent_aid": f"somebody is found who was helped for the same cause, and {AIDED_ON} says when",
    "person_dead": "somebody is deceased and is not found",
}
SHOWN: Mapping[str, Callable[[WarningModel, Family], bool]] = {
    "fires": _fires,
    "just_under": _leaves_somebody_out,
    "wrong_tier": _leaves_somebody_out,
    "missing_source": _lacks_a_source,
    "recent_aid": _was_helped,
    "person_dead": _spares_the_dead,
}
