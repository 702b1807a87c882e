"""Decisions by the Cedar engine over only the policies that may matter, told as if over all."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import cedarpy
from cedarpy import pst

from aeterna_cedar_agent.slicing.guards import Facts
from aeterna_cedar_agent.slicing.index import Index
from aeterna_cedar_agent.slicing.postings import Bits, places
from aeterna_cedar_agent.slicing.request import Request, read_json, read_request
from aeterna_cedar_agent.slicing.shelves import Part
from aeterna_cedar_agent.slicing.statements import read_set
from aeterna_cedar_agent.slicing.verdict import Gathered, Verdict
from aeterna_cedar_agent.slicing.world import MISSING, Entity, Uid, World, mentions, rows_of

# Beyond this many entities, adding to the parsed store is quicker than parsing a slice of it.
SLICED_ENTITIES = 400
# What the remembered scopes of entities may hold in memory, in bytes.
REMEMBERED_BYTES = 16_000_000

_Batches = dict[int, tuple[Part, list[dict[str, Any]], list[Gathered]]]
_NOTHING = Part(cedarpy.PolicySet.from_pst(pst.PolicySet({}, {}, ())))


class Decider:
    """One policy set and one set of entities, ready to answer; safe to share between threads."""

    def __init__(
        self,
        *,
        index: Index,
        ids: Sequence[str],
        entities: cedarpy.Entities,
        world: World | None,
        schema: cedarpy.Schema | None = None,
    ) -> None:
        """Bind an index, whose policies have these ids by number, to entities.

        `world` tells of the same entities, and `schema` is what they were parsed with. Without a
        world every policy is evaluated, which is only slower.
        """
        self._index = index
        self._ids = ids
        self.entities = entities
        self.schema = schema
        self._world = world
        self._declared = _declared_by(schema)
        remembered = REMEMBERED_BYTES // (index.size // 8 + 100)
        self._scope: Callable[[str, Uid], Bits] = lru_cache(maxsize=remembered)(self._read_scope)

    def decide(self, request: Mapping[str, Any]) -> Verdict:
        """Answer one request; raises what cedarpy raises where it is no request at all."""
        return self.decide_many([request])[0]

    def decide_many(self, requests: Sequence[Mapping[str, Any]]) -> list[Verdict]:
        """Answer requests in their order; raises what cedarpy raises where one is no request."""
        asked_before: dict[tuple[object, ...], Gathered] = {}
        batches: _Batches = {}
        results = []
        for source in requests:
            request = read_request(source)
            gathered = asked_before.get(request.key) if request is not None else None
            if gathered is None:
                gathered = Gathered()
                self._plan(source, request, gathered, batches=batches)
                if request is not None:
                    asked_before[request.key] = gathered
            results.append(gathered)
        for part, questions, takers in batches.values():
            _evaluate(part, questions, takers, entities=self.entities, schema=self.schema)
        return [gathered.verdict(self._ids) for gathered in results]

    def decide_with(self, request: Mapping[str, Any], *, added: str) -> Verdict:
        """Answer one request with entities added for it alone, given as Cedar JSON.

        Raises ValueError where they cannot be added.
        """
        read = read_request(request)
        world = self._world_with(added) if read is not None else None
        asked, wanted = dict(request), self._index.everything
        entities = None
        if read is not None and world is not None:
            asked = read.asked
            wanted = self._candidates(read, world=world, scope=self._scope_in(world))
            entities = self._slice(read, wanted, world=world, added=added)
        if entities is None:
            entities = self.entities.with_added_json_str(added, self.schema)
        gathered = Gathered()
        for part in self._index.shelves.cover(wanted) or [_NOTHING]:
            _evaluate(part, [asked], [gathered], entities=entities, schema=self.schema)
        return gathered.verdict(self._ids)

    def over(self, entities: str) -> "Decider":
        """Return what decides by the same policies over other entities, given as Cedar JSON.

        Raises ValueError where they are none.
        """
        parsed = cedarpy.Entities.from_json_str(entities)
        world = World(rows_of(parsed))
        return Decider(index=self._index, ids=self._ids, entities=parsed, world=world)

    def candidates(self, request: Mapping[str, Any], *, added: str | None = None) -> list[str]:
        """Return the ids of the policies that may matter to a request, in the order of the set.

        `added` are entities added for it alone, as in `decide_with`.
        """
        numbers = self._index.shelves.numbers
        read = read_request(request)
        wanted = self._wanted(read) if added is None else self._wanted_with(read, added)
        return [self._ids[number] for number in sorted(numbers[at] for at in places(wanted))]

    def _plan(
        self,
        source: Mapping[str, Any],
        request: Request | None,
        gathered: Gathered,
        *,
        batches: _Batches,
    ) -> None:
        asked = dict(source) if request is None else request.asked
        for part in self._index.shelves.cover(self._wanted(request)) or [_NOTHING]:
            _, questions, takers = batches.setdefault(id(part), (part, [], []))
            questions.append(asked)
            takers.append(gathered)

    def _wanted(self, request: Request | None) -> Bits:
        if request is None or self._world is None:
            return self._index.everything
        return self._candidates(request, world=self._world, scope=self._scope)

    def _candidates(
        self, request: Request, *, world: World, scope: Callable[[str, Uid], Bits]
    ) -> Bits:
        wanted = scope("principal", request.principal) & scope("resource", request.resource)
        wanted &= scope("action", request.action)
        if not wanted:
            return 0
        return self._index.guarded(wanted, Facts(request, world=world))

    def _wanted_with(self, request: Request | None, added: str) -> Bits:
        world = self._world_with(added) if request is not None else None
        if request is None or world is None:
            return self._index.everything
        return self._candidates(request, world=world, scope=self._scope_in(world))

    def _read_scope(self, name: str, uid: Uid) -> Bits:
        return self._index.scope(name, uid, world=self._world or World())

    def _scope_in(self, world: World) -> Callable[[str, Uid], Bits]:
        return lambda name, uid: self._index.scope(name, uid, world=world)

    def _world_with(self, added: str) -> World | None:
        rows = read_json(added)
        if self._world is None or not isinstance(rows, list):
            return None
        try:
            world = World(rows, under=self._world)
        except ValueError:
            return None
        # The engine alone says which repetitions of an entity are the same entity.
        repeated = any(self._world.find(uid) is not None for uid in world.own)
        return None if repeated or len(world.own) < len(rows) else world

    def _slice(
        self, request: Request, wanted: Bits, *, world: World, added: str
    ) -> cedarpy.Entities | None:
        """Return all that evaluation can reach, or None where the whole store is needed."""
        named = self._index.shelves.entities_named(wanted)
        if named is None or request.context is MISSING:
            return None
        asked = (request.principal, request.action, request.resource)
        roots = {*asked, *world.own, *mentions(request.context), *named}
        reached = world.closure(roots, most=SLICED_ENTITIES)
        if reached is None:
            return None
        try:
            below = self._parse(reached, without=world.own)
            return below.with_added_json_str(added, self.schema)
        except ValueError:
            return None  # the whole store refuses them too, and says why in its own words

    def _parse(self, reached: Sequence[Entity], *, without: Sequence[Uid]) -> cedarpy.Entities:
        left_out = {*without, *self._declared}
        rows = [entity.row for entity in reached if entity.uid not in left_out]
        return cedarpy.Entities.from_json_str(json.dumps(rows), self.schema)


def decider_for(
    policies: cedarpy.PolicySet,
    entities: cedarpy.Entities,
    schema: cedarpy.Schema | None = None,
) -> Decider:
    """Return a decider for parsed handles; the schema is the one the entities were parsed with.

    Raises ValueError where a policy nests too deep to be read.
    """
    ids, source = read_set(policies)
    world = World(rows_of(entities))
    return Decider(index=Index([source]), ids=ids, entities=entities, world=world, schema=schema)


def _declared_by(schema: cedarpy.Schema | None) -> frozenset[Uid]:
    # A schema's actions are in every store that is parsed with it, and must not be given again.
    if schema is None:
        return frozenset()
    return frozenset(World(rows_of(cedarpy.Entities.from_json_str("[]", schema))).own)


def _evaluate(
    part: Part,
    questions: Sequence[dict[str, Any]],
    takers: Sequence[Gathered],
    *,
    entities: cedarpy.Entities,
    schema: cedarpy.Schema | None,
) -> None:
    answers = cedarpy.is_authorized_batch(list(questions), part.handle, entities, schema)
    for gathered, answer in zip(takers, answers, strict=True):
        gathered.take(answer, first=part.first)
