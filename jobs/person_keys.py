"""The keys of many people and households at once; each identity number is keyed once a process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.identity import Pseudonymiser
from jobs.scratch import scratch_database

# Text that hardly repeats is smaller and faster without a dictionary.
LARGEST_DICTIONARY = 0.5


@dataclass(frozen=True)
class PeopleKeys:
    """One key for each row (null where there is no number), and the table `key`, `number` of those named."""

    column: pa.Array
    numbers: pa.Table


class PersonKeys:
    """Makes keys, and remembers them in memory for as long as the process lives."""

    def __init__(self, pseudonymiser: Pseudonymiser) -> None:
        self._pseudonymiser = pseudonymiser
        self._known = scratch_database(threads=1)
        self._known.execute("create table known (number varchar, key varchar)")

    @property
    def row_secrets(self) -> Sequence[str]:
        """What the digests of rows are made with, so that nobody can try out contents: one for each version."""
        return self._pseudonymiser.row_secrets

    def of_people(self, numbers: pa.ChunkedArray) -> PeopleKeys:
        """The keys of normalised identity numbers, all of them right ones."""
        unique, places = _distinct(numbers)
        keys = self._remembered(unique)
        return PeopleKeys(spread(keys, places), pa.table({"key": keys, "number": unique}))

    def of_other_numbers(self, numbers: pa.ChunkedArray) -> pa.Array:
        """The keys of identity numbers that may be wrong ones: they are not remembered as right."""
        unique, places = _distinct(numbers)
        return spread(_keys_of(unique, self._pseudonymiser.person_key), places)

    def are_known(self, numbers: pa.Array) -> npt.NDArray[np.bool_]:
        """For each text, whether it is a normalised number that was keyed before, and so a right one."""
        known: npt.NDArray[np.bool_] = self._found(numbers).column("key").is_valid().to_numpy()
        return known

    def of_households(self, numbers: pa.ChunkedArray) -> pa.Array:
        """The keys of household numbers."""
        unique, places = _distinct(numbers)
        return spread(_keys_of(unique, self._pseudonymiser.household_key), places)

    def _remembered(self, numbers: pa.Array) -> pa.Array:
        found = self._found(numbers)
        keys = found.column("key").combine_chunks()
        if keys.null_count:
            new = found.column("number").combine_chunks().filter(keys.is_null())
            made = _keys_of(new, self._pseudonymiser.person_key)
            self._known.register("made", pa.table({"number": new, "key": made}))
            self._known.execute("insert into known select number, key from made")
            keys = pc.replace_with_mask(keys, keys.is_null(), made)
        return keys

    def _found(self, numbers: pa.Array) -> pa.Table:
        """The numbers, in the same order, with their `key` where they were keyed before."""
        places = np.arange(len(numbers), dtype=np.int32)
        self._known.register("asked", pa.table({"number": numbers, "place": places}))
        return self._known.execute(
            "select number, key from asked left join known using (number) order by place"
        ).to_arrow_table()


def spread(values: pa.Array, places: pa.Array) -> pa.Array:
    """The values at the given places, null where a place is; repeating text stays dictionary-coded."""
    if not pa.types.is_string(values.type) or len(values) > LARGEST_DICTIONARY * len(places):
        return values.take(places)
    # Different texts may mean the same value, and none may be read: the dictionary holds each value once.
    unique = values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(unique.indices.take(places), unique.dictionary)


def _distinct(numbers: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """The distinct numbers, and for each row the place of its own among them, null where there is none."""
    coded = numbers.combine_chunks()
    if not pa.types.is_dictionary(coded.type):
        coded = coded.dictionary_encode()
    return coded.dictionary, coded.indices


def _keys_of(numbers: pa.Array, key_of: Callable[[str], str]) -> pa.Array:
    return pa.array([key_of(number) for number in numbers.to_pylist()], pa.string())
