"""The house rules over the whole set of models. All failures come back together, each with its cure."""

import string
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from warning_models.example_rules import AIDED_ON, example_failures
from warning_models.loader import FIXED_COLUMNS, Parameter, WarningModel
from warning_models.lock import Entry, lock_failures
from warning_models.sql_rules import (
    casts_given,
    columns_given,
    leaves_out_the_dead,
    levels_given,
    parameters_used,
    sql_failures,
    tables_used,
)

# The causes that dwd_aid tells apart, and the labels of dwd_person_label that help stands behind.
CAUSES = frozenset({"illness", "accident", "education", "unemployment", "other"})
HELP_LABELS = frozenset({"tekun", "dibao", "marginal", "rigid_expenditure", "orphan", "child_without_care"})
RECENT_AID = "recent_aid_days"
EXAMPLES = "examples.yaml"


def failures(
    models: Sequence[WarningModel], lock: Mapping[str, Entry], on: date, classes: set[str] | None = None
) -> list[str]:
    """Every breach of a house rule, as `<model>: <what and how to mend it>`; empty when all is well.

    `on` decides whether a review is due. `classes` are the extract classes that have a contract.
    """
    found = [*lock_failures(models, lock), *_repeated(models), *_disagreeing_limits(models)]
    for model in models:
        own = [*_unexplained(model, on), *_parameter_failures(model), *_text_failures(model)]
        own += [*_evidence_failures(model), *_sql_failures(model), *_unknown_sources(model, classes)]
        own += _kind_failures(model)
        if model.runs_at_night and (model.folder / EXAMPLES).is_file():
            own += example_failures(model)
        found += [f"{model.id}: {failure}" for failure in own]
    return found


def _repeated(models: Sequence[WarningModel]) -> Iterator[str]:
    for what, values in (("id", [m.id for m in models]), ("number", [m.number for m in models])):
        for value, count in Counter(values).items():
            if count > 1:
                yield f"{value}: {what} used by {count} models; ids and numbers are never reused"


def _disagreeing_limits(models: Sequence[WarningModel]) -> Iterator[str]:
    """A limit in yuan of the same name is the same in every model, so that it cannot drift apart."""
    first: dict[str, tuple[str, Parameter]] = {}
    for model in models:
        for name, parameter in model.parameters.items():
            if parameter.unit != "yuan":
                continue
            owner, known = first.setdefault(name, (model.id, parameter))
            if (known.values, known.counties) != (parameter.values, parameter.counties):
                yield f"{model.id}: parameter {name} differs from the one in {owner}; make them agree or rename one"


def _unexplained(model: WarningModel, on: date) -> Iterator[str]:
    if model.folder.name != model.id:
        yield f"its folder is called {model.folder.name}; call it {model.id}"
    for entry in ("question", "owner", "legal_basis", "sources", "evidence", "leads_to", "check_at_door"):
        if not getattr(model, entry):
            yield f"{entry} is empty; fill it in"
    for entry in ("known_limits", "not_used"):
        if not getattr(model, entry):
            yield f"{entry} is empty; say what the model does not see and does not use"
    if model.review_by < on and model.status != "retired":
        yield f"review was due by {model.review_by}; review it and set a new date"
    for name in ("guide.md", EXAMPLES):
        file = model.folder / name
        if not file.is_file() or not file.read_text("utf-8").strip():
            yield f"{name} is missing; write it"


def _parameter_failures(model: WarningModel) -> Iterator[str]:
    for name, parameter in model.parameters.items():
        dated = [parameter.values, *parameter.counties.values()]
        if not all(dated):
            yield f"parameter {name} has no dated value; add `values: {{<from day>: {{value, reference}}}}`"
        for value in (value for values in dated for value in values.values()):
            if not value.reference.strip():
                yield f"parameter {name} has a value without reference; say where it is written"
            if parameter.unit == "yuan" and not isinstance(value.value, int):
                yield f"parameter {name} is {value.value!r}; limits in yuan are whole yuan, as episodes name them"
        if not parameter.description.strip():
            yield f"parameter {name} has no description; say what it decides"


