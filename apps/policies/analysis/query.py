"""A question closed under what must hold of every world, as text that a solver reads."""

from collections import Counter
from collections.abc import Iterable

from .schema import Type
from .terms import BOOL, STRING, Term, reachable
from .types import Unencodable
from .values import Value, entity_sort, flatten
from .world import Exists, World

LARGEST = 200_000


class Query:
    """Asks for a world in which `root` holds: its terms, and the axioms that they bring along."""

    def __init__(self, world: World, root: Term) -> None:
        self.world, self.terms = world, world.terms
        self.seen: dict[int, Term] = {}
        self.order: list[Term] = []
        self.assertions: list[Term] = []
        self.entities: dict[str, dict[int, Term]] = {}
        self._assert(root)
        self._elements()
        self._hierarchy()

    @property
    def functions(self) -> list[Term]:
        """Return each value of the world that the question turns on."""
        return [term for term in self.order if term.label is not None]

    def _assert(self, term: Term) -> None:
        if term is self.terms.true:
            return
        self.assertions.append(term)
        found = reachable([term], self.seen)
        self.order.extend(found)
        if len(self.order) > LARGEST:
            raise Unencodable(f"a question of more than {LARGEST} terms")
        for part in found:
            fact = self.world.fact(part)
            if fact is not None:
                self._assert(fact)

    def _elements(self) -> None:
        """Every set question has an example, or holds for no element that is spoken of."""
        asked: dict[int, Exists] = {}
        while fresh := [
            self.world.exists_of[term.number]
            for term in self.order
            if term.number in self.world.exists_of and term.number not in asked
        ]:
            for question in fresh:
                asked[question.atom.number] = question
                shown = self.terms.and_(
                    self.world.contains(question.of, question.example),
                    question.holds(question.example),
                )
                self._assert(self.terms.implies(question.atom, shown))
        for question in asked.values():
            for element in self._spoken_of(question.of.element):
                self._assert(
                    self.terms.or_(
                        question.atom,
                        self.terms.not_(self.world.contains(question.of, element)),
                        self.terms.not_(question.holds(element)),
                    )
                )

    def _spoken_of(self, kind: Type) -> list[Value]:
        found: dict[tuple[int, ...], Value] = {}
        for term in self.order:
            member = self.world.members.get(term.number)
            if member is not None and member.element == kind:
                flat = flatten(self.terms, member.value, kind)
                found.setdefault(tuple(part.number for part in flat), member.value)
        return list(found.values())

    def _hierarchy(self) -> None:
        """Entities are below one another transitively and never below themselves."""
        below: dict[tuple[str, int], Term] = {}
        above: dict[tuple[str, int], Term] = {}
        for term in self.functions:
            if term.label[0] == "above":
                _, lower, upper = term.label
                below[(lower, term.args[0].number)] = term.args[0]
                above[(upper, term.args[1].number)] = term.args[1]
        above.update(below)
        for (kind, _), entity in below.items():
            self._assert(self.terms.not_(self._above(kind, entity, kind, entity)))
        for (kind, _), entity in below.items():
            for (middle_kind, _), middle in below.items():
                step = self._above(kind, entity, middle_kind, middle)
                if middle is entity or step is self.terms.false:
                    continue
                for (upper, _), top in above.items():
                    self._transitive(step, (middle_kind, middle), (upper, top), (kind, entity))

    def _transitive(
        self, step: Term, middle: tuple[str, Term], top: tuple[str, Term], low: tuple[str, Term]
    ) -> None:
        further = self._above(*middle, *top)
        if further is not self.terms.false:
            reached = self._above(*low, *top)
            self._assert(self.terms.or_(self.terms.not_(step), self.terms.not_(further), reached))

    def _above(self, kind: str, entity: Term, upper: str, top: Term) -> Term:
        described = self.world.schema.entities.get(kind)
        if described is None or upper not in described.ancestors:
            return self.terms.false
        return self.terms.app(("above", kind, upper), BOOL, (entity, top))

    def script(self) -> str:
        """Return declarations, shared definitions and assertions."""
        uses = Counter(arg.number for term in self.order for arg in term.args)
        lines: dict[str, None] = {}
        texts: dict[int, str] = {}
        for term in self.order:
            if term.label is not None:
                sorts = " ".join(_sort(arg.sort) for arg in term.args)
                lines[f"(declare-fun {term.op} ({sorts}) {_sort(term.sort)})"] = None
            text = _text(term, [texts[arg.number] for arg in term.args])
            if term.args and uses[term.number] > 1 and term.sort != "RegLan":
                lines[f"(define-fun d{term.number} () {_sort(term.sort)} {text})"] = None
                text = f"d{term.number}"
            texts[term.number] = text
        self.texts = texts
        return "\n".join([*lines, *(f"(assert {texts[a.number]})" for a in self.assertions)])

    def wanted(self) -> list[Term]:
        """Return the terms whose values make up the world, after `script` was written."""
        held: dict[int, Term] = {}
        for term in self.functions:
            for part in (*term.args, term):
                if not part.is_constant:
                    held[part.number] = part
        return list(held.values())


def values_of(query: Query, wanted: Iterable[Term]) -> str:
    """Return the command that asks a solver for the values of terms."""
    return f"(get-value ({' '.join(query.texts[term.number] for term in wanted)}))"


def _sort(sort: str) -> str:
    return "Int" if sort.startswith("E:") else sort


def _text(term: Term, args: list[str]) -> str:
    if not term.is_constant:
        return f"({term.op} {' '.join(args)})" if args else term.op
    if term.sort == BOOL:
        return "true" if term.value else "false"
    if term.sort == STRING:
        return f'"{"".join(_character(character) for character in term.value)}"'
    if term.sort.startswith("(_ BitVec"):
        return f"(_ bv{term.value} {term.sort[10:-1]})"
    return str(term.value) if term.value >= 0 else f"(- {-term.value})"


def _character(character: str) -> str:
    if " " <= character <= "~" and character not in '"\\':
        return character
    return f"\\u{{{ord(character):x}}}"


__all__ = ["Query", "entity_sort", "values_of"]
