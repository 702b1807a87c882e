"""Which policies answer to a key, as sets of bits."""

from collections.abc import Iterable
from typing import Any

# Above this many a set is kept as one number; below, that would waste memory on large indexes.
MANY = 64

Bits = int


class Postings:
    """Sets of policies by key; a policy is the position of a bit."""

    def __init__(self) -> None:
        self._places: dict[Any, list[int]] = {}
        self._bits: dict[Any, Bits] = {}

    def add(self, keys: Iterable[Any], place: int) -> None:
        """Let the policy at this place answer to each of the keys."""
        for key in keys:
            self._places.setdefault(key, []).append(place)

    def close(self) -> None:
        """Make large sets quick to read; nothing is added afterwards."""
        large = [key for key, places in self._places.items() if len(places) > MANY]
        for key in large:
            self._bits[key] = bits_of(self._places.pop(key))

    def read(self, keys: Iterable[Any]) -> Bits:
        """Return the policies that answer to any of the keys."""
        found = 0
        for key in keys:
            if key in self._bits:
                found |= self._bits[key]
            for place in self._places.get(key, ()):
                found |= 1 << place
        return found


def bits_of(places: Iterable[int]) -> Bits:
    """Return the set of these places."""
    places = tuple(places)
    marks = bytearray(max(places, default=0) // 8 + 1)
    for place in places:
        marks[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(marks, "little")


def places(bits: Bits) -> list[int]:
    """Return the places in a set, lowest first."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found
