"""What a division code of old is called on a date."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from schemas.division_changes import LEVEL_DIGITS, DivisionChange, division_changes, level_of
from schemas.divisions import divisions


@dataclass(frozen=True, slots=True)
class Succession:
    """What a code of old is called on a date; `keeps_grids` where only the code changed, not the land."""

    code: str
    next_code: str
    current_code: str
    keeps_grids: bool


def successions(as_of: date) -> list[Succession]:
    """What every code of old that is known is called on the date; codes that stand as they are have no entry.

    A successor that is in no list of divisions is not followed, so that nobody falls out of the tree.
    """
    in_force = {change.code: change for change in division_changes() if change.effective_on <= as_of}
    known = {division.code for division in divisions()}
    expanded = dict(_expanded(in_force, known))
    found = (_followed(code, expanded) for code in expanded)
    return sorted((item for item in found if item.current_code in known), key=lambda item: item.code)


def _expanded(by_code: Mapping[str, DivisionChange], known: set[str]) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Pairs of a code and its next code, those of the divisions under a recoded one included."""
    for change in by_code.values():
        if change.successor_code is None or change.change == "renamed":
            continue
        yield change.code, (change.successor_code, change.change == "recoded")
        digits = LEVEL_DIGITS[level_of(change.code)]
        if change.change != "recoded" or digits == 12:
            continue
        prefix, successor = change.code[:digits], change.successor_code[:digits]
        for suffix in _suffixes_under(successor, by_code, known):
            if prefix + suffix not in by_code:
                yield prefix + suffix, (successor + suffix, True)


def _suffixes_under(prefix: str, by_code: Mapping[str, DivisionChange], known: set[str]) -> set[str]:
    """The ends of the codes that stand, or once stood, under a code; through later recodings too."""
    codes = {code for code in known if code.startswith(prefix)} | {code for code in by_code if code.startswith(prefix)}
    own = prefix.ljust(12, "0")
    suffixes = {code[len(prefix) :] for code in codes} - {own[len(prefix) :]}
    if (change := by_code.get(own)) and change.successor_code and change.change == "recoded":
        suffixes |= _suffixes_under(change.successor_code[: len(prefix)], by_code, known)
    return suffixes


def _followed(code: str, nexts: Mapping[str, tuple[str, bool]]) -> Succession:
    at, keeps_grids = code, True
    while at in nexts:
        at, keeps = nexts[at]
        keeps_grids = keeps_grids and keeps
    return Succession(code, nexts[code][0], at, keeps_grids)
