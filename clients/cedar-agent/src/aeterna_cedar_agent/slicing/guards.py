"""Conjuncts of a policy's conditions that rule it out for a request without evaluating it.

A check looks at what a request and the entities hold. It gives the keys found there, or None where
evaluating the conjunct might be an error or where its value could be read in two ways.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from cedarpy import pst

from aeterna_cedar_agent.slicing.request import Request
from aeterna_cedar_agent.slicing.world import MISSING, Uid, World, names_entity

Path = tuple[str, ...]
Key = object
Kind = Literal["eq", "in", "is", "has", "flag", "set", "long", "same", "under", "holds"]

# Two texts cannot be compared: a schema may read them as extension values, "1.0" and "1.00".
_EITHER: Final = frozenset((True, False))
_ORDER = ("less", "less_eq", "greater", "greater_eq")


@dataclass(frozen=True, slots=True)
class Check:
    """What is looked up: the kind of question about a path, for some kinds beside another path."""

    kind: Kind
    path: Path
    other: Path = ()


@dataclass(frozen=True, slots=True)
class Guard:
    """A policy applies only if its check finds one of the keys, once all of `after` are known."""

    check: Check
    after: frozenset[Check]
    keys: frozenset[Key]


@dataclass(frozen=True, slots=True)
class _Conjunct:
    """Evaluates without error where all checks are known; true only if the first finds a key."""

    checks: tuple[Check, ...]
    keys: frozenset[Key] | None = None


class Facts:
    """What one request and the entities say, each check made once."""

    def __init__(self, request: Request, *, world: World) -> None:
        self.world = world
        self._request = request
        self._known: dict[Check, frozenset[Key] | None] = {}

    def ask(self, check: Check) -> frozenset[Key] | None:
        """Return the keys that the check finds, or None where it cannot be known."""
        if check not in self._known:
            value = self.value(check.path)
            found = None if value is MISSING else _ASK[check.kind](self, check, value)
            self._known[check] = found
        return self._known[check]

    def value(self, path: Path) -> Any:
        """Return what is at the path, or MISSING where reading it might be an error."""
        value = getattr(self._request, path[0])
        for name in path[1:]:
            members = self.members(value)
            if members is None or name not in members:
                return MISSING
            value = members[name]
        return _plain(value)

    def members(self, value: Any) -> Mapping[str, Any] | None:
        """Return the attributes of an entity or the fields of a record, None of anything else."""
        value = _plain(value)
        if isinstance(value, Uid):
            entity = self.world.find(value)
            return entity.attributes if entity is not None else None
        return value if isinstance(value, dict) and not _is_ambiguous(value) else None


def guards_of(clauses: Iterable[pst.Clause]) -> Iterator[Guard]:
    """Yield the guards of a policy in the order in which Cedar evaluates them."""
    after: frozenset[Check] = frozenset()
    for expression, positive in _clauses(clauses):
        conjunct = _read(expression, positive)
        if conjunct is None:
            return
        if conjunct.keys is not None:
            check = conjunct.checks[0]
            yield Guard(check, after - {check}, conjunct.keys)
        after |= frozenset(conjunct.checks)


def _clauses(clauses: Iterable[pst.Clause]) -> Iterator[tuple[pst.Expr, bool]]:
    for clause in clauses:
        yield from _conjuncts(clause.expr, isinstance(clause, pst.When))


def _conjuncts(expression: pst.Expr, positive: bool) -> Iterator[tuple[pst.Expr, bool]]:
    match expression:
        case pst.BinaryOp("and", left, right) if positive:
            yield from _conjuncts(left, True)
            yield from _conjuncts(right, True)
        case pst.BinaryOp("or", left, right) if not positive:
            yield from _conjuncts(left, False)
            yield from _conjuncts(right, False)
        case pst.UnaryOp("not", inner):
            yield from _conjuncts(inner, not positive)
        case pst.HasAttr(base, names) if positive:
            for name in names:
                yield pst.HasAttr(base, (name,)), True
                base = pst.GetAttr(base, name)
        case pst.Is(base, kind, above) if positive and above is not None:
            yield pst.Is(base, kind, None), True
            yield pst.BinaryOp("in", base, above), True
        case _:
            yield expression, positive


def _read(expression: pst.Expr, positive: bool) -> _Conjunct | None:
    match expression:
        case pst.BinaryOp("or" | "and", left, right):
            return _either(_read(left, positive), _read(right, positive))
        case pst.UnaryOp("not", inner):
            return _read(inner, not positive)
        case pst.BinaryOp("not_eq", left, right):
            return _equal(left, right, not positive)
        case pst.BinaryOp("eq", left, right):
            return _equal(left, right, positive)
        case pst.BinaryOp(op, left, right) if op in _BINARY:
            return _BINARY[op](left, right, positive)
        case _:
            return _unary(expression, positive)


def _unary(expression: pst.Expr, positive: bool) -> _Conjunct | None:
    path = _path(getattr(expression, "base", expression))
    match expression:
        case pst.BoolLit():
            return _Conjunct(())
        case pst.HasAttr(_, (name,)) if path:
            return _Conjunct((Check("has", path, (name,)),), frozenset((positive,)))
        case pst.Is(_, kind, None) if path:
            return _Conjunct(
                (Check("is", path),), frozenset((type_name(kind),)) if positive else None
            )
        case pst.GetAttr(_, name) if path:
            return _Conjunct((Check("flag", (*path, name)),), frozenset((positive,)))
    return None


def _either(left: _Conjunct | None, right: _Conjunct | None) -> _Conjunct | None:
    # Evaluated only in part where the left side decides, so both must be known to be no error.
    if left is None or right is None:
        return None
    if left.checks == right.checks and left.keys is not None and right.keys is not None:
        return _Conjunct(left.checks, left.keys | right.keys)
    return _Conjunct((*left.checks, *right.checks))


def _equal(left: pst.Expr, right: pst.Expr, positive: bool) -> _Conjunct | None:
    if not _path(left):
        left, right = right, left
    path, other, key = _path(left), _path(right), literal(right)
    if path and other:
        return _Conjunct((Check("same", path, other),), frozenset((positive,)))
    if path and key is not None:
        return _Conjunct((Check("eq", path),), frozenset((key,)) if positive else None)
    return None


def _within(left: pst.Expr, right: pst.Expr, positive: bool) -> _Conjunct | None:
    path, other = _path(left), _path(right)
    if path and other:
        return _Conjunct((Check("under", path, other),), frozenset((positive,)))
    keys = _literals(right) or _literals(pst.Set((right,)))
    if path and keys and all(isinstance(key, Uid) for key in keys):
        return _Conjunct((Check("in", path),), keys if positive else None)
    return None


def _contains(left: pst.Expr, right: pst.Expr, positive: bool) -> _Conjunct | None:
    path, other, key = _path(left), _path(right), literal(right)
    if path and other:
        return _Conjunct((Check("holds", path, other),), frozenset((positive,)))
    if path and key is not None:
        return _Conjunct((Check("set", path),), frozenset((key,)) if positive else None)
    keys = _literals(left)
    if other and keys is not None:
        return _Conjunct((Check("eq", other),), keys if positive else None)
    return None


def _contains_any(left: pst.Expr, right: pst.Expr, positive: bool) -> _Conjunct | None:
    path, keys = _path(left), _literals(right)
    if path and keys is not None:
        return _Conjunct((Check("set", path),), keys if positive else None)
    return None


def _ordered(left: pst.Expr, right: pst.Expr, _positive: bool) -> _Conjunct | None:
    checks = []
    for side in (left, right):
        path = _path(side)
        if path:
            checks.append(Check("long", path))
        elif not isinstance(side, pst.LongLit):
            return None
    return _Conjunct(tuple(checks))


_BINARY: Mapping[str, Callable[[pst.Expr, pst.Expr, bool], _Conjunct | None]] = {
    "in": _within,
    "contains": _contains,
    "contains_any": _contains_any,
    **dict.fromkeys(_ORDER, _ordered),
}


def _path(expression: pst.Expr) -> Path:
    names: list[str] = []
    while isinstance(expression, pst.GetAttr):
        names.append(expression.attr)
        expression = expression.base
    return (expression.name, *reversed(names)) if isinstance(expression, pst.Var) else ()


def literal(expression: pst.Expr) -> Key | None:
    """Return the key of a literal, None of anything else."""
    match expression:
        case pst.EntityLit(uid):
            return uid_of(uid)
        case pst.StringLit(value) | pst.LongLit(value) | pst.BoolLit(value):
            return _key(value)
    return None


def _literals(expression: pst.Expr) -> frozenset[Key] | None:
    if not isinstance(expression, pst.Set):
        return None
    keys = [literal(element) for element in expression.elements]
    return None if None in keys else frozenset(keys)


def uid_of(uid: pst.EntityUid) -> Uid:
    """Return the uid of a syntax tree as the entities know it."""
    return Uid(type_name(uid.type), uid.id)


def type_name(kind: pst.EntityType) -> str:
    """Return an entity type's full name."""
    return str(kind) if kind.namespace else kind.basename


