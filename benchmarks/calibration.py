"""How many warnings a year brings in the made-up city, and how many of them meet somebody who would be helped.

    python -m benchmarks.calibration --scale city                 # the plain published rules
    python -m benchmarks.calibration --rules full --seed 5 --json  # all models, one warning a household and hardship

Reads the city's facts instead of its files: a year's months in minutes. See docs/how-good-are-the-warnings.md.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.facts_as_layers import FactsAsLayers
from benchmarks.judged import MEASURES, by_group, found_by, gaps, met, share_with_interval
from benchmarks.warned_year import first_of_each, full_set, grouped_and_withheld, month_days, plain_rules, warned
from demo_city.facts import City, imagine
from demo_city.need import needs
from demo_city.period import FIRST_NIGHT, PEOPLE_AT_SCALE, CityPlan
from warehouse.engines.duckdb import DuckDBEngine

CITY_PEOPLE = PEOPLE_AT_SCALE["city"]
# Beside the facts themselves, which take more than as much again at city size; the rest is spilled.
MEMORY_LIMIT = "1500MB"


def measure(people: int, seed: int, rules: str) -> dict[str, Any]:
    """Warnings, yield and recall of a year in a city of so many people."""
    city = imagine(CityPlan(people=people, seed=seed, first_night=FIRST_NIGHT, nights=1, mess="none"))
    chosen = plain_rules() if rules == "plain" else full_set()
    with tempfile.TemporaryDirectory() as folder, DuckDBEngine(Path(folder), memory_limit=MEMORY_LIMIT) as engine:
        claims = warned(engine, FactsAsLayers(engine, city), chosen, month_days(city.plan))
    claims["household"] = city.departed.everyone.household[claims["person"]]
    if rules == "plain":
        warnings, withheld = first_of_each(claims), claims.iloc[:0]
    else:
        warnings, withheld = grouped_and_withheld(claims)
    counts = {"claims": len(first_of_each(claims)), "withheld_or_joined": len(withheld)}
    helped = withheld[withheld["aided_on"].notna()]
    return {"people": people, "seed": seed, "rules": rules} | counts | judged(city, warnings, helped)


def judged(city: City, warnings: pd.DataFrame, helped: pd.DataFrame) -> dict[str, Any]:
    """The warnings beside the truth: in all, by model and by group.

    Recall is of the needs that a connected class shows while they last, but for those whose only claims were withheld
    because the household had just been helped for the same cause: they are counted apart.
    """
    truth = needs(city)
    lasts = truth["until"] >= pd.Timestamp(month_days(city.plan)[0])
    truth = truth[lasts & (truth["since"] <= pd.Timestamp(city.plan.first_night))].reset_index(drop=True)
    warnings = warnings.reset_index(drop=True)
    hit = met(warnings, truth)
    hidden = truth[truth["shown_on"].isna()].reset_index(drop=True)
    shown = truth[truth["shown_on"].notna()].reset_index(drop=True)
    is_helped = found_by(shown, helped) & ~found_by(shown, warnings)
    shown = shown[~is_helped].reset_index(drop=True)
    found = found_by(shown, warnings)
    groups = by_group(city, warnings, hit, shown, found)
    return {
        "warnings": len(warnings),
        "warnings_at_city_size": round(len(warnings) * CITY_PEOPLE / len(city.people)),
        "yield": share_with_interval(int(hit.sum()), len(warnings)),
        "shown_needs": len(shown),
        "recall": share_with_interval(int(found.sum()), len(shown)),
        "needs_helped_already": int(is_helped.sum()),
        "hidden_needs": len(hidden),
        "hidden_found": int(found_by(hidden, warnings).sum()),
        "by_model": _by(warnings["rule"], hit),
        "recall_by_cause": _by(shown["cause"] + " " + shown["help"].astype(str), pd.Series(found)),
        "by_group": groups,
        "gaps": gaps(groups),
    }


def _by(names: pd.Series, is_one: pd.Series) -> Mapping[str, Any]:
    counts = pd.DataFrame({"name": names.to_numpy(), "is_one": np.asarray(is_one)}).groupby("name")["is_one"]
    return {str(name): share_with_interval(int(ones.sum()), len(ones)) for name, ones in counts}


def told(report: Mapping[str, Any]) -> str:
    """The report as lines for people."""
    size, in_a_city = f"{report['warnings']:,} warnings a year", f"{report['warnings_at_city_size']:,} at city size"
    hidden = f"of {report['hidden_needs']:,} that no class shows {report['hidden_found']:,}"
    helped = f"{report['needs_helped_already']:,} more had just been helped for the same cause"
    lines = [
        f"{report['rules']} rules, {report['people']:,} people, seed {report['seed']}: {size} ({in_a_city})",
        f"{report['withheld_or_joined']:,} of {report['claims']:,} claims withheld or joined",
        f"yield  {_share(report['yield'])}",
        f"recall {_share(report['recall'])}; {helped}; {hidden}",
    ]
    for title in ("by_model", "recall_by_cause"):
        lines += [title.replace("_", " "), *(f"  {name:<34} {_share(share)}" for name, share in report[title].items())]
    for group, values in report["by_group"].items():
        lines.append(group)
        lines += [
            f"  {name:<16} yield {_share(both['yield'])}   recall {_share(both['recall'])}"
            for name, both in values.items()
        ]
        lines += [_told_gap(measure, report["gaps"][group][measure]) for measure in MEASURES]
    return "\n".join(lines)


def _told_gap(measure: str, gap: Mapping[str, Any]) -> str:
    is_chance = "more than chance" if gap["beyond_chance"] else "may be chance"
    return f"  gap of {measure} {100 * gap['gap']:.1f} points ({gap['best']} over {gap['worst']}; {is_chance})"


def _share(share: Mapping[str, Any]) -> str:
    return f"{share['share']:.1%} ({share['of']:,}; {share['low']:.1%} to {share['high']:.1%})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure once, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=sorted(PEOPLE_AT_SCALE), default="town")
    parser.add_argument("--people", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rules", choices=("plain", "full"), default="plain")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    report = measure(chosen.people or PEOPLE_AT_SCALE[chosen.scale], chosen.seed, chosen.rules)
    print(json.dumps(report, ensure_ascii=False) if chosen.json else told(report))  # noqa: T201 -- its output


if __name__ == "__main__":
    main()
