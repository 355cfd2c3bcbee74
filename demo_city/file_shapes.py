"""In which shape each department really sends a class's files: often another than its contract promises."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from schemas.loader import Contract, Field

Format = Literal["csv", "xlsx", "xls", "html", "dbf", "parquet"]

LINE_OF_HEADER = 1
# Typed files in which these classes keep dates as text.
TYPED_TEXT_DATES = ("dibao", "subsidy_payment")


@dataclass(frozen=True)
class FileShape:
    """How one file is written. `unquoted`: addresses may hold the delimiter without quotation marks."""

    format: Format
    encoding: str | None = None
    delimiter: str = ","
    title_rows: int = 0
    has_totals: bool = False
    is_zipped: bool = False
    unquoted: bool = False

    @property
    def suffix(self) -> str:
        """The name's ending, as departments give it."""
        return "zip" if self.is_zipped else {"html": "xls"}.get(self.format, self.format)

    @property
    def first_data_line(self) -> int:
        """The line on which the first data row stands when a person opens the file."""
        return self.title_rows + LINE_OF_HEADER + 1


SENT_AS: Mapping[str, FileShape] = {
    "register_event": FileShape("csv", "gb18030", "^"),
    "pension_payment": FileShape("csv", "gb18030", ","),
    "student_enrolment": FileShape("csv", "utf-8", ","),
    "student_aid": FileShape("csv", "utf-16", "\t"),
    "market_entity": FileShape("csv", "utf-8-sig", ",", is_zipped=True),
    "cremation": FileShape("dbf", "gb18030"),
    "public_housing": FileShape("html", "gb18030", title_rows=1, has_totals=True),
    "child_in_need": FileShape("xls", title_rows=1, has_totals=True),
    "disaster_event": FileShape("xlsx", title_rows=1, has_totals=True),
}
# What is handed over between two snapshots is often exported by another program.
INCREMENTS_SENT_AS: Mapping[str, FileShape] = {
    "household_register": FileShape("csv", "gb18030", ",", unquoted=True),
    "insured_person": FileShape("csv", "utf-8-sig", "|"),
    "vehicle_register": FileShape("csv", "utf-16", "\t"),
    "market_entity": FileShape("csv", "utf-8", ","),
    "disability_certificate": FileShape("xlsx", title_rows=1, has_totals=True),
}


def shape_of(contract: Contract, mode: str) -> FileShape:
    """The shape in which the department sends a class: whole, or as an increment between snapshots."""
    if mode != contract.delivery_mode and contract.extract_class in INCREMENTS_SENT_AS:
        return INCREMENTS_SENT_AS[contract.extract_class]
    return SENT_AS.get(contract.extract_class) or promised_shape(contract)


def promised_shape(contract: Contract) -> FileShape:
    """The shape that the contract promises."""
    file = contract.file
    return FileShape(file.format, file.encoding, file.delimiter, file.title_rows)


def is_typed(contract: Contract, field: Field) -> bool:
    """Whether the file carries the field as a typed column, which cannot hold just any text."""
    if contract.file.format != "parquet" or field.physical_type == "varchar":
        return False
    return field.physical_type != "date" or contract.extract_class not in TYPED_TEXT_DATES
