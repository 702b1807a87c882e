"""Principals and targets in classes: those of one class are decided alike."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..analysis import Schema
from .directory import Directory
from .reads import Read
from .statements import Statement
from .types import Target, Uid

Answers = tuple[Hashable, ...]
M = TypeVar("M", Uid, Target)
UNKNOWN = "any"


@dataclass(frozen=True, slots=True)
class Group(Generic[M]):
    """Members that answer alike, per statement; None where its scope does not reach them."""

    members: tuple[M, ...]
    answers: tuple[Answers | None, ...]


class Classes:
    """Groups the entities of one organization, each question asked once of each."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self._known: dict[tuple[str, str, Hashable], Answers | None] = {}

    def principals(self, type: str, statements: Sequence[Statement]) -> list[Group[Uid]]:
        """Return the principals of a type in classes, in order."""
        found: dict[tuple[Answers | None, ...], list[Uid]] = defaultdict(list)
        for uid in self.directory.of_types([type]):
            found[tuple(self._entity(one, "principal", uid) for one in statements)].append(uid)
        return [Group(tuple(members), answers) for answers, members in found.items()]

    def targets(
        self, type: str, statements: Sequence[Statement], schema: Schema, *, is_known: bool
    ) -> list[Group[Target]]:
        """Return the targets of a type in classes: entities if known, else any in each place."""
        found: dict[tuple[Answers | None, ...], list[Target]] = defaultdict(list)
        if is_known:
            for uid in self.directory.of_types([type]):
                answers = tuple(self._entity(one, "resource", uid) for one in statements)
                found[answers].append(Target(uid.type, uid.id, ""))
        else:
            for target, uid, line in self._unknown(type, statements, schema):
                place = tuple(_place_answers(one, uid, line) for one in statements)
                found[place].append(target)
        return [Group(tuple(members), answers) for answers, members in found.items()]

    def below(self, path: Sequence[str], type: str) -> dict[Uid, frozenset[Uid]]:
        """Return which principals of a type are, by a path, in each entity."""
        found: dict[Uid, set[Uid]] = defaultdict(set)
        for uid in self.directory.of_types([type]):
            value = self.directory.value(uid, path[1:])
            if isinstance(value, Uid):
                for above in self.directory.line(value):
                    found[above].add(uid)
        return {above: frozenset(members) for above, members in found.items()}

    def _entity(self, statement: Statement, root: str, uid: Uid) -> Answers | None:
        key = (statement.policy.digest, root, uid)
        if key not in self._known:
            reaches = statement.reaches(root, uid, self.directory.line(uid))
            self._known[key] = self._answers(statement, root, uid) if reaches else None
        return self._known[key]

    def _answers(self, statement: Statement, root: str, uid: Uid) -> Answers:
        return tuple(self.directory.answer(read, uid) for read in _of_root(statement, root))

    def _unknown(
        self, type: str, statements: Sequence[Statement], schema: Schema
    ) -> Iterator[tuple[Target, Uid, frozenset[Uid]]]:
        above = schema.entities[type].ancestors
        places = [None, *self.directory.of_types(above)]
        for name in ("", *named_ids(type, statements)):
            uid = Uid(type, name or unnamed_id(type, statements))
            for place in places:
                line = frozenset({uid}) | (self.directory.line(place) if place else frozenset())
                yield Target(type, name, place.id if place else ""), uid, line


def named_ids(type: str, statements: Sequence[Statement]) -> list[str]:
    """Return the ids of a type that statements compare the resource with."""
    found = {uid for one in statements for uid in one.named("resource")}
    for one in statements:
        found |= {
            literal
            for read in one.reads
            if read.path == ("resource",)
            for literal in read.literals
            if isinstance(literal, Uid)
        }
    return sorted(uid.id for uid in found if uid.type == type)


def unnamed_id(type: str, statements: Sequence[Statement]) -> str:
    """Return an id of a type that no statement names."""
    taken = named_ids(type, statements)
    return next(name for at in range(len(taken) + 1) if (name := f"{UNKNOWN}{at}") not in taken)


def _of_root(statement: Statement, root: str) -> Iterator[Read]:
    for read in statement.reads:
        if read.path[0] == root:
            yield read
        if read.kind == "under" and read.literals[0] == root:
            yield Read("whole", read.literals)


def _place_answers(statement: Statement, uid: Uid, line: frozenset[Uid]) -> Answers | None:
    """Return what can be said of a resource by its id and place alone."""
    if not statement.reaches("resource", uid, line):
        return None
    asked = (read for read in _of_root(statement, "resource") if read.path == ("resource",))
    return tuple(_place_answer(read, uid, line) for read in asked if read.kind != "has")


def _place_answer(read: Read, uid: Uid, line: frozenset[Uid]) -> Hashable:
    if read.kind == "in":
        return not line.isdisjoint(read.literals)
    if read.kind == "eq":
        return bool(uid == read.literals[0])
    return uid, line
