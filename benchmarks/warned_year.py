"""Who would have been warned of in the year before a city's first night, month by month."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from benchmarks.facts_as_layers import FactsAsLayers
from demo_city.period import CityPlan
from warehouse.engines.duckdb import DuckDBEngine
from warning_models.loader import HelpModel, load_models

PLAIN_RULES = Path(__file__).parent / "plain_rules"
MONTHS = 12
QUIET_DAYS = 90


@dataclass(frozen=True)
class Rule:
    """One model's select, or what it was when it was first published."""

    id: str
    hardship: str
    sql: str
    parameters_on: Callable[[date], Mapping[str, Any]]
    leading_figure: str | None = None


HARDSHIP_OF = {
    "medical_cost_over_limit": "medical",
    "disability_newly_certified": "disability",
    "employment_lost": "employment",
    "income_dropped": "employment",
}


def plain_rules() -> list[Rule]:
    """The published rules as they were first written: limits, disability, income."""
    parameters = yaml.safe_load((PLAIN_RULES / "parameters.yaml").read_text("utf-8"))
    return [
        Rule(name, hardship, (PLAIN_RULES / f"{name}.sql").read_text("utf-8"), lambda day: {**parameters, "as_of": day})
        for name, hardship in HARDSHIP_OF.items()
    ]


def full_set() -> list[Rule]:
    """Every active model that opens help, as it stands now."""
    return [
        Rule(model.id, model.hardship, model.sql, model.parameters_on, model.leading_figure)
        for model in load_models()
        if isinstance(model, HelpModel) and model.status == "active"
    ]


def month_days(plan: CityPlan) -> list[date]:
    """The day of the first night in each of the twelve months up to it."""
    first = plan.first_night
    months = [(first.year * 12 + first.month - 1 - back) for back in reversed(range(MONTHS))]
    return [first.replace(year=month // 12, month=month % 12 + 1) for month in months]


def warned(engine: DuckDBEngine, layers: FactsAsLayers, rules: Sequence[Rule], days: Sequence[date]) -> pd.DataFrame:
    """Every claim of each of the days, in their order."""
    found = []
    for day in days:
        layers.show([rule.sql for rule in rules], day)
        for rule in rules:
            rows = engine.query(f"select * from ({rule.sql}\n) as claim", rule.parameters_on(day)).to_pandas()
            kept = rows[["person_key", "episode", "level"]].assign(aided_on=rows.get("aided_on"))
            figure = rows[rule.leading_figure].astype(float) if rule.leading_figure else 0.0
            found.append(kept.assign(rule=rule.id, hardship=rule.hardship, warned_on=pd.Timestamp(day), figure=figure))
    claims: pd.DataFrame = pd.concat(found, ignore_index=True)
    claims["person"] = claims.pop("person_key").astype("int64")
    return claims


def first_of_each(claims: pd.DataFrame) -> pd.DataFrame:
    """The first claim of each (rule, person, episode)."""
    first: pd.DataFrame = claims.drop_duplicates(["rule", "person", "episode"], ignore_index=True)
    return first


def grouped_and_withheld(claims: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The warnings that claims make, one for each household, hardship and day; and the first claims that make none.

    A claim is new by its episode, or once its leading figure has doubled since it last was. Withheld is what was helped
    for the same cause lately; joined is what comes within the quiet days after a warning of the same household and
    hardship, unless it has doubled.
    """
    order = claims.sort_values(["household", "hardship", "warned_on", "rule"], kind="stable")
    episodes = zip(order["rule"], order["person"], order["episode"], strict=True)
    homes = zip(order["household"], order["hardship"], strict=True)
    kept, idle = list[int](), list[int]()
    last, told = dict[tuple[int, str], pd.Timestamp](), dict[tuple[str, int, str], float]()
    facts = zip(order.index, order["warned_on"], order["figure"], order["aided_on"].notna(), strict=True)
    for episode, home, (at, day, figure, is_helped) in zip(episodes, homes, facts, strict=True):
        before = told.get(episode)
        has_doubled = before is not None and 0 < 2 * before <= figure
        if is_helped:
            idle.append(at)
        elif before is None or has_doubled:
            told[episode] = figure
            if home not in last or has_doubled or day - last[home] > pd.Timedelta(days=QUIET_DAYS):
                last[home] = day
                kept.append(at)
            else:
                idle.append(at)
    withheld = claims.loc[sorted(idle)].drop_duplicates(["rule", "person", "episode"])
    return claims.loc[sorted(kept)], withheld
