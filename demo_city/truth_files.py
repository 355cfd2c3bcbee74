"""Writes the truth down, one file for each matter."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from demo_city.deliver import Delivered, accounts
from demo_city.facts import City
from demo_city.moving import move_events
from demo_city.need_files import need_table
from demo_city.shared_living import differences
from demo_city.truth import deaths, near_misses, with_identities

TRUTH_README = """# Truth

What really happened in the demo city: for tests and for judging the warnings afterwards.
No job, model or service may read this folder; whoever reads it knows the answers.

- hardship.parquet: who is in which hardship since when, and the first night whose deliveries show it.
  `left_out_for` says why the models leave it out on purpose; empty for whom they must find.
- need.parquet: which households the rules of assistance would help, with what (help), since and until when, and
  through what (cause). `shown_on` is the day from which a connected class tells anything of it, `first_visible_on` the
  first night that brings it; both are empty where no class ever does. This is what a visit would find. A hardship of
  hardship.parquet is what the rules ask for: many such households get by, and many needs are no such hardship.
- deaths.parquet: who died when, whether the household register still has them, and what is still paid.
- near_misses.parquet: who only looks like a case, and why.
- wrong_rows.parquet: every row of the deliveries that was made wrong (kind names the way) or that is
  messy but right. `line` is the line of the file as a person sees it, header and title counted.
  Two rows with the same key and different content are both listed: nobody can tell which is right.
- deliveries.parquet: every delivery, in which shape its file was sent, what is out of the ordinary about
  it (kind), and what must become of it: ingested, recognised as known by its bytes, or held.
- identity_less.parquet: rows without an identity number, and whose they are.
- changed_numbers.parquet: whose identity number was changed when, and the night on which the register tells it.
- moves.parquet: who moved within the city, and when.
- shared_living.parquet: who lives with a dibao family and is registered elsewhere (counted_in), and who is
  registered with one and does not belong to it (left_out).
- two_identities.parquet: who is in dibao and monitored against relapse at once.
"""


def write_truth(folder: Path, city: City, found: pd.DataFrame, delivered: Sequence[Delivered]) -> None:
    """Write all of it into a folder that only its owner may open."""
    folder.mkdir(mode=0o700, parents=True)
    (folder / "README.md").write_text(TRUTH_README, encoding="utf-8")
    files = {
        "hardship": with_identities(city, found),
        "deaths": deaths(city),
        "near_misses": near_misses(city),
        "wrong_rows": pd.concat([each.wrong_rows for each in delivered], ignore_index=True),
        "deliveries": accounts(delivered),
        "identity_less": _identity_less(city, delivered),
        "changed_numbers": _changed_numbers(city),
        "moves": _moves(city),
        "shared_living": differences(city.people, city.assisted.dibao),
        "two_identities": _two_identities(city),
    }
    for name, rows in files.items():
        rows.to_parquet(folder / f"{name}.parquet", index=False)
    pq.write_table(need_table(city), folder / "need.parquet")


def _numbers(city: City, person: pd.Series) -> list[str]:
    numbers: list[str] = city.departed.everyone.certno.take(person.to_numpy("int64")).to_pylist()
    return numbers


def _identity_less(city: City, delivered: Sequence[Delivered]) -> pd.DataFrame:
    rows = pd.concat([each.identity_less for each in delivered], ignore_index=True)
    return rows.assign(identity_number=_numbers(city, rows["person"])).drop(columns="person")


def _changed_numbers(city: City) -> pd.DataFrame:
    changed = city.changed
    return pd.DataFrame({
        "old_number": changed.old.to_pylist(),
        "new_number": city.people.certno.take(changed.person).to_pylist(),
        "changed_on": changed.changed_on.astype("datetime64[s]"),
        "first_visible_on": changed.first_visible_on(city.plan).astype("datetime64[s]"),
    })  # fmt: skip


def _moves(city: City) -> pd.DataFrame:
    events = move_events(city.plan, city.register)
    rows = city.register[city.register["moved_from"] != ""]
    return pd.DataFrame({
        "identity_number": _numbers(city, events["person"]),
        "moved_on": events["happened_on"].astype("datetime64[s]"),
        "moved_from": rows["moved_from"].to_numpy(),
        "to_village": rows["village_code"].to_numpy(),
        "to_grid": rows["grid_code"].to_numpy(),
    })  # fmt: skip


def _two_identities(city: City) -> pd.DataFrame:
    dibao, relapse = city.assisted.dibao, city.assisted.relapse
    dibao, relapse = dibao[dibao["new_from"] == 0], relapse[relapse["new_from"] == 0]
    monitored = relapse[(relapse["household_kind"] == "2") & (relapse["risk_cleared"] == "0")]
    both = dibao[dibao["person"].isin(monitored["person"])]
    return pd.DataFrame({"identity_number": _numbers(city, both["person"])})
