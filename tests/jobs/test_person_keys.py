"""Keys are remembered for the process; only numbers that were read as right ones count as known."""

import pyarrow as pa

from jobs.identity import Pseudonymiser
from jobs.person_keys import PersonKeys

PSEUDONYMISER = Pseudonymiser(b"a-key-of-this-test")
RIGHT, OTHER, WRONG = "34070219880607822X", "340721195003097583", "340721195003097584"


def test_a_remembered_key_is_the_key() -> None:
    keys = PersonKeys(PSEUDONYMISER)
    numbers = pa.chunked_array([[RIGHT, None, OTHER, RIGHT]])
    for _ in range(2):
        people = keys.of_people(numbers)
        assert people.column.to_pylist() == [
            PSEUDONYMISER.person_key(RIGHT),
            None,
            PSEUDONYMISER.person_key(OTHER),
            PSEUDONYMISER.person_key(RIGHT),
        ]
        assert set(people.numbers["number"].to_pylist()) == {RIGHT, OTHER}


def test_a_number_that_may_be_wrong_is_keyed_but_not_taken_as_right() -> None:
    keys = PersonKeys(PSEUDONYMISER)
    keys.of_people(pa.chunked_array([[RIGHT]]))
    assert keys.of_other_numbers(pa.chunked_array([[WRONG, RIGHT]])).to_pylist() == [
        PSEUDONYMISER.person_key(WRONG),
        PSEUDONYMISER.person_key(RIGHT),
    ]
    assert keys.are_known(pa.array([RIGHT, WRONG, OTHER])).tolist() == [True, False, False]
