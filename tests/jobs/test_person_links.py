"""Links between person keys: chains are followed, and what cannot be true is not."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from jobs.people.links import PersonLink, resolved

DAY = date(2026, 11, 20)
KEYS = st.sampled_from("abcdef")


def link(former: str, following: str, day: int = 1, kind: str = "changed") -> PersonLink:
    return PersonLink(former, following, kind, date(2026, 11, day), DAY, "register_event", "d", day)


def ends(*links: PersonLink) -> dict[str, tuple[str, str]]:
    return {found.former_key: (found.person_key, found.standing) for found in resolved(links)}


def test_a_chain_leads_to_its_end_and_each_link_ends_where_the_next_begins() -> None:
    first, second = resolved([link("a", "b", 1), link("b", "c", 5)])
    assert (first.person_key, second.person_key) == ("c", "c")
    assert (first.valid_to, second.valid_to) == (date(2026, 11, 4), None)


def test_a_number_claimed_by_two_people_stays_its_own_and_so_does_who_leads_to_it() -> None:
    found = ends(link("z", "a"), link("a", "b"), link("a", "c"))
    assert found == {"z": ("a", "followed"), "a": ("a", "claimed_twice")}


def test_two_ways_to_the_same_person_are_one() -> None:
    assert ends(link("a", "b"), link("b", "c"), link("a", "c"))["a"] == ("c", "followed")


def test_a_circle_is_not_followed_and_leads_nobody_round() -> None:
    found = ends(link("a", "b"), link("b", "c"), link("c", "a"), link("z", "a"))
    assert found == {key: (key, "in_a_circle") for key in "abc"} | {"z": ("a", "followed")}


def test_two_registered_people_are_not_one() -> None:
    [found] = resolved([link("a", "b")], both_registered={("a", "b")})
    assert (found.person_key, found.standing) == ("a", "both_registered")


def test_what_a_person_decided_overrules_the_register() -> None:
    found = resolved([link("a", "b"), link("a", "c"), link("a", "c", kind="reviewed")])
    assert [(item.next_key, item.person_key, item.standing) for item in found] == [
        ("b", "a", "overruled"),
        ("c", "c", "followed"),
        ("c", "c", "followed"),
    ]
    [rejected] = resolved([link("a", "b")], rejected={("a", "b")})
    assert (rejected.person_key, rejected.standing) == ("a", "overruled")


@given(st.lists(st.tuples(KEYS, KEYS).filter(lambda pair: pair[0] != pair[1]), max_size=8))
def test_a_key_leads_to_one_that_stands_for_itself_whatever_is_claimed(pairs: list[tuple[str, str]]) -> None:
    links = [link(former, following, 1 + at) for at, (former, following) in enumerate(pairs)]
    found = resolved(links)
    assert len(found) == len(links)
    followed = {item.former_key: item.person_key for item in found if item.standing == "followed"}
    assert not set(followed) & set(followed.values())
    assert resolved(reversed(links)) == found
