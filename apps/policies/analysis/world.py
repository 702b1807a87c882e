"""What may be true of the entities and context around a request, as the schema allows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .schema import Schema, Type
from .terms import BOOL, BV8, BV128, INT, Term, Terms
from .types import Unencodable
from .values import (
    PRESENT,
    Address,
    EitherSet,
    ListedSet,
    Record,
    Reference,
    Scalar,
    SetValue,
    UnknownSet,
    Value,
    build,
    entity_sort,
    flatten,
)


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """The statement that an element is in a set of the world."""

    label: tuple[Any, ...]
    args: tuple[Term, ...]
    element: Type
    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class Exists:
    """The statement that an element of a set of the world is as `holds` says."""

    atom: Term
    of: UnknownSet
    holds: Callable[[Value], Term]
    example: Value


class World:
    """The functions of one environment's world, and what is known of each."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.terms = Terms()
        self.ids: dict[str, dict[str, int]] = {}
        self.members: dict[int, Member] = {}
        self.exists: dict[Any, Exists] = {}
        self.exists_of: dict[int, Exists] = {}
        for name, entity in schema.entities.items():
            for choice in entity.choices or ():
                self.literal(name, choice)

    def literal(self, kind: str, eid: str) -> Reference:
        """Return the entity with this id."""
        known = self.ids.setdefault(kind, {})
        number = known.setdefault(eid, len(known))
        return Reference(kind, self.terms.number(number, entity_sort(kind)))

    def unknown(self, kind: Type, *label: Any, args: tuple[Term, ...] = ()) -> Value:
        """Return the value of this type that the world holds under `label` at `args`."""
        return build(self.terms, kind, label, args)

    def attribute(self, entity: Reference, name: str) -> tuple[Term, Value] | None:
        """Return whether an entity has an attribute and what it is; None if its type has none."""
        described = self.schema.entities.get(entity.type)
        if described is None:
            return None
        held = next((held for held in described.shape.attributes if held[0] == name), None)
        if held is None:
            return None
        label, args = ("attribute", entity.type, name), (entity.term,)
        present = self.terms.true if held[2] else self.terms.app((*label, PRESENT), BOOL, args)
        return present, build(self.terms, held[1], label, args)

    def tag(self, entity: Reference, key: Term) -> tuple[Term, Value] | None:
        """Return whether an entity has a tag and what it is; None if its type has no tags."""
        described = self.schema.entities.get(entity.type)
        if described is None or described.tags is None:
            return None
        label, args = ("tag", entity.type), (entity.term, key)
        present = self.terms.app((*label, PRESENT), BOOL, args)
        return present, build(self.terms, described.tags, label, args)

    def within(self, entity: Reference, above: Reference) -> Term:
        """Return whether an entity is another or below it."""
        if (entity.type, above.type) in self._action_types():
            return self._action_within(entity, above)
        same = self.terms.eq(entity.term, above.term) if entity.type == above.type else None
        described = self.schema.entities.get(entity.type)
        if described is None or above.type not in described.ancestors:
            return same or self.terms.false
        label = ("above", entity.type, above.type)
        below = self.terms.app(label, BOOL, (entity.term, above.term))
        return self.terms.or_(same, below) if same else below

    def _action_types(self) -> set[tuple[str, str]]:
        kinds = {kind for kind, _ in self.schema.actions}
        return {(one, other) for one in kinds for other in kinds}

    def _action_within(self, entity: Reference, above: Reference) -> Term:
        if not (entity.term.is_constant and above.term.is_constant):
            raise Unencodable("an action that is not named")
        one, other = (
            self.eid(entity.type, entity.term.value),
            self.eid(above.type, above.term.value),
        )
        action = self.schema.actions.get((entity.type, one or ""))
        is_above = action is not None and (above.type, other) in action.ancestors
        return self.terms.flag(is_above or (entity.type, one) == (above.type, other))

    def eid(self, kind: str, number: int) -> str | None:
        """Return the id that a policy or schema gives to this entity, if any does."""
        return next((eid for eid, held in self.ids.get(kind, {}).items() if held == number), None)

    def equal(self, one: Value, other: Value) -> Term:
        """Return whether two values are equal; values of different types never are."""
        terms = self.terms
        if isinstance(one, Scalar | Reference) and isinstance(other, Scalar | Reference):
            same = type(one) is type(other) and one.type == other.type
            return terms.eq(one.term, other.term) if same else terms.false
        if isinstance(one, Address) and isinstance(other, Address):
            return terms.and_(
                terms.eq(one.is_six, other.is_six),
                terms.eq(one.number, other.number),
                terms.eq(one.host_bits, other.host_bits),
            )
        if isinstance(one, Record) and isinstance(other, Record):
            return self._equal_records(one, other)
        if isinstance(one, SetValue) and isinstance(other, SetValue):
            return terms.and_(self.subset(one, other), self.subset(other, one))
        return terms.false

    def _equal_records(self, one: Record, other: Record) -> Term:
        terms, parts = self.terms, []
        for name in sorted({*one.fields, *other.fields}):
            mine, theirs = one.fields.get(name), other.fields.get(name)
            if mine is None or theirs is None:
                found = mine or theirs
                parts.append(terms.not_(found[0]) if found else terms.true)
            else:
                parts.append(terms.iff(mine[0], theirs[0]))
                parts.append(terms.implies(mine[0], self.equal(mine[1], theirs[1])))
        return terms.all_(parts)

    def contains(self, held: SetValue, element: Value) -> Term:
        """Return whether a set has an element."""
        if isinstance(held, ListedSet):
            return self.terms.any_(self.equal(one, element) for one in held.elements)
        if isinstance(held, EitherSet):
            return self.terms.ite(
                held.condition,
                self.contains(held.then, element),
                self.contains(held.otherwise, element),
            )
        flat = flatten(self.terms, element, held.element)
        atom = self.terms.app(("member", *held.label), BOOL, (*held.args, *flat))
        self.members.setdefault(atom.number, Member(held.label, held.args, held.element, element))
        return atom

    def some(self, held: SetValue, why: tuple[Any, ...], holds: Callable[[Value], Term]) -> Term:
        """Return whether an element of a set is as `holds` says; `why` names the question."""
        if isinstance(held, ListedSet):
            return self.terms.any_(holds(element) for element in held.elements)
        if isinstance(held, EitherSet):
            return self.terms.ite(
                held.condition,
                self.some(held.then, why, holds),
                self.some(held.otherwise, why, holds),
            )
        key = (self._key(held), why)
        if key not in self.exists:
            number = len(self.exists)
            atom = self.terms.app(("some", number), BOOL)
            example = self.unknown(held.element, "example", number)
            flatten(self.terms, example, held.element)
            self.exists[key] = Exists(atom, held, holds, example)
            self.exists_of[atom.number] = self.exists[key]
        return self.exists[key].atom

    def subset(self, small: SetValue, large: SetValue) -> Term:
        def missing(element: Value) -> Term:
            return self.terms.not_(self.contains(large, element))

        return self.terms.not_(self.some(small, ("not in", self._key(large)), missing))

    def intersects(self, one: SetValue, other: SetValue) -> Term:
        if isinstance(other, ListedSet):
            one, other = other, one
        return self.some(
            one, ("in", self._key(other)), lambda element: self.contains(other, element)
        )

    def is_empty(self, held: SetValue) -> Term:
        return self.terms.not_(self.some(held, ("any",), lambda _: self.terms.true))

    def within_any(self, entity: Reference, held: SetValue) -> Term:
        def below(element: Value) -> Term:
            if not isinstance(element, Reference):
                raise Unencodable("`in` a set of what is no entity")
            return self.within(entity, element)

        return self.some(held, ("above", entity.type, entity.term.number), below)

    def _key(self, value: Value) -> tuple[Any, ...]:
        if isinstance(value, Scalar | Reference):
            return (value.type, value.term.number)
        if isinstance(value, Address):
            return (value.is_six.number, value.number.number, value.host_bits.number)
        if isinstance(value, Record):
            held = sorted(value.fields.items())
            return tuple((name, there.number, self._key(part)) for name, (there, part) in held)
        if isinstance(value, ListedSet):
            return ("listed", *(self._key(element) for element in value.elements))
        if isinstance(value, UnknownSet):
            return ("unknown", value.label, tuple(arg.number for arg in value.args))
        return ("either", value.condition.number, self._key(value.then), self._key(value.otherwise))

    def fact(self, term: Term) -> Term | None:
        """Return what the schema promises of a function's value; None if nothing."""
        terms, label = self.terms, term.label
        if label is None or label[0] in ("member", "above", "some"):
            return None
        if label[0] == "slot" and term.sort == INT:
            return self._one_of(term, label[-1])
        if term.sort == INT:
            return terms.is_long(term)
        if term.sort == BV128:
            six, host = (
                terms.app((*label[:-1], part), sort, term.args)
                for part, sort in (("#six", BOOL), ("#host", BV8))
            )
            return _is_address(terms, six, term, host)
        if term.sort.startswith("E:"):
            described = self.schema.entities.get(term.sort[2:])
            if described and described.choices:
                return self._one_of(term, len(described.choices))
        return None

    def _one_of(self, term: Term, count: int) -> Term:
        terms = self.terms
        return terms.and_(terms.le(terms.number(0), term), terms.le(term, terms.number(count - 1)))


def _is_address(terms: Terms, six: Term, number: Term, host: Term) -> Term:
    def at_most(value: Term, limit: int) -> Term:
        return terms.op("bvule", BOOL, value, terms.number(limit, value.sort))

    four = terms.and_(at_most(number, 2**32 - 1), at_most(host, 32))
    return terms.ite(six, at_most(host, 128), four)
