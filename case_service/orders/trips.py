"""Orders that lie so near each other that one way leads to all of them.

Nothing but the address is known of where a household lives. Near are those of the same village
whose addresses agree up to the house number, and whose numbers are not far apart.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from case_service.orders.own_list import ListedOrder

NEAR = 20
HOUSE_NUMBER = re.compile(r"^(?P<street>.*?)(?P<number>\d+)\s*(?:号|幢|栋|#)")
WRITTEN_NUMBER = re.compile(r"[〇零一二三四五六七八九十百]+(?=[号幢栋])")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a household lives, as far as it tells who is near."""

    village: str
    street: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Trip:
    """Orders for one way, the most urgent first."""

    cards: tuple[ListedOrder, ...]

    @property
    def first(self) -> ListedOrder:
        """The order that decides when to go."""
        return self.cards[0]

    @property
    def size(self) -> int:
        """How many orders it takes."""
        return len(self.cards)

    @property
    def place_name(self) -> str:
        """The place that all of them share: the street, without what every address of the village begins with."""
        place = place_of(self.first)
        return place.street.rpartition(place.village)[2] or place.village


def trips(cards: Iterable[ListedOrder]) -> list[Trip]:
    """All orders in ways, in the order of the most urgent of each."""
    by_street: dict[tuple[str, str], list[ListedOrder]] = defaultdict(list)
    for card in cards:
        place = place_of(card)
        by_street[place.village, place.street or card.number].append(card)
    found = [
        Trip(tuple(sorted(near, key=attrgetter("by_urgency"))))
        for group in by_street.values()
        for near in _near_ones(group)
    ]
    return sorted(found, key=lambda trip: trip.first.by_urgency)


def place_of(card: ListedOrder) -> Place:
    """Where the household of `card` lives."""
    village = card.village_name or card.unit_name
    address = card.address or ""
    if found := HOUSE_NUMBER.match(address):
        return Place(village, found["street"], int(found["number"]))
    street, *rest = WRITTEN_NUMBER.split(address, maxsplit=1)
    return Place(village, street if rest else address, None)


def _near_ones(cards: list[ListedOrder]) -> list[list[ListedOrder]]:
    """`cards` of one street, cut wherever the next house is too far away."""
    numbered = sorted(cards, key=lambda card: (place_of(card).number or 0, card.number))
    groups: list[list[ListedOrder]] = []
    last = 0
    for card in numbered:
        number = place_of(card).number or 0
        if not groups or number - last > NEAR:
            groups.append([])
        groups[-1].append(card)
        last = number
    return groups
