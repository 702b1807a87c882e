"""The organization's entities: who is below what, and what each holds."""

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from .reads import Read
from .types import Uid

MISSING = "missing"


class Directory:
    """Entities by uid; what is learnt about them is kept."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Read entities given as Cedar JSON with plain uids and `__entity` references."""
        self._rows = {_uid(row["uid"]): row for row in rows}
        self._lines: dict[Uid, frozenset[Uid]] = {}

    def of_types(self, types: Iterable[str]) -> list[Uid]:
        """Return the entities of these types, in order."""
        wanted = frozenset(types)
        return sorted(uid for uid in self._rows if uid.type in wanted)

    def line(self, uid: Uid) -> frozenset[Uid]:
        """Return the uid and all that it is in, also what no entity describes."""
        known = self._lines.get(uid)
        if known is None:
            found, waiting = {uid}, [uid]
            while waiting:
                row = self._rows.get(waiting.pop(), {"parents": ()})
                fresh = {_uid(parent) for parent in row["parents"]} - found
                found |= fresh
                waiting += fresh
            known = self._lines[uid] = frozenset(found)
        return known

    def value(self, uid: Uid, names: Sequence[str]) -> Any:
        """Return what is at a path from an entity, a reference as Uid; MISSING if nothing is."""
        value: Any = uid
        for name in names:
            held = self._rows.get(value, {}).get("attrs") if isinstance(value, Uid) else value
            if not isinstance(held, Mapping) or name not in held:
                return MISSING
            value = held[name]
            if isinstance(value, Mapping) and set(value) == {"__entity"}:
                value = _uid(value["__entity"])
        return value

    def answer(self, read: Read, uid: Uid) -> Hashable:
        """Return what an entity answers to a question; equal answers are decided alike."""
        value = self.value(uid, read.path[1:])
        if read.kind == "has":
            return self.value(uid, (*read.path[1:], *read.literals)) is not MISSING
        if read.kind == "in" and isinstance(value, Uid):
            return not self.line(value).isdisjoint(read.literals)
        if read.kind == "eq" and isinstance(value, str | int):
            return bool(value == read.literals[0]) and type(value) is type(read.literals[0])
        if read.kind == "eq" and isinstance(value, Uid):
            return bool(value == read.literals[0])
        if read.kind == "holds" and isinstance(value, list) and type(read.literals[0]) is str:
            return read.literals[0] in value
        return value if isinstance(value, Uid) else json.dumps(value, sort_keys=True)

    def reach(self, uids: Iterable[Uid]) -> list[Mapping[str, Any]]:
        """Return every entity that can be reached from these, by parents or references."""
        waiting = sorted(set(uids), reverse=True)
        seen, found = set(waiting), []
        while waiting:
            row = self._rows.get(waiting.pop())
            if row is None:
                continue
            found.append(row)
            fresh = {_uid(parent) for parent in row["parents"]} | set(_mentions(row["attrs"]))
            waiting += sorted(fresh - seen)
            seen |= fresh
        return found


def _mentions(value: Any) -> Iterable[Uid]:
    if isinstance(value, list):
        for one in value:
            yield from _mentions(one)
    elif isinstance(value, Mapping):
        if set(value) == {"__entity"}:
            yield _uid(value["__entity"])
        else:
            for one in value.values():
                yield from _mentions(one)


def _uid(value: Mapping[str, str]) -> Uid:
    return Uid(value["type"], value["id"])
