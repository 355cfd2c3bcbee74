"""Casts the text of an extract by its contract and tells right rows from wrong ones."""

import hmac
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from benchmarks.pandas_load import casts
from benchmarks.pandas_load.row_rules import RULES
from schemas.loader import Contract, Field

CONTACT_KINDS = {"phone", "address"}
SCIENTIFIC = r"[0-9](?:\.[0-9]+)?[Ee]\+[0-9]+"


@dataclass
class Checked:
    """An extract's right rows as the warehouse keeps them, its wrong ones with reasons, and how many of each.

    `named` are the business keys of all rows, `unreadable` the identity texts of those whose key cannot be read.
    """

    right: pd.DataFrame
    wrong: pd.DataFrame
    named: pd.DataFrame
    unreadable: Counter[str]
    received: int
    rejected: int
    repeated: int


class Keys:
    """Person and household keys, each made once."""

    def __init__(self, secret: bytes, version: int = 1) -> None:
        self._secret, self._version = secret, version
        self._known: dict[tuple[str, str], str] = {}

    def of(self, numbers: pd.Series, purpose: str) -> pd.Series:
        codes, distinct = pd.factorize(numbers)
        keys = np.array([*(self._key(purpose, number) for number in distinct), None], dtype=object)
        return pd.Series(keys[codes], numbers.index)

    def _key(self, purpose: str, number: str) -> str:
        key = self._known.get((purpose, number))
        if key is None:
            digest = hmac.digest(self._secret, f"{purpose}:{number}".encode(), "sm3").hex()
            key = self._known[purpose, number] = f"{purpose[0]}{self._version}_{digest[:24]}"
        return key


def check(text: pd.DataFrame, contract: Contract, business_date: date, keys: Keys) -> Checked:
    """All casts and row rules, keys, and duplicates of a business key."""
    typed = pd.DataFrame({field.name: _typed(field, text[field.name]) for field in contract.fields})
    found = _problems(text, typed, contract, pd.Timestamp(business_date))
    problems = [(name, reason, mask) for name, reason, mask in found if mask.any()]
    is_right = np.ones(len(text), dtype=bool)
    for _, _, mask in problems:
        is_right &= ~mask.to_numpy(dtype=bool)
    every = _stored(typed, contract, keys).assign(source_line=text.source_line)
    names = [field.stored_name or field.name for field in contract.key_fields]
    nameless = every[names].isna().any(axis=1)
    stored = every[is_right]
    conflicting = _conflicting(stored, typed, contract, names)
    right = stored[~conflicting].drop_duplicates(names)
    problems.append(("", "duplicate_key", conflicting))
    wrong = pd.concat(
        [
            pd.DataFrame({"line": text.source_line.loc[mask.index[mask]], "field": field, "reason": reason})
            for field, reason, mask in problems
        ]
    )
    rejected = int((~is_right).sum() + conflicting.sum())
    unreadable = Counter(text.loc[nameless, contract.identity_field.name])
    named = every.loc[~nameless, names]
    return Checked(right, wrong, named, unreadable, len(text), rejected, len(text) - rejected - len(right))


def _typed(field: Field, text: pd.Series) -> pd.Series:
    if field.identity in ("number", "former_number"):
        return casts.identity_numbers(text)
    if field.is_month:
        return casts.months(text)
    if field.physical_type == "date":
        return casts.dates(text)
    if field.physical_type == "integer":
        return casts.whole_numbers(text)
    if field.physical_type.startswith("decimal"):
        return casts.decimals(text, int(field.physical_type.rstrip(")").split(",")[1]))
    if field.codes:
        return _codes(field, text)
    stripped = text.str.strip()
    if field.pattern:
        stripped = _patterned(field, stripped)
    return stripped.where(stripped != "")


def _codes(field: Field, text: pd.Series) -> pd.Series:
    left = text[~text.isin([*(field.codes or ()), ""])]
    if len(left):
        text = text.copy()
        text.loc[left.index] = casts.tidied(left)
    return text.where(text != "")


def _patterned(field: Field, text: pd.Series) -> pd.Series:
    left = text[~text.str.fullmatch(field.pattern or "") & (text != "")]
    if len(left):
        text = text.copy()
        text.loc[left.index] = casts.tidied(left)
    return text


def _problems(
    text: pd.DataFrame, typed: pd.DataFrame, contract: Contract, business_date: pd.Timestamp
) -> Iterator[tuple[str, str, pd.Series]]:
    for field in contract.fields:
        for reason, mask in _field_problems(field, text[field.name], typed[field.name], business_date):
            yield field.name, reason, mask
    for rule in contract.row_rules:
        yield "", rule.name, RULES[contract.extract_class, rule.name](typed)


def _field_problems(
    field: Field, text: pd.Series, typed: pd.Series, business_date: pd.Timestamp
) -> Iterator[tuple[str, pd.Series]]:
    given = text != ""
    lost = given & typed.isna()
    if lost.any():
        lost &= text.str.strip() != ""
    if field.required:
        yield "missing_required", typed.isna() & ~lost
    if field.identity == "number":
        faults = casts.identity_faults(text[lost])
        for reason in faults.unique():
            yield reason, (faults == reason).reindex(text.index, fill_value=False)
    elif field.physical_type == "date":
        yield "impossible_date", lost
    elif field.key_position is not None and field.physical_type == "varchar":
        yield "number_damaged", text.str.fullmatch(SCIENTIFIC)
    elif field.physical_type == "integer" or field.physical_type.startswith("decimal"):
        yield "not_a_number", lost
    if field.codes is not None:
        known = [int(code) for code in field.codes] if field.physical_type == "integer" else list(field.codes)
        yield "unknown_code", typed.notna() & ~typed.isin(known)
    if field.pattern is not None:
        yield "pattern_mismatch", typed.notna() & ~typed.fillna("").str.fullmatch(field.pattern)
    if field.not_after_business_date:
        yield "future_date", typed > business_date
    if field.minimum is not None:
        yield from _minimum_problems(field, typed)


def _minimum_problems(field: Field, typed: pd.Series) -> Iterator[tuple[str, pd.Series]]:
    if field.physical_type == "date":
        yield "date_too_early", typed < pd.Timestamp(str(field.minimum))
    else:
        reason = "negative_amount" if float(str(field.minimum)) == 0 else "below_minimum"
        yield reason, typed < float(str(field.minimum))


def _stored(typed: pd.DataFrame, contract: Contract, keys: Keys) -> pd.DataFrame:
    columns = {}
    for field in contract.stored_fields:
        column = typed[field.name]
        if field.identity in ("number", "former_number"):
            column = keys.of(column, "person")
        elif field.identity == "household_number":
            column = keys.of(column, "household")
        elif field.physical_type == "integer":
            column = column.astype("Int32")
        columns[field.stored_name or field.name] = column
    return pd.DataFrame(columns)


def _conflicting(stored: pd.DataFrame, typed: pd.DataFrame, contract: Contract, names: list[str]) -> pd.Series:
    """Which right rows share their key with a right row of other content."""
    shared = stored[stored.duplicated(names, keep=False)]
    if any(field.identity in CONTACT_KINDS for field in contract.fields):
        contact = [field.name for field in contract.contact_fields]
        shared = shared.join(typed[contact])
    contents = shared.drop(columns="source_line").drop_duplicates()
    several = contents[contents.duplicated(names, keep=False)][names].drop_duplicates()
    marked = shared[names].reset_index().merge(several, on=names)["index"]
    return pd.Series(stored.index.isin(marked), stored.index)
