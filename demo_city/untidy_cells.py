"""What departments and spreadsheets do to single cells: make them wrong, or write them in another way.

A way takes a cell and gives the text that stands there instead, or none where it cannot be applied.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from demo_city.file_shapes import is_typed
from demo_city.identity_numbers import fifteen_digits, is_well_formed
from schemas.loader import Contract, Field

UNKNOWN_CODE, UNKNOWN_WORD = "88", "待核"
FULL_WIDTH = str.maketrans("0123456789X.", "０１２３４５６７８９Ｘ．")


@dataclass(frozen=True)
class Cell:
    """A cell about to be blemished, with a number that picks among the ways to do it."""

    field: Field
    text: str
    pick: int
    first_night: date

    def one_of(self, forms: Sequence[str]) -> str:
        return forms[self.pick % len(forms)]


Way = Callable[[Cell], str | None]


def wrong_ways(contract: Contract) -> dict[str, tuple[Way, list[Field]]]:
    """The ways in which this extract class can be wrong, each with the fields it can strike."""
    dates = [field for field in contract.fields if field.physical_type == "date" and field.required]
    ways: dict[str, tuple[Way, list[Field]]] = {
        "identity_checksum": (_wrong_check_character, [contract.identity_field]),
        "identity_float_damaged": (_as_a_spreadsheet_shows_it, [contract.identity_field]),
        "identity_masked": (_masked, [contract.identity_field]),
        "impossible_date": (_impossible_date, [field for field in dates if not is_typed(contract, field)]),
        "future_date": (_future_date, [field for field in contract.fields if field.not_after_business_date]),
        "negative_amount": (_negative, [field for field in contract.fields if field.physical_type == "decimal(16,2)"]),
        "unknown_code": (
            _unknown_code,
            [field for field in contract.fields if field.codes and not is_typed(contract, field)],
        ),
        "missing_required": (lambda _: "", [field for field in contract.fields if field.required]),
    }
    return {kind: (way, fields) for kind, (way, fields) in ways.items() if fields}


def _wrong_check_character(cell: Cell) -> str | None:
    others = [character for character in "123456789X" if character != cell.text[-1]]
    return cell.text[:-1] + cell.one_of(others)


def _as_a_spreadsheet_shows_it(cell: Cell) -> str | None:
    """In scientific notation, or with the last digits lost to zeros."""
    scientific = f"{int(cell.text[:6]) / 100_000:.5f}E+17"
    zeros = cell.one_of([scientific, cell.text[:15] + "000", cell.text[:16] + "00"])
    return scientific if is_well_formed(zeros) else zeros


def _masked(cell: Cell) -> str | None:
    return cell.one_of([f"{cell.text[:6]}********{cell.text[-4:]}", f"{cell.text[:4]}**********{cell.text[-4:]}"])


def _impossible_date(cell: Cell) -> str | None:
    if cell.field.is_month:
        return f"{cell.first_night.year}13"
    return cell.one_of([f"{cell.first_night.year}-02-30", "0000-00-00", f"{cell.first_night.year}0230"])


def _future_date(cell: Cell) -> str | None:
    """About two years ahead, in the form the field has."""
    day = cell.first_night + timedelta(days=730 + cell.pick % 200)
    if not cell.text:
        return None
    if cell.pick % 4 == 0:
        day = date(9999, 12, 31)
    return day.strftime({6: "%Y%m", 8: "%Y%m%d"}.get(len(cell.text), "%Y-%m-%d"))


def _negative(cell: Cell) -> str | None:
    if not cell.text:
        return None
    return "-1.00" if float(cell.text) == 0 else f"-{cell.text}"


def _unknown_code(cell: Cell) -> str | None:
    if not cell.text:
        return None
    names = [name for name in (cell.field.codes or {}).values() if name not in (cell.field.codes or {})]
    return cell.one_of([UNKNOWN_CODE, *names[:1]]) if cell.text.isascii() else UNKNOWN_WORD


def can_be_messy(field: Field) -> bool:
    return field.identity == "number" or field.physical_type == "date" or field.physical_type.startswith("decimal")


def messy_cell(cell: Cell) -> str | None:
    """The same value, written as people and spreadsheets write it."""
    if not cell.text:
        return None
    if cell.field.identity == "number":
        spaced = f" {cell.text} "
        lower = cell.text.lower() if cell.text.endswith("X") else spaced
        forms = [spaced, f"'{cell.text}", f"{cell.text}\t", lower, cell.text.translate(FULL_WIDTH)]
        return cell.one_of([*forms, *fifteen_digits(cell.text)])
    if cell.field.physical_type == "date":
        return _messy_date(cell)
    with_commas = f"{float(cell.text):,.2f}"
    return cell.one_of(
        [
            f"{cell.text}元",
            cell.text.translate(FULL_WIDTH),
            with_commas if "," in with_commas else f"{with_commas}元",
            f"¥{with_commas}",
        ]
    )


def _messy_date(cell: Cell) -> str | None:
    digits = cell.text.replace("-", "")
    year, month, day = digits[:4], digits[4:6], digits[6:]
    if cell.field.is_month:
        forms = [f"{year}-{month}", f"{year}年{int(month)}月", f"{year}/{int(month)}", f"{year}{month}.0"]
    else:
        forms = [
            digits,
            f"{year}-{month}-{day}",
            f"{year}/{int(month)}/{int(day)}",
            f"{year}年{int(month)}月{int(day)}日",
            f"{year}.{int(month)}.{int(day)}",
            f"{year}-{month}-{day} 00:00:00",
            *_as_a_spreadsheet_counts(date(int(year), int(month), int(day))),
        ]
    return cell.one_of([form for form in forms if form != cell.text])


def _as_a_spreadsheet_counts(day: date) -> list[str]:
    """The number of days since the end of 1899, where it has the five digits by which it is known."""
    number = (day - date(1899, 12, 30)).days
    return [str(number)] if number >= 10_000 else []
