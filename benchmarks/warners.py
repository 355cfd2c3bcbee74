"""Who answers the models' sixteen questions, each in the same form: by number, whom, by what, how urgent."""

import json
from datetime import date
from pathlib import Path

from benchmarks.by_hand.warn import Hits
from jobs.claims.claim import Known
from jobs.claims.finding import claims_on
from jobs.claims.inputs import show_inputs
from jobs.installation import Installation
from jobs.layer_tables import register_layers
from jobs.lineage import layer_tables
from jobs.review_findings import findings_on, review_models
from jobs.warn import models_of_the_night
from warehouse.engines import open_engine


def by_models(installation: Installation, as_of: date) -> Hits:
    """The pipeline's own way, as in a night that nothing was said before: claims, warnings, findings for review."""
    helping, reviewing = models_of_the_night(), review_models()
    found: Hits = {model.number: [] for model in (*helping, *reviewing)}
    with installation.engine() as engine:
        show_inputs(engine, installation.warehouse, [*helping, *reviewing])
        night = claims_on(engine, helping, as_of, Known())
        numbers = {model.id: model.number for model in helping}
        for claim in night.claims:
            found[numbers[claim.model_id]].append((claim.person_key, claim.episode, claim.level))
        for model in reviewing:
            for row in findings_on(engine, model, as_of, Known()):
                found[model.number].append((row["person_key"], row["episode"], row["level"]))
    return found


def export_layers(installation: Installation, folder: Path) -> None:
    """Write what the layers' tables say now as plain Parquet files, for those who know nothing of the warehouse."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_engine("duckdb", work_folder=installation.settings.work_folder) as engine:
        register_layers(engine, installation, "dwd", "dws")
        for table in layer_tables():
            path = folder / table.sql_name
            [file] = engine.write(f"select * from {table.sql_name}", {}, table.schema, path)
            Path(file).rename(folder / f"{table.sql_name}.parquet")
            path.rmdir()


def keep_hits(found: Hits, path: Path) -> str:
    """Write the answers where others can be held to them; returns where."""
    path.write_text(json.dumps(found), encoding="utf-8")
    return str(path)


def kept_hits(path: str) -> Hits:
    """What `keep_hits` wrote."""
    kept = json.loads(Path(path).read_text(encoding="utf-8"))
    return {number: [(person, episode, level) for person, episode, level in rows] for number, rows in kept.items()}


def disagreements(ours: Hits, theirs: Hits, who: str) -> list[str]:
    """One sentence for every question that was answered otherwise."""
    found = []
    for number in sorted({*ours, *theirs}):
        mine, other = sorted(ours.get(number, [])), sorted(theirs.get(number, []))
        if mine != other:
            only = [*sorted(set(mine) - set(other))[:1], *sorted(set(other) - set(mine))[:1]]
            found.append(f"{number}: {len(mine)} with us, {len(other)} with {who}; only one has {only}")
    return found
