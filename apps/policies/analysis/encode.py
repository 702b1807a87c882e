"""Cedar expressions as solver terms: for each, whether it evaluates without error, and to what."""

from collections.abc import Callable, Mapping
from typing import Any

from .extension_calls import call_extension, is_extension
from .schema import RecordType
from .terms import BOOL, Term
from .types import Environment, Unencodable
from .values import (
    EitherSet,
    ListedSet,
    Record,
    Reference,
    Scalar,
    SetValue,
    UnknownSet,
    Value,
    choose,
)
from .world import World

Json = Mapping[str, Any]
# Whether evaluating succeeds, and the value where it does.
Outcome = tuple[Term, Value]
_LARGEST_CHARACTER = 0x2FFFF
_ORDERED = {"Long", "datetime", "duration"}


class Encoder:
    """Encodes the expressions of policies for requests of one environment."""

    def __init__(self, world: World, environment: Environment) -> None:
        self.world, self.terms = world, world.terms
        kinds = {"principal": environment.principal, "resource": environment.resource}
        self.variables: dict[str, Value] = {
            name: self._entity(kind, name) for name, kind in kinds.items()
        }
        action = world.schema.action_of(environment)
        self.variables["action"] = world.literal(action.type, action.id)
        self.variables["context"] = self._context(action.context)

    def _entity(self, kind: str, name: str) -> Reference:
        return Reference(kind, self.terms.app((name,), f"E:{kind}"))

    def _context(self, shape: RecordType) -> Value:
        return self.world.unknown(shape, "context")

    def truth(self, body: Json) -> tuple[Term, Term]:
        """Return whether a condition evaluates without error, and whether it holds."""
        fine, value = self.encode(body)
        if not isinstance(value, Scalar) or value.type != "Bool":
            raise Unencodable("a condition that is no Bool")
        return fine, value.term

    def encode(self, body: Json) -> Outcome:
        """Return an expression's outcome; Unencodable names what the solver cannot be told."""
        (op, held), *more = body.items()
        if more:
            raise Unencodable("an expression of more than one operation")
        if is_extension(op, held):
            return self._extension(op, held)
        method = _OPERATIONS.get(op)
        if method is None:
            raise Unencodable(f"the operation {op}")
        return method(self, held)

    def _extension(self, op: str, arguments: list[Json]) -> Outcome:
        if len(arguments) == 1 and isinstance(arguments[0].get("Value"), str):
            literal = call_extension(self.terms, op, [], arguments[0]["Value"])
            if literal is not None:
                return literal
        outcomes = [self.encode(argument) for argument in arguments]
        called = call_extension(self.terms, op, [value for _, value in outcomes], None)
        if called is None:
            raise Unencodable(f"the call of {op}")
        fine = self.terms.all_(fine for fine, _ in outcomes)
        return self.terms.and_(fine, called[0]), called[1]

    def _value(self, held: Any) -> Outcome:
        if isinstance(held, bool):
            return self.terms.true, Scalar("Bool", self.terms.flag(held))
        if isinstance(held, int):
            return self.terms.true, Scalar("Long", self.terms.number(held))
        if isinstance(held, str):
            return self.terms.true, Scalar("String", self._text(held))
        if isinstance(held, dict) and "__entity" in held:
            uid = held["__entity"]
            return self.terms.true, self.world.literal(uid["type"], uid["id"])
        raise Unencodable("a literal of an unknown form")

    def _text(self, text: str) -> Term:
        if any(ord(character) > _LARGEST_CHARACTER for character in text):
            raise Unencodable("a character past U+2FFFF")
        return self.terms.string(text)

    def _variable(self, name: str) -> Outcome:
        return self.terms.true, self.variables[name]

    def _not(self, held: Json) -> Outcome:
        fine, holds = self.truth(held["arg"])
        return fine, Scalar("Bool", self.terms.not_(holds))

    def _and(self, held: Json) -> Outcome:
        return self._short_circuit(held, stops_at=False)

    def _or(self, held: Json) -> Outcome:
        return self._short_circuit(held, stops_at=True)

    def _short_circuit(self, held: Json, *, stops_at: bool) -> Outcome:
        terms = self.terms
        fine, left = self.truth(held["left"])
        if fine is terms.false or left is terms.flag(stops_at):
            return fine, Scalar("Bool", left)
        right_fine, right = self.truth(held["right"])
        stops = left if stops_at else terms.not_(left)
        joined = terms.or_(left, right) if stops_at else terms.and_(left, right)
        return terms.and_(fine, terms.or_(stops, right_fine)), Scalar("Bool", joined)

    def _if(self, held: Json) -> Outcome:
        terms = self.terms
        fine, condition = self.truth(held["if"])
        if fine is terms.false or condition.is_constant:
            branch = self.encode(held["then" if condition is terms.true else "else"])
            return terms.and_(fine, branch[0]), branch[1]
        then_fine, then = self.encode(held["then"])
        else_fine, otherwise = self.encode(held["else"])
        chosen = terms.ite(condition, then_fine, else_fine)
        return terms.and_(fine, chosen), choose(terms, condition, then, otherwise)

    def both(self, held: Json) -> tuple[Term, Value, Value]:
        left_fine, left = self.encode(held["left"])
        right_fine, right = self.encode(held["right"])
        return self.terms.and_(left_fine, right_fine), left, right

    def _equal(self, held: Json) -> Outcome:
        fine, left, right = self.both(held)
        return fine, Scalar("Bool", self.world.equal(left, right))

    def _unequal(self, held: Json) -> Outcome:
        fine, left, right = self.both(held)
        return fine, Scalar("Bool", self.terms.not_(self.world.equal(left, right)))

    def _in(self, held: Json) -> Outcome:
        fine, left, right = self.both(held)
        if not isinstance(left, Reference):
            raise Unencodable("`in` of what is no entity")
        return fine, Scalar("Bool", self._within(left, right))

    def _within(self, left: Reference, right: Value) -> Term:
        if isinstance(right, Reference):
            return self.world.within(left, right)
        if isinstance(right, SetValue):
            return self.world.within_any(left, right)
        raise Unencodable("`in` of what is neither an entity nor a set")

    def _is(self, held: Json) -> Outcome:
        fine, left = self.encode(held["left"])
        if not isinstance(left, Reference):
            raise Unencodable("`is` of what is no entity")
        if left.type != held["entity_type"]:
            return fine, Scalar("Bool", self.terms.false)
        if "in" not in held:
            return fine, Scalar("Bool", self.terms.true)
        above_fine, above = self.encode(held["in"])
        return self.terms.and_(fine, above_fine), Scalar("Bool", self._within(left, above))

    def _attribute_of(self, value: Value, name: str) -> tuple[Term, Value] | None:
        if isinstance(value, Record):
            return value.fields.get(name)
        if isinstance(value, Reference):
            return self.world.attribute(value, name)
        raise Unencodable("an attribute of what is neither an entity nor a record")

    def _get(self, held: Json) -> Outcome:
        fine, left = self.encode(held["left"])
        found = self._attribute_of(left, held["attr"])
        if found is None:
            raise Unencodable(f"the attribute {held['attr']}, which the type has not")
        return self.terms.and_(fine, found[0]), found[1]

    def _has(self, held: Json) -> Outcome:
        fine, left = self.encode(held["left"])
        found = self._attribute_of(left, held["attr"])
        return fine, Scalar("Bool", found[0] if found else self.terms.false)

    def _tag(self, held: Json) -> tuple[Term, tuple[Term, Value] | None]:
        fine, left, key = self.both(held)
        if not isinstance(left, Reference) or not isinstance(key, Scalar):
            raise Unencodable("a tag of what is no entity")
        return fine, self.world.tag(left, key.term)

    def _get_tag(self, held: Json) -> Outcome:
        fine, found = self._tag(held)
        if found is None:
            raise Unencodable("a tag of a type without tags")
        return self.terms.and_(fine, found[0]), found[1]

    def _has_tag(self, held: Json) -> Outcome:
        fine, found = self._tag(held)
        return fine, Scalar("Bool", found[0] if found else self.terms.false)

    def _record(self, held: Json) -> Outcome:
        outcomes = {name: self.encode(body) for name, body in held.items()}
        fine = self.terms.all_(fine for fine, _ in outcomes.values())
        return fine, Record(
            {name: (self.terms.true, value) for name, (_, value) in outcomes.items()}
        )

    def _set(self, held: list[Json]) -> Outcome:
        outcomes = [self.encode(body) for body in held]
        fine = self.terms.all_(fine for fine, _ in outcomes)
        return fine, ListedSet(tuple(value for _, value in outcomes))

    def _sets(self, held: Json) -> tuple[Term, SetValue, Value]:
        fine, left, right = self.both(held)
        if not isinstance(left, SetValue):
            raise Unencodable("the elements of what is no set")
        return fine, left, right

    def _contains(self, held: Json) -> Outcome:
        fine, left, right = self._sets(held)
        return fine, Scalar("Bool", self.world.contains(left, right))

    def _contains_all(self, held: Json) -> Outcome:
        fine, left, right = self._sets(held)
        return fine, Scalar("Bool", self.world.subset(_as_set(right), left))

    def _contains_any(self, held: Json) -> Outcome:
        fine, left, right = self._sets(held)
        return fine, Scalar("Bool", self.world.intersects(left, _as_set(right)))

    def _is_empty(self, held: Json) -> Outcome:
        fine, value = self.encode(held["arg"])
        return fine, Scalar("Bool", self.world.is_empty(_as_set(value)))

    def _numbers(self, held: Json, kinds: set[str]) -> tuple[Term, Term, Term]:
        fine, left, right = self.both(held)
        if not (isinstance(left, Scalar) and isinstance(right, Scalar)):
            raise Unencodable("a comparison of what is no number")
        if left.type not in kinds or right.type != left.type:
            raise Unencodable("a comparison of what is no number")
        return fine, left.term, right.term

    def _compare(self, held: Json, *, swapped: bool, strict: bool) -> Outcome:
        fine, left, right = self._numbers(held, _ORDERED)
        if swapped:
            left, right = right, left
        holds = self.terms.lt(left, right) if strict else self.terms.le(left, right)
        return fine, Scalar("Bool", holds)

    def _arithmetic(self, held: Json, combine: str) -> Outcome:
        fine, left, right = self._numbers(held, {"Long"})
        return self._long(fine, getattr(self.terms, combine)(left, right))

    def _negate(self, held: Json) -> Outcome:
        fine, value = self.encode(held["arg"])
        if not isinstance(value, Scalar):
            raise Unencodable("the negation of what is no number")
        return self._long(fine, self.terms.sub(self.terms.number(0), value.term))

    def _long(self, fine: Term, number: Term) -> Outcome:
        return self.terms.and_(fine, self.terms.is_long(number)), Scalar("Long", number)

    def _like(self, held: Json) -> Outcome:
        fine, value = self.encode(held["left"])
        if not isinstance(value, Scalar) or value.type != "String":
            raise Unencodable("`like` of what is no string")
        pattern = _runs(held["pattern"])
        for part in pattern:
            self._text(part or "")
        return fine, Scalar("Bool", self._matches(value.term, pattern))

    def _matches(self, text: Term, pattern: list[str | None]) -> Term:
        terms = self.terms
        if text.is_constant:
            return terms.flag(_like(text.value, pattern))
        if all(part is None for part in pattern):
            return terms.true if pattern else terms.eq(text, terms.string(""))
        if None not in pattern:
            return terms.eq(text, terms.string(pattern[0] or ""))
        parts = [
            terms.op("re.all", "RegLan")
            if part is None
            else terms.op("str.to_re", "RegLan", terms.string(part))
            for part in pattern
        ]
        return terms.op("str.in_re", BOOL, text, terms.op("re.++", "RegLan", *parts))


