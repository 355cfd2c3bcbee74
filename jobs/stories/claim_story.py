"""One claim with its grounds: the model as it ran, parameters, conditions, rows, and how far the data reached."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from jobs.installation import Installation
from jobs.stories.conditions import conditions_of
from jobs.stories.overtaken import is_overtaken
from jobs.stories.rows_behind import rows_behind
from schemas.loader import contracts
from warehouse.engines.engine import Engine, EngineError
from warning_models.loader import WarningModel
from warning_models.render import figures, from_json
from warning_models.sql_rules import tables_used

SAME = "the same"
NO_LONGER = "no longer: what landed later on the same date overtook it"

_TYPES: Mapping[str, Any] = {"int": int, "Decimal": Decimal, "date": date.fromisoformat, "str": str}

Row = Mapping[str, Any]


def claim_story(
    engine: Engine,
    installation: Installation,
    claim: Row,
    run: Row,
    model: WarningModel | None,
    members: Collection[str],
) -> dict[str, Any]:
    """The story of a row of ads.claim, given its row of ads.model_run and the model as it stands today.

    The engine must show the layers of the night about the people. `members` are all members of the household.
    """
    in_force = json.loads(run["parameters"])
    params = {"as_of": claim["business_date"]} | {
        name: _TYPES[item["type"]](item["value"]) for name, item in in_force.items()
    }
    keys = {"person_key": claim["person_key"], "household_key": claim["household_key"]}
    people = {claim["person_key"]} | (set(members) if "household_key" in run["sql"] else set())
    sources = json.loads(run["sources"])
    return {
        "claim_id": claim["claim_id"],
        "person_key": claim["person_key"],
        "level": claim["level"],
        "episode": claim["episode"],
        "reason": {"zh": claim["reason_zh"], "en": claim["reason_en"]},
        "model": _model(claim, run, model),
        "figures": _figures(claim, model),
        "parameters": [{"name": name, **item} for name, item in in_force.items()],
        "conditions": _conditions(engine, run["sql"], params, keys),
        "data_as_of": claim["data_as_of"],
        "sources": [
            {"extract_class": name, "title": contracts()[name].title if name in contracts() else name, "until": until}
            for name, until in sources.items()
        ],
        "rows": [
            asdict(row)
            for row in rows_behind(
                engine, installation, tables_used(run["sql"]), sources, people, with_replaced=is_overtaken(claim)
            )
        ],
        "worked_out_again": _worked_out_again(engine, run["sql"], params, claim),
    }


def _model(claim: Row, run: Row, model: WarningModel | None) -> dict[str, Any]:
    told = {"id": claim["model_id"], "version": claim["model_version"], "status": run["status"]}
    if model is None:
        return told
    return told | {
        "number": model.number,
        "title": model.title.model_dump(),
        "question": model.question,
        "owner": model.owner,
        "legal_basis": [asdict(basis) for basis in model.legal_basis],
        "version_today": model.version,
    }


def _figures(claim: Row, model: WarningModel | None) -> list[dict[str, Any]]:
    evidence = json.loads(claim["evidence"])
    if model is None or set(evidence) != set(model.evidence):
        return [{"label": {"zh": name, "en": name}, "value": value, "unit": None} for name, value in evidence.items()]
    return [figure.model_dump() for figure in figures(model, from_json(model, claim["evidence"]))]


def _conditions(
    engine: Engine, sql: str, params: Mapping[str, Any], keys: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    return [asdict(condition) for condition in conditions_of(engine, sql, params, keys)]


def _worked_out_again(engine: Engine, sql: str, params: Mapping[str, Any], claim: Row) -> str:
    """Whether the model as it ran, over what was known that night, says the same today."""
    try:
        rows = engine.query(f"select * from ({sql}) as claim", params).to_pylist()
    except EngineError as problem:
        return f"cannot be worked out again: {problem}"
    evidence = json.loads(claim["evidence"])
    for row in rows:
        if row["person_key"] == claim["person_key"] and _is_of_episode(claim["episode"], row["episode"]):
            now = json.loads(json.dumps({name: row.get(name) for name in evidence}, default=str))
            differing = sorted(name for name in evidence if now[name] != evidence[name])
            return f"other values today: {', '.join(differing)}" if differing else SAME
    return NO_LONGER if is_overtaken(claim) else "not found again: tables or contracts have changed since"


def _is_of_episode(claimed: str, episode: str) -> bool:
    """The episode itself, or one that its leading figure made another by doubling."""
    return claimed == episode or claimed.startswith(f"{episode}:x")
