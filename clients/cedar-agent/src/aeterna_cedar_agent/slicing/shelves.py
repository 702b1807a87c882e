"""Parsed handles for parts of a policy set, so that few policies are evaluated and few parsed."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import cedarpy
from cedarpy import pst

from aeterna_cedar_agent.slicing.postings import Bits, bits_of, places
from aeterna_cedar_agent.slicing.world import Uid

# Measured microseconds: a call of the engine, one more policy in it, parsing one policy.
CALL, EVALUATE, PARSE = 17.0, 0.6, 28.0
SHELF = 8
# A handle for one combination is never parsed for more policies than this: it holds up decisions.
COMBINED = 128
REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class Part:
    """A handle of some policies; `first` is what a parser id such as policy7 counts from."""

    handle: cedarpy.PolicySet
    first: int = 0


@dataclass(slots=True)
class Shelf:
    """Policies side by side, parsed together when first needed."""

    start: int
    size: int
    part: Part | None = None
    named: frozenset[Uid] | None = None


@dataclass(slots=True)
class _Combination:
    shelves: list[Shelf]
    excess: float
    spent: float = 0.0
    part: Part | None = None


@dataclass(slots=True)
class Shelves:
    """Every policy on one shelf; combinations that are asked for often get a handle of their own.

    A combination is parsed once its shelves have cost as much as parsing does, so that no request
    pattern costs more than twice what the best choice would.
    """

    trees: Sequence[pst.Template | None]
    numbers: Sequence[int]
    shelves: list[Shelf]
    _at: list[Shelf] = field(init=False)
    _whole: Bits = field(init=False)
    _combinations: OrderedDict[Bits, _Combination] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._at = [shelf for shelf in self.shelves for _ in range(shelf.size)]
        self._whole = bits_of(place for place, tree in enumerate(self.trees) if tree is None)

    def warm(self) -> None:
        """Parse every shelf that was not needed yet."""
        for shelf in self.shelves:
            self._part_of(shelf)

    def cover(self, wanted: Bits) -> list[Part]:
        """Return parts that hold every wanted policy; some may be in two, and others with them."""
        unread = wanted & self._whole
        parts = [self._part_of(shelf) for shelf in self._touched(unread)] if unread else []
        for piece in self._pieces(wanted & ~self._whole):
            parts.extend(self._combined(piece))
        return parts

    def entities_named(self, wanted: Bits) -> frozenset[Uid] | None:
        """Return the entities that the policies beside the wanted ones name in their text.

        None where one of them nests too deep to tell.
        """
        if wanted & self._whole:
            return None
        found: set[Uid] = set()
        for shelf in self._touched(wanted):
            if shelf.named is None:
                trees = self.trees[shelf.start : shelf.start + shelf.size]
                uids = pst.entity_uids(tuple(tree for tree in trees if tree is not None))
                shelf.named = frozenset(Uid(str(uid.type), uid.id) for uid in uids)
            found |= shelf.named
        return frozenset(found)

    def _combined(self, wanted: Bits) -> list[Part]:
        known = self._combinations.pop(wanted, None) or self._measure(wanted)
        self._combinations[wanted] = known
        if len(self._combinations) > REMEMBERED:
            self._forget_oldest()
        if known.part is not None:
            return [known.part]
        known.spent += known.excess
        count = wanted.bit_count()
        if count <= COMBINED and known.spent > PARSE * (count + 1):
            known.part = self._parse(places(wanted))
            known.shelves = []
            return [known.part]
        return [self._part_of(shelf) for shelf in known.shelves]

    def _measure(self, wanted: Bits) -> _Combination:
        shelves = list(self._touched(wanted))
        surplus = sum(shelf.size for shelf in shelves) - wanted.bit_count()
        return _Combination(shelves, (len(shelves) - 1) * CALL + surplus * EVALUATE)

    def _forget_oldest(self) -> None:
        try:
            self._combinations.popitem(last=False)
        except KeyError:  # another thread was first
            return

    def _pieces(self, wanted: Bits) -> Iterator[Bits]:
        if wanted.bit_count() <= COMBINED:
            if wanted:
                yield wanted
            return
        mask, start = (1 << COMBINED) - 1, 0
        while wanted >> start:
            piece = (wanted >> start) & mask
            if piece:
                yield piece << start
            start += COMBINED

    def _touched(self, wanted: Bits) -> Iterator[Shelf]:
        base = 0
        while wanted:
            shelf = self._at[base + (wanted & -wanted).bit_length() - 1]
            yield shelf
            end = shelf.start + shelf.size
            wanted >>= end - base
            base = end

    def _part_of(self, shelf: Shelf) -> Part:
        if shelf.part is None:
            shelf.part = self._parse(range(shelf.start, shelf.start + shelf.size))
        return shelf.part

    def _parse(self, chosen: Sequence[int]) -> Part:
        policies = {}
        for place in sorted(chosen, key=self.numbers.__getitem__):
            tree = self.trees[place]
            if tree is not None:
                name = f"policy{self.numbers[place]}"
                policies[name] = tree if tree.id == name else replace(tree, id=name)
        return Part(cedarpy.PolicySet.from_pst(pst.PolicySet({}, policies, ())))