def _key(value: Any) -> Key | None:
    # The type is part of the key because True, 1 and "1" are three things.
    if isinstance(value, Uid):
        return value
    return (type(value), value) if type(value) in (str, int, bool) else None


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        inner = value.get("__entity")
        if isinstance(inner, dict) and len(inner) == 2 and names_entity(inner):
            return Uid(inner["type"], inner["id"])
    return value


def _is_ambiguous(value: Mapping[str, Any]) -> bool:
    # A schema may read such an object as an entity or an extension value, or as a record.
    if "fn" in value or ("type" in value and "id" in value):
        return True
    return any(name.startswith("__") for name in value)


def _ask_eq(_facts: Facts, _check: Check, value: Any) -> frozenset[Key] | None:
    key = _key(value)
    return None if key is None else frozenset((key,))


def _ask_in(facts: Facts, _check: Check, value: Any) -> frozenset[Key] | None:
    return facts.world.line(value) if isinstance(value, Uid) else None


def _ask_is(_facts: Facts, _check: Check, value: Any) -> frozenset[Key] | None:
    return frozenset((value.type,)) if isinstance(value, Uid) else None


def _ask_has(facts: Facts, check: Check, value: Any) -> frozenset[Key] | None:
    members = facts.members(value)
    if members is None:
        return frozenset((False,)) if isinstance(value, Uid) else None
    return frozenset((check.other[0] in members,))


