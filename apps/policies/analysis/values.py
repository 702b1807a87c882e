"""Values of Cedar as the solver sees them: numbers, references, records and sets of terms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .schema import EntityType, Plain, RecordType, SetType, Type
from .terms import BOOL, BV8, BV128, INT, STRING, Term, Terms
from .types import Unencodable

# Marks the function that says whether something optional is there; no attribute is named so.
PRESENT = ("?",)
SORTS = {
    "Bool": BOOL,
    "Long": INT,
    "String": STRING,
    "decimal": INT,
    "datetime": INT,
    "duration": INT,
}


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A Bool, Long, String, decimal (ten-thousandths), datetime or duration (milliseconds)."""

    type: str
    term: Term


@dataclass(frozen=True, slots=True, eq=False)
class Address:
    """An address range: whether it is IPv6, the address, and how many bits are the host's."""

    is_six: Term
    number: Term
    host_bits: Term


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """An entity: its type and which one."""

    type: str
    term: Term


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """Attributes by name: whether each is there, and what it is if so."""

    fields: Mapping[str, tuple[Term, "Value"]]


@dataclass(frozen=True, slots=True, eq=False)
class ListedSet:
    elements: tuple["Value", ...]


@dataclass(frozen=True, slots=True, eq=False)
class UnknownSet:
    """A set of the world: the function that holds its members, at these arguments."""

    label: tuple[Any, ...]
    args: tuple[Term, ...]
    element: Type


@dataclass(frozen=True, slots=True, eq=False)
class EitherSet:
    condition: Term
    then: "SetValue"
    otherwise: "SetValue"


SetValue = ListedSet | UnknownSet | EitherSet
Value = Scalar | Address | Reference | Record | SetValue
Leaf = Callable[[tuple[str, ...], str], Term]


def entity_sort(name: str) -> str:
    """Return the sort of references to entities of this type; the solver sees numbers."""
    return f"E:{name}"


def build(terms: Terms, kind: Type, label: tuple[Any, ...], args: tuple[Term, ...]) -> Value:
    """Return the value of this type that the world's functions under `label` give at `args`."""
    if isinstance(kind, EntityType):
        return Reference(kind.name, terms.app(label, entity_sort(kind.name), args))
    if isinstance(kind, SetType):
        return UnknownSet(label, args, kind.element)
    if isinstance(kind, RecordType):
        return Record(
            {
                name: (
                    terms.true if required else terms.app((*label, name, PRESENT), BOOL, args),
                    build(terms, held, (*label, name), args),
                )
                for name, held, required in kind.attributes
            }
        )
    if kind.name == "ipaddr":
        return Address(
            terms.app((*label, "#six"), BOOL, args),
            terms.app((*label, "#number"), BV128, args),
            terms.app((*label, "#host"), BV8, args),
        )
    return Scalar(kind.name, terms.app((*label, f"#{kind.name}"), SORTS[kind.name], args))


def flatten(terms: Terms, value: Value | None, kind: Type) -> tuple[Term, ...]:
    """Return the terms that a value of this type consists of; equal values give equal terms."""
    if isinstance(kind, SetType):
        raise Unencodable("a set that holds sets")
    if isinstance(kind, RecordType):
        return _flatten_record(terms, value, kind)
    if value is None:
        return tuple(_zero(terms, sort) for sort in _sorts(kind))
    if isinstance(value, Address):
        return (value.is_six, value.number, value.host_bits)
    if isinstance(value, Scalar | Reference):
        return (value.term,)
    raise Unencodable("a set whose elements are of different types")


def _flatten_record(terms: Terms, value: Value | None, kind: RecordType) -> tuple[Term, ...]:
    fields = value.fields if isinstance(value, Record) else {}
    found: list[Term] = []
    for name, held, required in kind.attributes:
        present, part = fields.get(name, (terms.false, None))
        zero, full = flatten(terms, None, held), flatten(terms, part, held)
        if not required:
            found.append(present)
        found.extend(terms.ite(present, one, none) for one, none in zip(full, zero, strict=True))
    return tuple(found)


def _sorts(kind: Plain | EntityType) -> tuple[str, ...]:
    if isinstance(kind, EntityType):
        return (entity_sort(kind.name),)
    return (BOOL, BV128, BV8) if kind.name == "ipaddr" else (SORTS[kind.name],)


def _zero(terms: Terms, sort: str) -> Term:
    if sort == BOOL:
        return terms.false
    return terms.string("") if sort == STRING else terms.number(0, sort)


def choose(terms: Terms, condition: Term, then: Value, otherwise: Value) -> Value:
    """Return the value that is `then` where the condition holds; both are of one type."""
    if condition.is_constant:
        return then if condition.value else otherwise
    if isinstance(then, Scalar) and isinstance(otherwise, Scalar):
        return Scalar(then.type, terms.ite(condition, then.term, otherwise.term))
    if isinstance(then, Reference) and isinstance(otherwise, Reference):
        if then.type != otherwise.type:
            raise Unencodable("a choice between entities of different types")
        return Reference(then.type, terms.ite(condition, then.term, otherwise.term))
    if isinstance(then, Record) and isinstance(otherwise, Record):
        return _choose_record(terms, condition, then, otherwise)
    if isinstance(then, Address) and isinstance(otherwise, Address):
        return Address(
            terms.ite(condition, then.is_six, otherwise.is_six),
            terms.ite(condition, then.number, otherwise.number),
            terms.ite(condition, then.host_bits, otherwise.host_bits),
        )
    if isinstance(then, SetValue) and isinstance(otherwise, SetValue):
        return EitherSet(condition, then, otherwise)
    raise Unencodable("a choice between values of different types")


def _choose_record(terms: Terms, condition: Term, then: Record, otherwise: Record) -> Record:
    fields: dict[str, tuple[Term, Value]] = {}
    for name in sorted({*then.fields, *otherwise.fields}):
        one, other = then.fields.get(name), otherwise.fields.get(name)
        here = terms.ite(
            condition, one[0] if one else terms.false, other[0] if other else terms.false
        )
        if one and other:
            fields[name] = (here, choose(terms, condition, one[1], other[1]))
        elif found := one or other:
            fields[name] = (here, found[1])
    return Record(fields)
