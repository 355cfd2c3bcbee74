"""The dictionary tells every field and column, and the ways between them go both ways."""

import re
from pathlib import Path

import pytest

from jobs.dictionary import dictionary_page
from jobs.dictionary.column_lineage import ColumnName, destinations, origins
from jobs.published_tables import published_tables
from schemas.loader import contracts
from warning_models.loader import load_models

KEPT = Path(__file__).resolve().parents[3] / "docs" / "dictionary.html"


@pytest.fixture(scope="module")
def page() -> str:
    return dictionary_page()


@pytest.fixture(scope="module")
def anchors(page: str) -> set[str]:
    return set(re.findall(r' id="([^"]+)"', page))


def test_every_field_and_column_has_a_line(anchors: set[str]) -> None:
    fields = {
        f"{contract.extract_class}.{field.name}" for contract in contracts().values() for field in contract.fields
    }
    columns = {f"{table.name}.{column.name}" for table in published_tables() for column in table.columns}
    shown = {f"{model.number}.{name}" for model in load_models() for name in model.evidence}
    assert fields | columns | shown <= anchors


def test_every_link_leads_to_a_line(page: str, anchors: set[str]) -> None:
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert len(links) > 500
    assert links <= anchors


def test_the_kept_page_is_what_would_be_made_now(page: str) -> None:
    assert KEPT.read_text(encoding="utf-8") == page, "run: shouwang dictionary --out docs/dictionary.html"


def test_a_figure_is_followed_from_the_warning_to_the_departments_field_and_back() -> None:
    def reached(name: ColumnName, ways: dict[ColumnName, tuple[ColumnName, ...]]) -> set[ColumnName]:
        found, next_ones = {name}, [name]
        while next_ones:
            for other in ways.get(next_ones.pop(), ()):
                if other not in found:
                    found.add(other)
                    next_ones.append(other)
        return found

    paid, shown = ColumnName("inpatient_settlement", "psn_part_amt"), ColumnName("W01", "self_paid_total")
    assert paid in reached(shown, dict(origins()))
    assert shown in reached(paid, dict(destinations()))


def test_a_value_that_the_sql_writes_itself_comes_from_nowhere() -> None:
    assert origins()[ColumnName("dwd.assistance_spell", "source_class")] == ()


def test_nothing_is_fetched_from_elsewhere(page: str) -> None:
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    address = "data_docs/2026-11-20/medical_insurance/validations/one.html"
    assert dictionary_page({"inpatient_settlement": address}).count(address) == 1
