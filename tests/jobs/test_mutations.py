"""Good deliveries, spoiled at random: never a crash, never a silent loss, always a named reason."""

import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.errors import DeliveryHeldError
from jobs.identity import Pseudonymiser
from jobs.ingest.arrival import Arrival
from jobs.ingest.batch import Batch, Delivery, open_batch
from jobs.ingest.versions import Comparison
from jobs.person_keys import PersonKeys
from schemas.loader import contracts
from schemas.row_rules import REASONS_ZH
from tests.jobs.corpus.case import ROWS, Case, csv_bytes, lines, table, text
from tests.jobs.corpus.files import DIBAO, OLD_WORKBOOK, dbf, dibao_columns, html, parquet, workbook, zipped
from tests.jobs.test_corpus import manifest_of

GOOD = [
    Case("csv", csv_bytes()),
    Case("csv in utf-8", csv_bytes("dibao", "utf-8"), "dibao"),
    Case("csv in utf-16", csv_bytes("dibao", "utf-16"), "dibao"),
    Case("csv with an address", csv_bytes("household_register"), "household_register"),
    Case("xlsx", workbook(DIBAO), "dibao", "xlsx"),
    Case("xls", OLD_WORKBOOK, "dibao", "xls"),
    Case("html", html(DIBAO), "dibao", "xls"),
    Case("dbf", dbf(DIBAO), "dibao", "dbf"),
    Case("parquet", parquet(dibao_columns()), "dibao", "parquet"),
    Case("zip", zipped({"dibao.csv": csv_bytes("dibao")}), "dibao", "zip"),
]
UGLY = [
    "",
    " ",
    '"',
    ",",
    "\t",
    "合计",
    "NULL",
    "-",
    "1e400",
    "9" * 40,
    "2026-02-30",
    "0000-00-00",
    "9999-12-31",
    "'",
    "3.4E+17",
]
KEYS = PersonKeys(Pseudonymiser(b"a-key-of-this-test"))
BOUNDED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

bytes_changed = st.lists(
    st.tuples(
        st.sampled_from(["put", "drop", "insert", "cut"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=4,
)
rows_changed = st.lists(
    st.tuples(
        st.sampled_from(["drop", "twice", "cell", "swap", "merge"]),
        st.integers(1, ROWS - 1),
        st.integers(0, 9),
        st.sampled_from(UGLY) | st.text(max_size=12),
    ),
    min_size=1,
    max_size=4,
)


@BOUNDED
@given(case=st.sampled_from(GOOD), changes=bytes_changed)
def test_whatever_happens_to_the_bytes_is_named(case: Case, changes: list[tuple[str, float, bytes]]) -> None:
    content = case.content
    for kind, share, new in changes:
        at = int(share * len(content))
        behind = {"put": at + len(new), "drop": at + len(new), "insert": at, "cut": len(content)}[kind]
        content = content[:at] + (new if kind in ("put", "insert") else b"") + content[behind:]
    _judge(replace(case, content=content))


@BOUNDED
@given(extract_class=st.sampled_from(["dibao", "household_register"]), changes=rows_changed)
def test_whatever_happens_to_the_rows_is_named(extract_class: str, changes: list[tuple[str, int, int, str]]) -> None:
    rows = table(extract_class)
    for kind, at, cell, new in changes:
        at = min(at, len(rows) - 1)
        if kind == "drop" and len(rows) > 2:
            del rows[at]
        elif kind == "twice":
            rows.insert(at, rows[at])
        elif kind == "swap":
            rows[at] = [*rows[at][cell:], *rows[at][:cell]]
        elif kind == "merge":
            rows[at] = rows[at][:cell] + rows[at][cell + 1 :]
        else:
            rows[at] = [new if n == cell else old for n, old in enumerate(rows[at])]
    _judge(Case("rows", text(lines(rows, "|"), "utf-8"), extract_class, accepted=len(rows) - 1))


def _judge(case: Case) -> None:
    """Read the delivery as ingest does, but for the whole-batch promises, which only count here."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = manifest_of(case)
        (Path(folder) / manifest.files[0].name).write_bytes(case.content)
        arrival = Arrival(manifest, Path(folder), manifest.business_date, manifest.delivery_id)
        delivery = Delivery(arrival, contracts()[case.extract_class])
        try:
            batch = open_batch(delivery, KEYS)
        except DeliveryHeldError as held:
            said = (str(held), held.zh)
        else:
            with batch.connection:
                _every_row_is_accounted_for(batch, delivery)
            return
        assert all(said)


def _every_row_is_accounted_for(batch: Batch, delivery: Delivery) -> None:
    if not batch.columns_fit:
        return
    comparison = Comparison(batch, delivery, [], overtaken=False)
    counts = comparison.counts()
    assert counts.received == counts.accepted + counts.rejected + counts.unchanged
    promised = batch.promise(delivery.manifest).row_count
    assert counts.received == delivery.manifest.row_count or promised != batch.row_count, "a loss that nobody sees"
    reasons = set(comparison.problems()["reason"].to_pylist())
    assert reasons <= set(REASONS_ZH) | {rule.name for rule in delivery.contract.row_rules}
    assert bool(reasons) == bool(counts.rejected)
