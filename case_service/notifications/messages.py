"""What a message may hold, and the words it is put into.

A message knows the number of an order, a village, a due time and a link. It has no field for a name, a number that
identifies, an illness or an amount, and the words are made from these fields alone: what is not in it cannot leak.
"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from case_service.clock import SHANGHAI
from case_service.tables import Unit, WorkOrder
from case_service.tables.notifications import Happening
from case_service.tables.people import LONGEST_UNIT_NAME, UnitLevel
from case_service.web import Language
from case_service.words import say

TEMPLATES = frozenset(f"message.{happening}" for happening in Happening)


class OrderNotice(BaseModel):
    """The four things a message says; others cannot be put in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order_number: Annotated[str, Field(pattern=r"^GD\d{8,}$")]
    village: Annotated[str, Field(min_length=1, max_length=LONGEST_UNIT_NAME)]
    due_at: datetime | None
    link: Annotated[str, Field(pattern=r"^https?://\S+/orders/GD\d{8,}$")]


def notice_of(order: WorkOrder, due_at: datetime | None, address: str) -> OrderNotice:
    """What may be said of `order`."""
    return OrderNotice(
        order_number=order.number,
        village=village_name(order.unit),
        due_at=due_at,
        link=f"{address}/orders/{order.number}",
    )


def village_name(unit: Unit) -> str:
    """The village of a grid; any other unit by its own name."""
    return unit.parent.name if unit.level is UnitLevel.GRID and unit.parent else unit.name


def due_in_words(notice: OrderNotice, language: Language = "zh") -> str:
    """The day and minute by which the work is to be done, or that the clock does not run."""
    if notice.due_at is None:
        return say("message.no_due", language)
    local = notice.due_at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}" if language == "zh" else f"{local.day} {local:%b, %H:%M}"


def line_of(happening: Happening, notice: OrderNotice, language: Language = "zh") -> str:
    """The message in one sentence, without the link."""
    return say(
        f"message.{happening}",
        language,
        order=notice.order_number,
        village=notice.village,
        due=due_in_words(notice, language),
    )


def text_of(happening: Happening, notice: OrderNotice) -> str:
    """The message as it goes out: from whom, what, and where to read on."""
    return f"【{say('product', 'zh')}】{line_of(happening, notice)} {notice.link}"