def _as_set(value: Value) -> SetValue:
    if isinstance(value, ListedSet | UnknownSet | EitherSet):
        return value
    raise Unencodable("the elements of what is no set")


def _runs(pattern: list[Any]) -> list[str | None]:
    """Return a pattern as runs of literal text, with None for each wildcard between."""
    runs: list[str | None] = []
    for part in pattern:
        if part == "Wildcard":
            if not runs or runs[-1] is not None:
                runs.append(None)
        elif runs and runs[-1] is not None:
            runs[-1] += part["Literal"]
        else:
            runs.append(part["Literal"])
    return runs


def _like(text: str, pattern: list[str | None]) -> bool:
    """Return whether text matches: each run found as early as can be, the last at the end."""
    place = 0
    for at, part in enumerate(pattern):
        if part is None:
            continue
        if at == len(pattern) - 1:
            starts_free = at > 0
            enough = len(text) - place >= len(part)
            return enough and text.endswith(part) and (starts_free or text == part)
        found = text.find(part, place)
        if found < 0 or (at == 0 and found != 0):
            return False
        place = found + len(part)
    return bool(pattern) or not text


_OPERATIONS: dict[str, Callable[[Encoder, Any], Outcome]] = {
    "Value": Encoder._value,
    "Var": Encoder._variable,
    "!": Encoder._not,
    "&&": Encoder._and,
    "||": Encoder._or,
    "if-then-else": Encoder._if,
    "==": Encoder._equal,
    "!=": Encoder._unequal,
    "in": Encoder._in,
    "is": Encoder._is,
    ".": Encoder._get,
    "has": Encoder._has,
    "getTag": Encoder._get_tag,
    "hasTag": Encoder._has_tag,
    "Record": Encoder._record,
    "Set": Encoder._set,
    "contains": Encoder._contains,
    "containsAll": Encoder._contains_all,
    "containsAny": Encoder._contains_any,
    "isEmpty": Encoder._is_empty,
    "<": lambda encoder, held: encoder._compare(held, swapped=False, strict=True),
    "<=": lambda encoder, held: encoder._compare(held, swapped=False, strict=False),
    ">": lambda encoder, held: encoder._compare(held, swapped=True, strict=True),
    ">=": lambda encoder, held: encoder._compare(held, swapped=True, strict=False),
    "+": lambda encoder, held: encoder._arithmetic(held, "add"),
    "-": lambda encoder, held: encoder._arithmetic(held, "sub"),
    "*": lambda encoder, held: encoder._arithmetic(held, "mul"),
    "neg": Encoder._negate,
    "like": Encoder._like,
}
