"""Solver terms, shared and simplified as they are made."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

BOOL, INT, STRING, BV8, BV128 = "Bool", "Int", "String", "(_ BitVec 8)", "(_ BitVec 128)"
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1


class Term:
    """One node: a constant has a `value`, a function of the world a `label`."""

    __slots__ = ("args", "label", "number", "op", "sort", "value")

    def __init__(
        self, number: int, op: str, sort: str, args: tuple["Term", ...], *, value: Any, label: Any
    ) -> None:
        self.number, self.op, self.sort = number, op, sort
        self.args, self.value, self.label = args, value, label

    @property
    def is_constant(self) -> bool:
        return self.value is not None


class Terms:
    """Makes terms; equal ones are one object, so that sameness is identity."""

    def __init__(self) -> None:
        self._made: dict[Any, Term] = {}
        self._functions: dict[Any, str] = {}
        self.true = self._constant(BOOL, True)
        self.false = self._constant(BOOL, False)

    def _make(
        self, op: str, sort: str, args: tuple[Term, ...], value: Any = None, label: Any = None
    ) -> Term:
        key = (op, sort, value, tuple(arg.number for arg in args))
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = Term(
                len(self._made), op, sort, args, value=value, label=label
            )
        return found

    def _constant(self, sort: str, value: Any) -> Term:
        return self._make("const", sort, (), value)

    def flag(self, value: bool) -> Term:
        return self.true if value else self.false

    def number(self, value: int, sort: str = INT) -> Term:
        return self._constant(sort, value)

    def string(self, value: str) -> Term:
        return self._constant(STRING, value)

    def app(self, label: tuple[Any, ...], sort: str, args: tuple[Term, ...] = ()) -> Term:
        """Return the value of the world's function `label` at `args`."""
        name = self._functions.setdefault(label, f"f{len(self._functions)}")
        return self._make(name, sort, args, label=label)

    def op(self, op: str, sort: str, *args: Term) -> Term:
        """Return an operation of the solver's language, not simplified."""
        return self._make(op, sort, args)

    def not_(self, term: Term) -> Term:
        if term.is_constant:
            return self.flag(not term.value)
        return term.args[0] if term.op == "not" else self._make("not", BOOL, (term,))

    def and_(self, *terms: Term) -> Term:
        return self._junction("and", terms, unit=self.true, zero=self.false)

    def or_(self, *terms: Term) -> Term:
        return self._junction("or", terms, unit=self.false, zero=self.true)

    def all_(self, terms: Iterable[Term]) -> Term:
        return self.and_(*terms)

    def any_(self, terms: Iterable[Term]) -> Term:
        return self.or_(*terms)

    def _junction(self, op: str, terms: tuple[Term, ...], *, unit: Term, zero: Term) -> Term:
        held: dict[int, Term] = {}
        for term in self._flat(op, terms):
            if term is zero:
                return zero
            if term is not unit:
                held[term.number] = term
        if any(term.op == "not" and term.args[0].number in held for term in held.values()):
            return zero
        parts = tuple(held[number] for number in sorted(held))
        if len(parts) > 1:
            return self._make(op, BOOL, parts)
        return parts[0] if parts else unit

    def _flat(self, op: str, terms: Iterable[Term]) -> Iterator[Term]:
        for term in terms:
            if term.op == op:
                yield from term.args
            else:
                yield term

    def implies(self, left: Term, right: Term) -> Term:
        return self.or_(self.not_(left), right)

    def iff(self, left: Term, right: Term) -> Term:
        return self.eq(left, right)

    def eq(self, left: Term, right: Term) -> Term:
        if left is right:
            return self.true
        if left.is_constant and right.is_constant:
            return self.false
        if left.sort == BOOL:
            for one, other in ((left, right), (right, left)):
                if one.is_constant:
                    return other if one.value else self.not_(other)
        first, second = sorted((left, right), key=lambda term: term.number)
        return self._make("=", BOOL, (first, second))

    def ite(self, condition: Term, then: Term, otherwise: Term) -> Term:
        if condition.is_constant:
            return then if condition.value else otherwise
        if then is otherwise:
            return then
        if then.sort == BOOL and (then.is_constant or otherwise.is_constant):
            return self.and_(self.implies(condition, then), self.or_(condition, otherwise))
        return self._make("ite", then.sort, (condition, then, otherwise))

    def add(self, left: Term, right: Term) -> Term:
        return self._arithmetic("+", left, right, lambda a, b: a + b)

    def sub(self, left: Term, right: Term) -> Term:
        return self._arithmetic("-", left, right, lambda a, b: a - b)

    def mul(self, left: Term, right: Term) -> Term:
        return self._arithmetic("*", left, right, lambda a, b: a * b)

    def div(self, left: Term, by: int) -> Term:
        return self._arithmetic("div", left, self.number(by), lambda a, b: a // b)

    def mod(self, left: Term, by: int) -> Term:
        return self._arithmetic("mod", left, self.number(by), lambda a, b: a % b)

    def _arithmetic(
        self, op: str, left: Term, right: Term, fold: Callable[[int, int], int]
    ) -> Term:
        if left.is_constant and right.is_constant:
            return self.number(fold(left.value, right.value))
        return self._make(op, INT, (left, right))

    def le(self, left: Term, right: Term) -> Term:
        if left.is_constant and right.is_constant:
            return self.flag(left.value <= right.value)
        return self._make("<=", BOOL, (left, right))

    def lt(self, left: Term, right: Term) -> Term:
        return self.not_(self.le(right, left))

    def is_long(self, term: Term) -> Term:
        """Return whether a whole number fits in 64 bits with sign."""
        return self.and_(self.le(self.number(LONG_MIN), term), self.le(term, self.number(LONG_MAX)))


def reachable(roots: Iterable[Term], seen: dict[int, Term]) -> list[Term]:
    """Return what the roots are made of and `seen` lacks, parts first, and add it to `seen`."""
    found: list[Term] = []
    todo = [(root, False) for root in roots]
    while todo:
        term, ready = todo.pop()
        if ready:
            found.append(term)
        elif term.number not in seen:
            seen[term.number] = term
            todo.append((term, True))
            todo.extend((arg, False) for arg in term.args)
    return found
