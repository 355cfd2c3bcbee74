"""What people were told during a day and later deliveries of the same date overtook.

Nobody can be untold: such a warning stays with its order and its outcome. Either its claims hold no longer, or they
stand in another warning of the date, which a more urgent claim leads.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from jobs.claims.household import from_text
from schemas.messages import Text

HOLDS_NO_LONGER = Text(
    zh="当日告知之后，同日到达的数据更正了它所依据的情况，此结论不再成立；已派的工单和走访结果照常保留",
    en="people were told, and what landed later on the same date no longer bears it out; its order and outcome stay",
)
GOES_ON_ELSEWHERE = Text(
    zh="当日告知之后，同日到达的数据使该户另一项更紧急的结论成为主因，此结论归入另一条预警；已派的工单照常保留",
    en="people were told, and with what landed later on the same date it belongs to another warning; its order stays",
)

Row = Mapping[str, Any]
Rows = Callable[..., list[dict[str, Any]]]


def is_overtaken(row: Row | None) -> bool:
    """Whether a row of ads.claim or ads.warning is; one written before there was such a thing is not."""
    return bool(row and row.get("overtaken"))


def goes_on_in(rows: Rows, warning: Row) -> list[str]:
    """The warnings of the date in which claims of an overtaken one stand now; none where they hold no longer."""
    ids = set(from_text(warning["household"]).claim_ids)
    claims = rows("ads.claim", business_date=warning["business_date"])
    now = {claim["warning_id"] for claim in claims if claim["claim_id"] in ids and not is_overtaken(claim)}
    return sorted(now - {warning["warning_id"], None})


def overtaken_by(rows: Rows, claims: Sequence[Row]) -> Iterator[Row]:
    """The overtaken warnings of the date in which any of the claims stood before."""
    ids, own = {claim["claim_id"] for claim in claims}, {claim["warning_id"] for claim in claims}
    for warning in rows("ads.warning", business_date=claims[0]["business_date"]):
        is_earlier = is_overtaken(warning) and warning["warning_id"] not in own
        if is_earlier and ids & set(from_text(warning["household"]).claim_ids):
            yield warning
