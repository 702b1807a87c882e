"""A model written out as a request and entities that Cedar reads."""

from collections.abc import Iterable
from typing import Any

from .extensions import WIDTHS, address_json, extension_json
from .model import Model
from .policies import Compiled, Compiler
from .schema import EntityType, Plain, RecordType, SetType, Type
from .terms import LONG_MAX, LONG_MIN
from .types import Uid, Witness
from .values import PRESENT

_PLAIN: dict[str, Any] = {"Bool": False, "Long": 0, "String": ""}
Label = tuple[Any, ...]
Args = tuple[Any, ...]


class Unwritable(Exception):
    """A value of the model has no form in Cedar."""


def write_witness(compiler: Compiler, model: Model, policies: Iterable[Compiled]) -> Witness:
    """Return the model as a request with its entities; Unwritable if it cannot be said."""
    return _Writer(compiler, model).witness(policies)


class _Writer:
    def __init__(self, compiler: Compiler, model: Model) -> None:
        self.compiler, self.model = compiler, model
        self.schema, self.world = compiler.schema, compiler.world
        self.names: dict[tuple[str, int], str] = {}
        self.todo: list[tuple[str, int]] = []

    def witness(self, policies: Iterable[Compiled]) -> Witness:
        environment = self.compiler.environment
        principal = self.entity(environment.principal, self.model.get(("principal",)) or 0)
        resource = self.entity(environment.resource, self.model.get(("resource",)) or 0)
        context = self.record(self.schema.action_of(environment).context, ("context",), ())
        slots = self.slots(list(policies))
        for kind, number in sorted(self.model.entities):
            self.entity(kind, number)
        return Witness(
            principal=principal,
            action=environment.action,
            resource=resource,
            context=context,
            entities=tuple(self.described()),
            slots=slots,
        )

    def slots(self, policies: list[Compiled]) -> dict[str, dict[str, Uid]]:
        environment = self.compiler.environment
        kinds = {"principal": environment.principal, "resource": environment.resource}
        filled: dict[str, dict[str, Uid]] = {}
        for slot in (slot for compiled in policies for slot in compiled.slots):
            choice = slot.choices[self.model.get(slot.chosen.label) or 0]
            number = self.model.get(("slot", slot.policy, slot.variable, choice.type)) or 0
            filled.setdefault(slot.policy, {})[slot.variable] = self.entity(choice.type, number)
        for policy in (compiled.policy for compiled in policies):
            for variable in policy.slots:
                uids = filled.setdefault(policy.id, {})
                if variable not in uids:
                    uids[variable] = self.entity(kinds[variable], 0)
        return filled

    def entity(self, kind: str, number: int) -> dict[str, str]:
        """Return an entity's uid, and see to it that the entity is described."""
        name = self.names.get((kind, number))
        if name is None:
            name = self.world.eid(kind, number)
            if name is None:
                name = self.fresh(kind)
            self.names[(kind, number)] = name
            self.todo.append((kind, number))
        return {"type": kind, "id": name}

    def fresh(self, kind: str) -> str:
        described = self.schema.entities.get(kind)
        if described is not None and described.choices:
            raise Unwritable(f"an entity that {kind} has not")
        taken = {*self.world.ids.get(kind, ()), *self.names.values()}
        stem = kind.rsplit("::", maxsplit=1)[-1].lower()
        return next(name for at in range(1, 10**6) if (name := f"{stem}-{at}") not in taken)

    def described(self) -> Iterable[dict[str, Any]]:
        while self.todo:
            kind, number = self.todo.pop(0)
            described = self.schema.entities.get(kind)
            if described is None or described.choices:
                continue
            found: dict[str, Any] = {
                "uid": self.entity(kind, number),
                "attrs": self.record(described.shape, ("attribute", kind), (number,)),
                "parents": self.parents(kind, number),
            }
            if described.tags is not None:
                found["tags"] = self.tags(kind, number, described.tags)
            yield found

    def parents(self, kind: str, number: int) -> list[dict[str, str]]:
        return [
            self.entity(label[2], args[1])
            for label, table in self.model.tables.items()
            if label[0] == "above" and label[1] == kind
            for args, holds in table.items()
            if holds and args[0] == number
        ]

    def tags(self, kind: str, number: int, held: Type) -> dict[str, Any]:
        table = self.model.tables.get(("tag", kind, PRESENT), {})
        return {
            args[1]: self.value(held, ("tag", kind), args)
            for args, is_there in table.items()
            if is_there and args[0] == number
        }

    def record(self, shape: RecordType, label: Label, args: Args) -> dict[str, Any]:
        return {
            name: self.value(kind, (*label, name), args)
            for name, kind, required in shape.attributes
            if required or self.model.get((*label, name, PRESENT), args)
        }

    def value(self, kind: Type, label: Label, args: Args) -> Any:
        if isinstance(kind, RecordType):
            return self.record(kind, label, args)
        if isinstance(kind, SetType):
            if isinstance(kind.element, SetType):
                return []
            return self.elements(kind.element, self.model.members(label, args))
        return self.leaf(kind, self.flat(kind, label, args))

    def flat(self, kind: Plain | EntityType, label: Label, args: Args) -> list[Any]:
        if isinstance(kind, EntityType):
            return [self.model.get(label, args) or 0]
        is_address = kind.name == "ipaddr"
        parts = ("#six", "#number", "#host") if is_address else (f"#{kind.name}",)
        return [self.model.get((*label, part), args) for part in parts]

    def elements(self, kind: Type, members: Iterable[tuple[Any, ...]]) -> list[Any]:
        found = []
        for flat in members:
            rest = list(flat)
            value = self.element(kind, rest)
            if value is not None and value not in found:
                found.append(value)
        return found

    def element(self, kind: Type, rest: list[Any]) -> Any:
        """Return the element whose flat values stand first in `rest`, and take them off."""
        if isinstance(kind, RecordType):
            found = {}
            for name, held, required in kind.attributes:
                is_there = required or rest.pop(0)
                value = self.element(held, rest)
                if is_there:
                    found[name] = value
            return found
        if isinstance(kind, SetType):
            raise Unwritable("a set of sets")
        size = 3 if kind == Plain("ipaddr") else 1
        flat, rest[:] = rest[:size], rest[size:]
        return self.leaf(kind, flat) if _is_sound(kind, flat) else None

    def leaf(self, kind: Plain | EntityType, flat: list[Any]) -> Any:
        if isinstance(kind, EntityType):
            return {"__entity": self.entity(kind.name, flat[0])}
        if kind.name == "ipaddr":
            return address_json(bool(flat[0]), flat[1] or 0, flat[2] or 0)
        if kind.name in _PLAIN:
            return _PLAIN[kind.name] if flat[0] is None else flat[0]
        return extension_json(kind.name, flat[0] or 0)


def _is_sound(kind: Plain | EntityType, flat: list[Any]) -> bool:
    """Return whether an element may be in a set: an overflown sum is spoken of, yet in none."""
    if isinstance(kind, EntityType) or kind.name in ("Bool", "String"):
        return True
    if kind.name == "ipaddr":
        width = WIDTHS[bool(flat[0])]
        return bool(flat[1] < 2**width and flat[2] <= width)
    return bool(LONG_MIN <= flat[0] <= LONG_MAX)
