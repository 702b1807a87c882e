"""Which policies of a set may say anything about a request: a superset, never one too few."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import cedarpy
from cedarpy import pst

from aeterna_cedar_agent.slicing.guards import Check, Facts, guards_of, type_name, uid_of
from aeterna_cedar_agent.slicing.postings import Bits, Postings
from aeterna_cedar_agent.slicing.shelves import SHELF, Part, Shelf, Shelves
from aeterna_cedar_agent.slicing.statements import Source, numbered
from aeterna_cedar_agent.slicing.world import Uid, World

# Guards are looked at in turn for each request, so only those that most policies share are kept.
GUARD_GROUPS = 48

ANY = ("any",)
ScopeKey = tuple[str, ...]
_SPECIFIC = ("eq", "in", "is in")


@dataclass(slots=True)
class _Group:
    """Policies with a guard on the same check, after the same checks."""

    check: Check
    after: frozenset[Check]
    members: Bits = 0
    keys: Postings = field(default_factory=Postings)


@dataclass(frozen=True, slots=True)
class _Statement:
    number: int
    tree: pst.Template
    principal: ScopeKey
    action: list[ScopeKey]
    resource: ScopeKey

    @property
    def order(self) -> tuple[Any, ...]:
        """Policies that a request needs together stand side by side: by whom they are about."""
        if self.principal[0] in _SPECIFIC:
            return (0, self.principal[-2:], self.action, self.resource, self.number)
        if self.resource[0] in _SPECIFIC:
            return (1, self.resource[-2:], self.action, self.principal, self.number)
        return (2, self.action, self.principal, self.resource, self.number)


class Index:
    """The policies of one set by what must hold for them to apply."""

    def __init__(self, sources: Sequence[Source]) -> None:
        """Index statements numbered in the order of the sources."""
        statements, unread = _split(sources)
        statements.sort(key=_ORDER)
        self._scopes = {name: Postings() for name in ("principal", "action", "resource")}
        self._groups: dict[tuple[Check, frozenset[Check]], _Group] = {}
        for place, statement in enumerate(statements):
            self._add(place, statement)
        self.size = sum(source.size for source in sources)
        self.everything: Bits = (1 << self.size) - 1
        shelves = [
            Shelf(start, min(SHELF, len(statements) - start))
            for start in range(0, len(statements), SHELF)
        ]
        trees: list[pst.Template | None] = [statement.tree for statement in statements]
        numbers = [statement.number for statement in statements]
        for first, size, handle in unread:
            shelves.append(Shelf(len(trees), size, Part(handle, first)))
            self._scopes_always(range(len(trees), len(trees) + size))
            trees.extend([None] * size)
            numbers.extend(range(first, first + size))
        self.shelves = Shelves(trees, numbers, shelves)
        self._close()

    def scope(self, name: str, uid: Uid, *, world: World) -> Bits:
        """Return the policies whose principal, action or resource scope this uid is in."""
        return self._scopes[name].read(_keys_of(uid, world=world))

    def guarded(self, candidates: Bits, facts: Facts) -> Bits:
        """Return the candidates without those that a guard rules out."""
        for group in self._kept:
            if candidates & group.members:
                found = facts.ask(group.check)
                if found is None or any(facts.ask(check) is None for check in group.after):
                    continue
                candidates &= ~group.members | group.keys.read(found)
        return candidates

    def _add(self, place: int, statement: _Statement) -> None:
        self._scopes["principal"].add([statement.principal], place)
        self._scopes["action"].add(statement.action, place)
        self._scopes["resource"].add([statement.resource], place)
        for guard in guards_of(statement.tree.clauses):
            name = (guard.check, guard.after)
            group = self._groups.setdefault(name, _Group(*name))
            group.keys.add(guard.keys, place)
            group.keys.add([_MEMBERS], place)

    def _scopes_always(self, places: range) -> None:
        for place in places:
            for postings in self._scopes.values():
                postings.add([ANY], place)

    def _close(self) -> None:
        for postings in self._scopes.values():
            postings.close()
        for group in self._groups.values():
            group.keys.close()
            group.members = group.keys.read([_MEMBERS])
        groups = sorted(self._groups.values(), key=lambda one: -one.members.bit_count())
        self._kept = tuple(groups[:GUARD_GROUPS])
        self._groups = {}


_ORDER = attrgetter("order")
# Stands beside the keys of guards and equals none of them.
_MEMBERS = ANY


def _split(
    sources: Sequence[Source],
) -> tuple[list[_Statement], list[tuple[int, int, cedarpy.PolicySet]]]:
    read: list[_Statement] = []
    unread: list[tuple[int, int, cedarpy.PolicySet]] = []
    for first, source in numbered(sources):
        if source.unread is not None:
            unread.append((first, source.size, source.unread))
        read.extend(_statement(first + at, tree) for at, tree in enumerate(source.trees or ()))
    return read, unread


def _statement(number: int, tree: pst.Template) -> _Statement:
    return _Statement(
        number,
        tree,
        principal=_scope_key(tree.principal),
        action=_action_keys(tree.action),
        resource=_scope_key(tree.resource),
    )


def _scope_key(scope: pst.PrincipalOrResourceConstraint) -> ScopeKey:
    match scope:
        case pst.ScopeEq(pst.EntityUid() as uid):
            return ("eq", *uid_of(uid))
        case pst.ScopeIn(pst.EntityUid() as uid):
            return ("in", *uid_of(uid))
        case pst.ScopeIs(kind):
            return ("is", type_name(kind))
        case pst.ScopeIsIn(kind, pst.EntityUid() as uid):
            return ("is in", type_name(kind), *uid_of(uid))
        case pst.ScopeAny():
            return ANY
    raise ValueError(f"a scope is written in an unknown way: {scope!r}")


def _action_keys(scope: pst.ActionConstraint) -> list[ScopeKey]:
    match scope:
        case pst.ActionEq(uid):
            return [("eq", *uid_of(uid))]
        case pst.ActionIn(uids):
            return [("in", *uid_of(uid)) for uid in dict.fromkeys(uids)]
        case pst.ScopeAny():
            return [ANY]
    raise ValueError(f"a scope is written in an unknown way: {scope!r}")


def _keys_of(uid: Uid, *, world: World) -> Iterator[ScopeKey]:
    yield ANY
    yield ("eq", *uid)
    yield ("is", uid.type)
    for above in world.line(uid):
        yield ("in", *above)
        yield ("is in", uid.type, *above)
