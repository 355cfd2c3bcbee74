"""Rows that stand at the end of a file and are nobody's, or somebody's of whom the number is missing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from demo_city.mess import Blemish
from schemas.loader import Contract

TEST_NAME = "测试"
# Eighteen ones, of which the last is no fitting check character.
TEST_NUMBER = "1" * 18
TEST_KEY = "TEST000001"
LEAST_ROWS = 300
ROWS_PER_IDENTITY_LESS = 20_000
# What these classes tell of a person without the number is enough to ask who it may be.
IDENTITY_LESS = ("household_register", "disability_certificate", "death_certificate")
# Departments whose people try out their system on the real one.
WITH_TEST_ROWS = ("inpatient_settlement", "employment_register", "temporary_aid", "vehicle_register", "market_entity")


@dataclass
class ExtraRows:
    """What was appended: rows that must be rejected, and of those without a number the row they were copied from."""

    blemishes: list[Blemish] = field(default_factory=list)
    identity_less: list[tuple[int, int]] = field(default_factory=list)


def with_extra_rows(
    contract: Contract, wrong: pa.Table, messy: pa.Table, done: Sequence[Blemish], rows: int
) -> tuple[pa.Table, pa.Table, ExtraRows]:
    """Both tables with the same rows appended, where the class and the size of the delivery call for them.

    The tables begin with the delivery's `rows`; behind them stand second rows of a key.
    """
    extra = ExtraRows()
    if rows < LEAST_ROWS:
        return wrong, messy, extra
    taken = {each.row for each in done}
    usable = np.array([row for row in range(min(rows, 4 * LEAST_ROWS)) if row not in taken])
    number = contract.identity_field.name
    if contract.extract_class in WITH_TEST_ROWS:
        test = _test_row(contract, wrong.slice(int(usable[0]), 1))
        extra.blemishes.append(Blemish(wrong.num_rows, number, "test_row"))
        wrong, messy = pa.concat_tables([wrong, test]), pa.concat_tables([messy, test])
    if contract.extract_class in IDENTITY_LESS:
        count = 2 + rows // ROWS_PER_IDENTITY_LESS
        sources = usable[np.linspace(1, len(usable) - 1, min(count, len(usable) - 1)).astype(np.int64)]
        first = wrong.num_rows
        copies = _replaced(wrong.take(pa.array(sources)), {number: ""})
        extra.blemishes += [Blemish(first + at, number, "identity_missing") for at in range(len(sources))]
        extra.identity_less += [(first + at, int(source)) for at, source in enumerate(sources)]
        wrong, messy = pa.concat_tables([wrong, copies]), pa.concat_tables([messy, copies])
    return wrong, messy, extra


def _test_row(contract: Contract, row: pa.Table) -> pa.Table:
    changes = {each.name: TEST_KEY for each in contract.key_fields if not each.identity and not each.codes}
    changes |= {each.name: TEST_NAME for each in contract.fields if each.identity == "name"}
    return _replaced(row, changes | {contract.identity_field.name: TEST_NUMBER})


def _replaced(rows: pa.Table, texts: dict[str, str]) -> pa.Table:
    for name, text in texts.items():
        column = pa.array([text] * rows.num_rows, pa.string())
        rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows
