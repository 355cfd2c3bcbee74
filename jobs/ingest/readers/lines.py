"""Splits delimited text into records line by line, where quotation marks need a closer look.

A quoted value may span lines; a quotation mark that nobody closes must not swallow the lines
after it: then its own line alone is malformed.
"""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator

QUOTE = '"'
MAX_LINES_OF_A_VALUE = 50


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line; an unclosed quotation mark stands for itself."""
    if QUOTE not in line:
        return line.split(delimiter)
    records = _parsed(line, delimiter)
    return records[0] if len(records) == 1 else line.split(delimiter)


def numbered_records(
    lines: Iterable[str], header_line: int, delimiter: str, width: int
) -> Iterator[tuple[int, list[str]]]:
    """The records under the header, each with the number of its first line; blank lines are left out."""
    source = ((number, line.rstrip("\n")) for number, line in enumerate(lines, start=1) if number > header_line)
    ahead: deque[tuple[int, str]] = deque()
    while entry := ahead.popleft() if ahead else next(source, None):
        number, line = entry
        if not line.strip():
            continue
        if line.count(QUOTE) % 2 == 0:
            yield number, cells_of(line, delimiter)
            continue
        yield number, _spanning_record(line, ahead, source, delimiter, width)


def _spanning_record(
    line: str, ahead: deque[tuple[int, str]], source: Iterator[tuple[int, str]], delimiter: str, width: int
) -> list[str]:
    """The record that begins on `line`, with the lines that its quoted value takes; those leave `ahead`."""
    text, taken = line, 0
    while text.count(QUOTE) % 2 and taken < MAX_LINES_OF_A_VALUE:
        if taken == len(ahead):
            following = next(source, None)
            if following is None:
                break
            ahead.append(following)
        text += "\n" + ahead[taken][1]
        taken += 1
    records = _parsed(text, delimiter)
    if text.count(QUOTE) % 2 == 0 and len(records) == 1 and len(records[0]) == width:
        for _ in range(taken):
            ahead.popleft()
        return records[0]
    return cells_of(line, delimiter)


def _parsed(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        return []
