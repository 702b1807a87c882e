"""The entities that decisions see, as far as slicing needs them: attributes and ancestors."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeGuard

import cedarpy

MISSING: Final = object()

Rows = Iterable[Mapping[str, Any]]


class Uid(NamedTuple):
    """The type and id of one entity."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity: its attributes and tags as Cedar JSON, and its direct parents."""

    uid: Uid
    row: Mapping[str, Any]
    attributes: Mapping[str, Any]
    parents: tuple[Uid, ...]


class World:
    """Entities by uid; immutable, so what is learnt about them is kept."""

    def __init__(self, rows: Rows = (), *, under: "World | None" = None) -> None:
        """Read the rows of a Cedar entities document, over the entities of `under`.

        Raises ValueError where a row says its uid or a parent in a way that could be misread.
        """
        self._own = dict(_read(row) for row in rows)
        self._under = under
        self._ancestors: dict[Uid, frozenset[Uid]] = {}
        self._mentions: dict[Uid, frozenset[Uid]] = {}

    @property
    def own(self) -> tuple[Uid, ...]:
        """The entities that were given here, not below."""
        return tuple(self._own)

    def find(self, uid: Uid) -> Entity | None:
        """Return the entity, or None where the world has none of that uid."""
        found = self._own.get(uid)
        if found is None and self._under is not None:
            return self._under.find(uid)
        return found

    def line(self, uid: Uid) -> frozenset[Uid]:
        """Return the uid and all its ancestors, also those that no entity describes."""
        known = self._ancestors.get(uid)
        if known is None:
            known = frozenset(self._reach([uid], _parents))
            if len(known) > 1:  # nothing is kept of the many that a question may make up
                self._ancestors[uid] = known
        return known

    def closure(self, uids: Iterable[Uid], *, most: int) -> list[Entity] | None:
        """Return every entity that can be reached from these by parents, attributes or tags.

        None where there are more than `most`.
        """
        found: list[Entity] = []
        for uid in self._reach(uids, self._mentioned):
            entity = self.find(uid)
            if entity is not None:
                found.append(entity)
            if len(found) > most:
                return None
        return found

    def _mentioned(self, uid: Uid, entity: Entity) -> frozenset[Uid]:
        known = self._mentions.get(uid)
        if known is None:
            inside = mentions([entity.row.get("attrs"), entity.row.get("tags")])
            known = self._mentions[uid] = frozenset((*inside, *entity.parents))
        return known

    def _reach(self, uids: Iterable[Uid], step: Any) -> Iterator[Uid]:
        seen = set(uids)
        waiting = list(seen)
        while waiting:
            uid = waiting.pop()
            yield uid
            entity = self.find(uid)
            if entity is not None:
                fresh = [near for near in step(uid, entity) if near not in seen]
                seen.update(fresh)
                waiting.extend(fresh)


def rows_of(entities: cedarpy.Entities) -> list[dict[str, Any]]:
    """Return the rows of a parsed handle, actions of its schema included; raises ValueError."""
    rows: list[dict[str, Any]] = json.loads(str(entities))
    return rows


def mentions(value: object) -> Iterator[Uid]:
    """Yield every entity that a Cedar JSON value may refer to, in either way of writing one."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
            if names_entity(value):
                yield Uid(value["type"], value["id"])


def names_entity(value: Mapping[str, Any]) -> TypeGuard[dict[str, str]]:
    """Tell whether a JSON object has the members of an entity's uid."""
    return isinstance(value.get("type"), str) and isinstance(value.get("id"), str)


def _parents(_uid: Uid, entity: Entity) -> tuple[Uid, ...]:
    return entity.parents


def _read(row: object) -> tuple[Uid, Entity]:
    if not isinstance(row, dict):
        raise ValueError("an entity is no object")
    uid, attributes, parents = row.get("uid"), row.get("attrs", {}), row.get("parents", [])
    if not isinstance(attributes, dict) or not isinstance(parents, list):
        raise ValueError("an entity's attributes or parents are written in an unknown way")
    named = _uid(uid)
    return named, Entity(named, row, attributes, tuple(_uid(parent) for parent in parents))


def _uid(value: object) -> Uid:
    if isinstance(value, dict) and len(value) == 1:
        value = value.get("__entity")
    if isinstance(value, dict) and len(value) == 2 and names_entity(value):
        return Uid(value["type"], value["id"])
    raise ValueError("an entity's uid is written in an unknown way")
