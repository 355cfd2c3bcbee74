"""The card of a score as a page that people read before they switch it on."""

from collections.abc import Iterator, Mapping
from typing import Any

_LIMITS = (
    "It learns from visits that were made: of households that no warning told of it knows nothing.",
    "What a visit recorded stands for need; whoever is seldom recorded as helped is ranked lower for it.",
    "It orders warnings as urgent as each other. It withholds none, and red goes first whatever it says.",
    "Train it again when models, parameters or the help on offer change.",
)


def page(card: Mapping[str, Any]) -> str:
    """The card in Markdown."""
    return "\n".join(_lines(card)) + "\n"


def _lines(card: Mapping[str, Any]) -> Iterator[str]:
    yield f"# Score of need, trained as of {card['trained_as_of']}"
    yield ""
    yield f"Learnt from {card['learnt_from']} closed visits; judged by {card['judged_by']} visits of warnings after "
    yield f"{card['trained_as_of']}, as known on {card['judged_until']}."
    yield ""
    if not card["is_usable"]:
        yield f"**The score stays off: {card['reason']}.**"
        yield ""
    yield "## What it is made from"
    yield ""
    for name, direction in card["directions"].items():
        yield f"- `{name}`: more of it may only {'raise' if direction > 0 else 'lower'} the score"
    yield ""
    yield f"Not used: {', '.join(card['not_used'])}."
    yield ""
    yield "## Limits"
    yield ""
    yield from (f"- {limit}" for limit in _LIMITS)
    if card["is_usable"]:
        yield from _judged(card)


def _judged(card: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "## On later warnings"
    yield ""
    yield f"- area under the curve {card['auc']}"
    yield f"- Brier score {card['brier']} (always the mean: {card['brier_of_the_mean']})"
    yield f"- of those found, in the first half of the queue: {_share(card['found_in_first_half'])}"
    yield ""
    yield "| fifth, mean score | visits | found |"
    yield "|---|---|---|"
    yield from (f"| {row['score']} | {row['visits']} | {_share(row['found'])} |" for row in card["calibration"])
    for name, rows in card["groups"].items():
        yield ""
        yield f"## Fairness by {name}"
        yield ""
        yield "| group | visits | mean score | found | of those found, in the first half |"
        yield "|---|---|---|---|---|"
        for row in rows:
            early = _share(row["in_first_half_of_those_found"])
            few = " (few)" if row["is_small"] else ""
            yield f"| {row['group']}{few} | {row['visits']} | {row['score']} | {_share(row['found'])} | {early} |"


def _share(measured: Mapping[str, float] | None) -> str:
    if measured is None:
        return "–"
    return f"{measured['value']:.1%} ({measured['low']:.1%}–{measured['high']:.1%})"