def _ask_flag(_facts: Facts, _check: Check, value: Any) -> frozenset[Key] | None:
    return frozenset((value,)) if isinstance(value, bool) else None


def _ask_set(_facts: Facts, _check: Check, value: Any) -> frozenset[Key] | None:
    return _elements(value)


def _elements(value: Any) -> frozenset[Key] | None:
    if not isinstance(value, list):
        return None
    keys = [_key(_plain(element)) for element in value]
    return None if None in keys else frozenset(keys)


def _ask_long(_facts: Facts, _check: Check, value: Any) -> frozenset[Key] | None:
    return frozenset() if type(value) is int else None


def _ask_same(facts: Facts, check: Check, value: Any) -> frozenset[Key] | None:
    one, other = _key(value), _key(facts.value(check.other))
    if one is None or other is None:
        return None
    return _EITHER if isinstance(value, str) else frozenset((one == other,))


def _ask_under(facts: Facts, check: Check, value: Any) -> frozenset[Key] | None:
    above = facts.value(check.other)
    targets = frozenset((above,)) if isinstance(above, Uid) else _elements(above)
    if targets is None or not isinstance(value, Uid):
        return None
    if not all(isinstance(target, Uid) for target in targets):
        return None
    return frozenset((not targets.isdisjoint(facts.world.line(value)),))


def _ask_holds(facts: Facts, check: Check, value: Any) -> frozenset[Key] | None:
    wanted = facts.value(check.other)
    elements, key = _elements(value), _key(wanted)
    if elements is None or key is None:
        return None
    return _EITHER if isinstance(wanted, str) else frozenset((key in elements,))


_ASK: Mapping[Kind, Callable[[Facts, Check, Any], frozenset[Key] | None]] = {
    "eq": _ask_eq,
    "in": _ask_in,
    "is": _ask_is,
    "has": _ask_has,
    "flag": _ask_flag,
    "set": _ask_set,
    "long": _ask_long,
    "same": _ask_same,
    "under": _ask_under,
    "holds": _ask_holds,
}
