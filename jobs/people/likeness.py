"""How likely a row is about a person, by Fellegi and Sunter's model as splink computes it.

The shares of agreement among the same person's records are judged, as departments' typing goes; those among
different people are counted in the register at hand. All of it happens in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from jobs.errors import ShouwangError

ROWS, PEOPLE = "a_row", "b_person"
COLUMNS = ("unique_id", "name", "sex", "born_on", "village_code", "number", "head", "tail")
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])
LEAST_SCORE = 0.5
CANDIDATES_OF_ROW = 3

_WORDS = {
    ("name", 1): ("姓名相同", "same name"),
    ("name", 0): ("姓名不同", "another name"),
    ("number", 2): ("身份证号只差一个字符", "the number differs in one character"),
    ("number", 1): ("身份证号可读部分相符", "the readable part of the number agrees"),
    ("number", 0): ("身份证号可读部分不符", "the readable part of the number does not agree"),
    ("born_on", 1): ("出生日期相同", "same day of birth"),
    ("born_on", 0): ("出生日期不同", "another day of birth"),
    ("sex", 0): ("性别不同", "another sex"),
    ("village_code", 1): ("村社区相同", "same village"),
    ("village_code", 0): ("村社区不同", "another village"),
}


class LinkageMissingError(ShouwangError):
    """The package that compares rows with people is not installed."""


@dataclass(frozen=True)
class Likeness:
    """A row, a person it may be about, how likely that is, and why, in words."""

    subject_key: str
    person_key: str
    score: float
    reason_zh: str
    reason_en: str


def likenesses(rows: pa.Table, people: pa.Table) -> list[Likeness]:
    """The likeliest people for each row, the likeliest first; both tables have the columns of SCHEMA.

    Raises LinkageMissingError where splink is not installed.
    """
    try:
        from splink import DuckDBAPI, Linker
    except ModuleNotFoundError as missing:
        raise LinkageMissingError(
            'Comparing rows with people needs splink, which is not installed: pip install "shouwang[linkage]"'
        ) from missing
    if not rows.num_rows or not people.num_rows:
        return []
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        database = DuckDBAPI(connection=connection)
        tables = [
            database.register(rows, dataset_display_name=ROWS),
            database.register(people, dataset_display_name=PEOPLE),
        ]
        linker = Linker(tables, _settings(connection, people), log_level="ERROR")
        pairs = linker.inference.predict(threshold_match_probability=LEAST_SCORE, warning_mode="never")
        found = connection.sql(f"select * from {pairs.physical_name}").to_arrow_table().to_pylist()
    return _likeliest([_likeness(pair) for pair in found])


def _likeliest(found: Sequence[Likeness]) -> list[Likeness]:
    ranked = sorted(found, key=lambda item: (item.subject_key, -item.score, item.person_key))
    kept: list[Likeness] = []
    for item in ranked:
        if sum(other.subject_key == item.subject_key for other in kept[-CANDIDATES_OF_ROW:]) < CANDIDATES_OF_ROW:
            kept.append(item)
    return kept


def _likeness(pair: dict[str, Any]) -> Likeness:
    row, person = ("l", "r") if pair["source_dataset_l"] == ROWS else ("r", "l")
    words = [_WORDS[name, pair[f"gamma_{name}"]] for name in dict.fromkeys(key for key, _ in _WORDS)
             if (name, pair[f"gamma_{name}"]) in _WORDS]  # fmt: skip
    return Likeness(
        subject_key=pair[f"unique_id_{row}"],
        person_key=pair[f"unique_id_{person}"],
        score=float(pair["match_probability"]),
        reason_zh="、".join(zh for zh, _ in words),
        reason_en=", ".join(en for _, en in words),
    )


def _settings(connection: duckdb.DuckDBPyConnection, people: pa.Table) -> Any:
    import splink.comparison_level_library as levels
    import splink.comparison_library as comparisons
    from splink import SettingsCreator, block_on

    def chance(column: str) -> float:
        """How often two people taken at random agree."""
        connection.register("counted", people)
        counts = f"select count(*) as n from counted where {column} is not null group by {column}"
        share = connection.sql(f"select sum(n * n) / nullif(sum(n) * sum(n), 0) from ({counts})").fetchall()[0][0]
        connection.unregister("counted")
        return min(max(float(share or 0.5), 1e-6), 0.99)

    def agreement(column: str, right: float, by_frequency: bool = False) -> Any:
        by_chance = chance(column)
        exact = levels.ExactMatchLevel(column, term_frequency_adjustments=by_frequency)
        same = exact.configure(m_probability=right, u_probability=by_chance)
        other = levels.ElseLevel().configure(m_probability=1 - right, u_probability=1 - by_chance)
        return comparisons.CustomComparison([levels.NullLevel(column), same, other], column)

    def condition(sql: str) -> str:
        """Either side may be the row."""
        return f"(({sql.format(row='l', person='r')}) or ({sql.format(row='r', person='l')}))"

    unknown = "head_l is null and head_r is null and (number_l is null or number_r is null)"
    typed = condition(
        "head_{row} is null and tail_{person} is null and damerau_levenshtein(number_{row}, number_{person}) <= 1"
    )
    fits = condition(
        "starts_with(number_{person}, head_{row}) and suffix(number_{person}, tail_{row}) "
        "and length(head_{row}) + length(tail_{row}) >= 8"
    )
    number = comparisons.CustomComparison(
        [
            {"sql_condition": unknown, "label_for_charts": "unknown", "is_null_level": True},
            levels.CustomLevel(typed).configure(m_probability=0.5, u_probability=1e-7),
            levels.CustomLevel(fits).configure(m_probability=0.48, u_probability=5e-5),
            levels.ElseLevel().configure(m_probability=0.02, u_probability=1 - 5.01e-5),
        ],
        "number",
    )
    return SettingsCreator(
        link_type="link_only",
        comparisons=[
            agreement("name", 0.95, by_frequency=True),
            number,
            agreement("born_on", 0.97),
            agreement("sex", 0.99),
            agreement("village_code", 0.9),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("name"),
            block_on("born_on", "village_code"),
            block_on("substr(number, 1, 14)"),
        ],
        probability_two_random_records_match=1 / max(people.num_rows, 2),
        retain_intermediate_calculation_columns=True,
        retain_matching_columns=True,
    )
