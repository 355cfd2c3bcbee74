"""A row's digest changes exactly when one of its values does."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.digests import HEX_CHARACTERS, row_digests, value_digests
from jobs.scratch import scratch_database

FIELDS = ("name", "amount")
values = st.one_of(st.none(), st.sampled_from(["", "1", "2", "王", "␀"]))
CONNECTION = scratch_database(threads=1)


def digests_of(rows: list[tuple[str | None, ...]], secret: str = "secret") -> list[str]:
    columns = []
    for at, field in enumerate(FIELDS):
        coded = pa.array([row[at] for row in rows], pa.string()).dictionary_encode("encode")
        columns.append((value_digests(CONNECTION, coded.dictionary, secret, field), coded.indices))
    return row_digests(columns, len(rows)).to_pylist()


@given(st.lists(st.tuples(values, values), max_size=6))
def test_rows_have_one_digest_exactly_where_they_are_equal(rows: list[tuple[str | None, str | None]]) -> None:
    digests = digests_of(rows)
    assert all(len(digest) == HEX_CHARACTERS for digest in digests)
    for row, digest in zip(rows, digests, strict=True):
        for other, its_digest in zip(rows, digests, strict=True):
            assert (digest == its_digest) == (_as_read(row) == _as_read(other))


def _as_read(row: tuple[str | None, str | None]) -> tuple[str, ...]:
    return tuple("␀" if value is None else value for value in row)


def test_a_digest_is_the_same_in_every_delivery_and_another_under_another_secret() -> None:
    alone = digests_of([("王", "1")])
    assert digests_of([("李", None), ("王", "1")])[1:] == alone
    assert digests_of([("王", "1")], secret="other") != alone