def _evidence_failures(model: WarningModel) -> Iterator[str]:
    amounts = {name for name, item in model.evidence.items() if item.type == "decimal(16,2)"}
    days = {name for name, item in model.evidence.items() if item.type == "date"}
    for entry, known, what in (("leading_figure", amounts, "amount"), ("happened_on", days, "date")):
        named = getattr(model, entry)
        if named is not None and named not in known:
            yield f"{entry} is {named}; name one {what} among the evidence: {', '.join(sorted(known)) or 'none'}"
    for name, item in model.evidence.items():
        if item.adds_up and name not in amounts:
            yield f"evidence {name} adds up, but is {item.type}; only amounts do"


def _text_failures(model: WarningModel) -> Iterator[str]:
    for kind, text in model.reason.items():
        for language in (text.zh, text.en):
            unknown = {name for _, name, _, _ in string.Formatter().parse(language) if name} - model.evidence.keys()
            if unknown:
                yield f"reason {kind or 'text'} names {', '.join(sorted(unknown))}; only evidence can be named"
    for name in model.value_labels.keys() - model.evidence.keys():
        yield f"value_labels has {name}, which is no evidence; remove it"


def _sql_failures(model: WarningModel) -> Iterator[str]:
    found = sql_failures(model.sql)
    yield from (f"model.sql: {failure}" for failure in found)
    if any(failure.startswith(("does not parse", "write one select")) for failure in found):
        return
    yield from _differences("inputs", set(model.inputs), "tables used", tables_used(model.sql))
    yield from _differences("parameters", set(model.parameters), "markers used", parameters_used(model.sql) - {"as_of"})
    yield from _differences("levels", set(model.levels), "levels given", levels_given(model.sql))
    if model.kind == "help" and not leaves_out_the_dead(model.sql):
        yield "model.sql: write status <> 'deceased' of dwd_person; nobody visits the dead"
    if "dwd_person" not in model.inputs:
        yield "inputs lack dwd_person; draw the subjects from it"
    expected = [*FIXED_COLUMNS, *model.evidence]
    if columns_given(model.sql) != expected:
        yield f"model.sql gives {columns_given(model.sql)}; give {expected}"
    casts = casts_given(model.sql)
    for name, item in model.evidence.items():
        if casts.get(name) != ("int" if item.type == "integer" else item.type):
            yield f"model.sql: write cast(… as {item.type}) as {name} in the last select"


def _kind_failures(model: WarningModel) -> Iterator[str]:
    """Help shows what was given already; a review says on how many sources it rests."""
    if model.kind == "review" and "source_count" not in model.evidence:
        yield "a review needs two sources: give the evidence source_count, and count them"
    if unknown := sorted(set(model.same_cause) - CAUSES - HELP_LABELS):
        yield f"same_cause has {', '.join(unknown)}; name causes of dwd_aid or labels: {sorted(CAUSES | HELP_LABELS)}"
    shows_aid = RECENT_AID in model.parameters and AIDED_ON in model.evidence
    if set(model.same_cause) & CAUSES and not shows_aid:
        yield f"same_cause names aid; give the parameter {RECENT_AID} and the evidence {AIDED_ON}"


def _differences(said: str, declared: set[str], done: str, used: set[str]) -> Iterator[str]:
    if extra := sorted(used - declared):
        yield f"{done} but not in {said}: {', '.join(extra)}; declare them"
    if unused := sorted(declared - used):
        yield f"in {said} but not {done}: {', '.join(unused)}; remove them"


def _unknown_sources(model: WarningModel, classes: set[str] | None) -> Iterator[str]:
    unknown = sorted(set(model.sources) - classes) if classes is not None else []
    if unknown:
        yield f"sources without a contract: {', '.join(unknown)}; name extract classes of schemas/contracts"
