"""A schema with every name resolved: entity types, actions, request environments."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import cedarpy

from .schema_text import as_json
from .types import Environment, InvalidSchema, Unencodable

EXTENSIONS = frozenset({"decimal", "datetime", "duration", "ipaddr"})
_BUILT_IN = {"Bool": "Bool", "Boolean": "Bool", "Long": "Long", "String": "String"}
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Plain:
    """Bool, Long, String or one of the extension types, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class EntityType:
    name: str


@dataclass(frozen=True, slots=True)
class SetType:
    element: "Type"


@dataclass(frozen=True, slots=True)
class RecordType:
    """Attributes in order of their names: name, type, whether it is always there."""

    attributes: tuple[tuple[str, "Type", bool], ...]


Type = Plain | EntityType | SetType | RecordType
EMPTY = RecordType(())


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity type: its attributes, tags, choices if enumerated, and all possible ancestors."""

    name: str
    shape: RecordType
    tags: Type | None
    choices: tuple[str, ...] | None
    ancestors: frozenset[str]


@dataclass(frozen=True, slots=True)
class Action:
    type: str
    id: str
    context: RecordType
    principals: tuple[str, ...]
    resources: tuple[str, ...]
    ancestors: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Schema:
    """A parsed schema; `handle` is the same one as cedarpy holds it."""

    handle: Any
    entities: Mapping[str, Entity]
    actions: Mapping[tuple[str, str], Action]
    digest: str

    @cached_property
    def environments(self) -> tuple[Environment, ...]:
        """Return every kind of request that the schema allows, in order."""
        return tuple(
            sorted(
                Environment(principal, action.type, action.id, resource)
                for action in self.actions.values()
                for principal in action.principals
                for resource in action.resources
            )
        )

    def action_of(self, environment: Environment) -> Action:
        return self.actions[(environment.action_type, environment.action_id)]


@lru_cache(maxsize=32)
def load_schema(text: str) -> Schema:
    """Return the schema that Cedar or JSON `text` stands for; InvalidSchema if it is none."""
    try:
        is_json = text.lstrip().startswith("{")
        parse = cedarpy.Schema.from_json_str if is_json else cedarpy.Schema.from_str
        handle = parse(text)
    except ValueError as error:
        raise InvalidSchema(str(error)) from error
    resolver = _Resolver(as_json(text))
    return Schema(
        handle=handle,
        entities=resolver.entities(),
        actions=resolver.actions(),
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )


class _Resolver:
    """Names of a JSON schema, looked up as Cedar does: own namespace, none, built in."""

    def __init__(self, spaces: Mapping[str, Any]) -> None:
        self.spaces = spaces
        self.common = dict(self._named("commonTypes"))
        self.kinds = dict(self._named("entityTypes"))

    def _named(self, section: str) -> Iterator[tuple[str, tuple[str, Any]]]:
        for space, held in self.spaces.items():
            for name, value in (held.get(section) or {}).items():
                yield _full(space, name), (space, value)

    def entities(self) -> dict[str, Entity]:
        parents = {
            name: {self._entity(parent, space) for parent in kind.get("memberOfTypes") or ()}
            for name, (space, kind) in self.kinds.items()
        }
        above = _closure(parents)
        return {
            name: Entity(
                name=name,
                shape=self._record(kind.get("shape"), space),
                tags=self._type(kind["tags"], space) if kind.get("tags") else None,
                choices=tuple(kind["enum"]) if kind.get("enum") else None,
                ancestors=frozenset(above[name]),
            )
            for name, (space, kind) in self.kinds.items()
        }

    def actions(self) -> dict[tuple[str, str], Action]:
        held = {
            (_full(space, "Action"), name): (space, action or {})
            for space, section in self.spaces.items()
            for name, action in (section.get("actions") or {}).items()
        }
        parents = {
            uid: {self._action_uid(ref, space) for ref in action.get("memberOf") or ()}
            for uid, (space, action) in held.items()
        }
        above = _closure(parents)
        return {
            uid: self._action(uid, space, action, frozenset(above[uid]))
            for uid, (space, action) in held.items()
        }

    def _action(
        self, uid: tuple[str, str], space: str, action: Any, above: frozenset[tuple[str, str]]
    ) -> Action:
        applies = action.get("appliesTo") or {}
        return Action(
            type=uid[0],
            id=uid[1],
            context=self._record(applies.get("context"), space),
            principals=self._listed(applies.get("principalTypes"), space),
            resources=self._listed(applies.get("resourceTypes"), space),
            ancestors=above,
        )

    def _listed(self, names: Iterable[str] | None, space: str) -> tuple[str, ...]:
        return tuple(self._entity(name, space) for name in names or ())

    def _action_uid(self, ref: Mapping[str, str], space: str) -> tuple[str, str]:
        kind = ref.get("type") or _full(space, "Action")
        if space and "::" not in kind:
            kind = _full(space, kind)
        return kind, ref["id"]

    def _entity(self, name: str, space: str) -> str:
        for full in (_full(space, name), name):
            if full in self.kinds:
                return full
        raise InvalidSchema(f"The schema names no entity type {name}.")

    def _record(self, found: Any, space: str) -> RecordType:
        if not found:
            return EMPTY
        resolved = self._type(found, space)
        if not isinstance(resolved, RecordType):
            raise InvalidSchema("The shape of an entity and a context are records.")
        return resolved

    def _type(self, found: Any, space: str, depth: int = 0) -> Type:
        kind = found["type"]
        if depth > _DEEPEST:
            raise Unencodable("The schema's types nest too deeply.")
        if kind == "Set":
            return SetType(self._type(found["element"], space, depth + 1))
        if kind == "Record":
            held = found.get("attributes") or {}
            return RecordType(
                tuple(
                    (
                        name,
                        self._type(held[name], space, depth + 1),
                        held[name].get("required", True),
                    )
                    for name in sorted(held)
                )
            )
        if kind == "Extension":
            return _built_in(found["name"])
        if kind == "Entity":
            return EntityType(self._entity(found["name"], space))
        return self._lookup(found.get("name", kind), space, depth)

    def _lookup(self, name: str, space: str, depth: int) -> Type:
        for full in dict.fromkeys((_full(space, name), name)):
            if full in self.common:
                where, common = self.common[full]
                return self._type(common, where, depth + 1)
            if full in self.kinds:
                return EntityType(full)
        return _built_in(name)


def _built_in(name: str) -> Type:
    short = name.removeprefix("__cedar::")
    if short in EXTENSIONS:
        return Plain(short)
    if short in _BUILT_IN:
        return Plain(_BUILT_IN[short])
    raise InvalidSchema(f"The schema names no type {name}.")


def _full(space: str, name: str) -> str:
    return name if "::" in name or not space else f"{space}::{name}"


def _closure(parents: Mapping[Any, set[Any]]) -> dict[Any, set[Any]]:
    """Return all ancestors of each."""
    above = {name: set(direct) for name, direct in parents.items()}
    for name, held in above.items():
        todo = list(held)
        while todo:
            for parent in parents.get(todo.pop(), ()):
                if parent not in held:
                    held.add(parent)
                    todo.append(parent)
        above[name] = held
    return above
