"""What a reader must know of a contract to find its columns in a department's file."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mode

from schemas.loader import Contract

DELIMITERS = (",", "|", "\t", "^")
DBF_NAME_BYTES = 10
# Columns that we add to the department's own.
OUR_COLUMNS = frozenset({"source_line", "source_file"})


@dataclass(frozen=True)
class Layout:
    """The headers that a contract promises, and its hints about the file."""

    headers: tuple[str, ...]
    field_names: tuple[str, ...]
    format: str
    encoding: str | None
    delimiter: str
    title_rows: int

    @classmethod
    def of(cls, contract: Contract) -> "Layout":
        return cls(
            headers=contract.headers,
            field_names=tuple(field.name for field in contract.fields),
            format=contract.file.format,
            encoding=contract.file.encoding,
            delimiter=contract.file.delimiter,
            title_rows=contract.file.title_rows,
        )

    @classmethod
    def unpromised(cls) -> "Layout":
        """For a sample, of which nothing is promised yet: its fullest row is its header."""
        return cls(headers=(), field_names=(), format="csv", encoding=None, delimiter=",", title_rows=0)

    @cached_property
    def _by_key(self) -> dict[str, str]:
        return {header_key(header): header for header in self.headers}

    @cached_property
    def _by_dbf_name(self) -> dict[str, str]:
        """Headers by what ten bytes leave of them; names that two headers share are nobody's."""
        found: dict[str, set[str]] = {}
        for header, field_name in zip(self.headers, self.field_names, strict=True):
            cut = header.encode("gb18030")[:DBF_NAME_BYTES]
            for name in {cut.decode("gb18030", errors) for errors in ("replace", "ignore")} | {field_name[:10]}:
                found.setdefault(header_key(name), set()).add(header)
        return {name: next(iter(headers)) for name, headers in found.items() if len(headers) == 1}

    def header_of(self, cell: object) -> str | None:
        """The promised header that a cell holds, spaces, widths and capitals aside; else None."""
        return self._by_key.get(header_key(str(cell))) if cell else None

    def header_of_dbf_name(self, name: str) -> str:
        """The promised header behind a DBF name of at most ten bytes, else the name itself."""
        return self.header_of(name) or self._by_dbf_name.get(header_key(name), name)

    def count_headers(self, cells: Sequence[object]) -> int:
        return len({header for cell in cells if (header := self.header_of(cell))})

    def fits(self, cells: Sequence[object]) -> bool:
        """Whether the cells are the promised headers, all of them and nothing else."""
        given = [cell for cell in cells if cell not in (None, "")]
        return bool(given) and len(given) == len(self.headers) == self.count_headers(given)

    def likely_delimiter(self, lines: Sequence[str]) -> str:
        """The promised delimiter; where nothing is promised, the one that parts a line most often."""
        if self.headers:
            return self.delimiter
        return max(DELIMITERS, key=lambda known: max(line.count(known) for line in lines))

    def find_header(self, rows: Sequence[Sequence[object]]) -> int | None:
        """The index of the row that holds most of the promised headers, at least half; else None.

        Where nothing is promised: of the rows of the commonest width the first that no other exceeds in filled cells.
        """
        if not self.headers:
            return _fullest(rows)
        counts = [self.count_headers(row) for row in rows]
        best = max(counts, default=0)
        return counts.index(best) if best * 2 >= len(self.headers) else None


def _fullest(rows: Sequence[Sequence[object]]) -> int | None:
    filled = [sum(cell not in (None, "") for cell in row) for row in rows]
    if not any(filled):
        return None
    width = mode(len(row) for row, count in zip(rows, filled, strict=True) if count)
    fitting = [count if len(row) == width else 0 for row, count in zip(rows, filled, strict=True)]
    return fitting.index(max(fitting))


def header_key(text: str) -> str:
    return re.sub(r"[\s\ufeff\u200b]+", "", unicodedata.normalize("NFKC", text)).casefold()
