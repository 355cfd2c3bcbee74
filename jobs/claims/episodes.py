"""Which of tonight's hits were said before, and which must be said again.

An episode is warned of once. Where the model names a leading figure, the episode is another one each time that the
figure has doubled since it was last claimed: `2026:15000` becomes `2026:15000:x2`, then `:x4`.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from jobs.claims.claim import Known
from warning_models.loader import HelpModel

_MOST_DOUBLINGS = 20


def new_episode(
    model: HelpModel,
    row: Mapping[str, Any],
    claimed: Mapping[str, Decimal | None],
    known: Known,
) -> str | None:
    """The episode to claim tonight; None where it was claimed before, be it under a former key of the person."""
    episode = row["episode"]
    said = list(_said(model, (row["person_key"], *known.former.get(row["person_key"], ())), episode, claimed, known))
    if not said:
        return str(episode)
    figure = row[model.leading_figure] if model.leading_figure else None
    if figure is None or None in said:
        return None
    base, last = said[0], max(said)
    if base <= 0 or figure < 2 * last:
        return None
    step = max(step for step in range(1, _MOST_DOUBLINGS) if figure >= base * 2**step)
    return _doubled(episode, step)


def _said(
    model: HelpModel, keys: Sequence[str], episode: str, claimed: Mapping[str, Decimal | None], known: Known
) -> Iterator[Any]:
    """The leading figures with which the episode was claimed, the first one first."""
    for step in range(_MOST_DOUBLINGS):
        name = _doubled(episode, step) if step else episode
        found = [claimed[one] for one in (known.claim_id(model, key, name) for key in keys) if one in claimed]
        if not step and not found:
            return
        yield from found


def _doubled(episode: str, step: int) -> str:
    return f"{episode}:x{2**step}"
