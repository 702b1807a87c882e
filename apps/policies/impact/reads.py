"""What the conditions of a statement read: of whom, by which path, and beside which literals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .types import Uid

Json = Mapping[str, Any]
Kind = Literal["has", "eq", "in", "order", "like", "holds", "empty", "under", "whole"]


@dataclass(frozen=True, slots=True)
class Read:
    """One question about a path, such as `("principal", "owner")`, beside literals.

    `under` is asked beside another path. `whole` stands for any question not known here: equal
    values are decided alike, and its literals lie near where the answer may turn.
    """

    kind: Kind
    path: tuple[str, ...]
    literals: tuple[Any, ...] = ()


def reads_of(conditions: Sequence[Json]) -> tuple[Read, ...]:
    """Return all that conditions ask, each once, in order."""
    found = (read for condition in conditions for read in _walk(condition["body"]))
    return tuple(dict.fromkeys(found))


def path_of(body: Json) -> tuple[str, ...]:
    """Return the path of a chain of attributes from a variable; empty for anything else."""
    names: list[str] = []
    while set(body) == {"."}:
        names.append(body["."]["attr"])
        body = body["."]["left"]
    return (body["Var"], *reversed(names)) if set(body) == {"Var"} else ()


def _walk(body: Json) -> Iterator[Read]:
    ((op, held),) = body.items()
    if op in ("&&", "||", "!", "if-then-else"):
        for part in held.values():
            yield from _walk(part)
        return
    reader = _READERS.get(op)
    found = reader(held) if reader else None
    yield from _whole(body) if found is None else found


def _whole(body: Json) -> Iterator[Read]:
    near = tuple(sorted({one for one in _constants(body) if type(one) is int}))
    for path in _paths(body):
        yield Read("whole", path, near)


def _paths(body: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(body, Mapping):
        path = path_of(body)
        if path:
            yield path
        else:
            for held in body.values():
                yield from _paths(held)
    elif isinstance(body, list):
        for held in body:
            yield from _paths(held)


def _constants(body: Any) -> Iterator[Any]:
    if isinstance(body, Mapping):
        if "Value" in body:
            yield _constant(body)
        for held in body.values():
            yield from _constants(held)
    elif isinstance(body, list):
        for held in body:
            yield from _constants(held)


def _constant(body: Json) -> Any:
    """Return the literal that this is; None for anything else."""
    if set(body) == {"neg"}:
        inner = _constant(body["neg"]["arg"])
        return -inner if type(inner) is int else None
    value = body.get("Value")
    if isinstance(value, Mapping) and "__entity" in value:
        return Uid(value["__entity"]["type"], value["__entity"]["id"])
    return value if isinstance(value, str | int) else None


def _listed(body: Json) -> tuple[Any, ...] | None:
    """Return the literals of a set of nothing else; None for anything else."""
    if set(body) != {"Set"}:
        return None
    found = tuple(_constant(one) for one in body["Set"])
    return None if None in found else found


def _has(held: Json) -> list[Read] | None:
    path = path_of(held["left"])
    return [Read("has", path, (held["attr"],))] if path else None


def _equal(held: Json) -> list[Read] | None:
    left, right = held["left"], held["right"]
    path, literal = path_of(left) or path_of(right), _constant(right)
    if literal is None:
        literal = _constant(left)
    return [Read("eq", path, (literal,))] if path and literal is not None else None


def _order(held: Json) -> list[Read] | None:
    found = _equal(held)
    return found and [Read("order", found[0].path, found[0].literals)]


def _in(held: Json) -> list[Read] | None:
    path, above = path_of(held["left"]), path_of(held["right"])
    if path and above:
        return [Read("under", path, above)]
    one = _constant(held["right"])
    literals = _listed(held["right"]) if one is None else (one,)
    return [Read("in", path, literals)] if path and literals is not None else None


def _is(held: Json) -> list[Read] | None:
    # Which type an expression has is known from the kind of request alone.
    if "in" in held:
        return _in({"left": held["left"], "right": held["in"]})
    return [] if path_of(held["left"]) else None


def _like(held: Json) -> list[Read] | None:
    path = path_of(held["left"])
    parts = tuple(None if one == "Wildcard" else one["Literal"] for one in held["pattern"])
    return [Read("like", path, parts)] if path else None


def _contains(held: Json) -> list[Read] | None:
    path, literal = path_of(held["left"]), _constant(held["right"])
    if path and literal is not None:
        return [Read("holds", path, (literal,))]
    path, literals = path_of(held["right"]), _listed(held["left"])
    return [Read("eq", path, (one,)) for one in literals] if path and literals else None


def _contains_some(held: Json) -> list[Read] | None:
    path, literals = path_of(held["left"]), _listed(held["right"])
    return [Read("holds", path, (one,)) for one in literals] if path and literals else None


def _empty(held: Json) -> list[Read] | None:
    path = path_of(held["arg"])
    return [Read("empty", path)] if path else None


_READERS: Mapping[str, Callable[[Json], list[Read] | None]] = {
    "Value": lambda _held: [],
    "has": _has,
    "==": _equal,
    "!=": _equal,
    **dict.fromkeys(("<", "<=", ">", ">="), _order),
    "in": _in,
    "is": _is,
    "like": _like,
    "contains": _contains,
    "containsAny": _contains_some,
    "containsAll": _contains_some,
    "isEmpty": _empty,
}
