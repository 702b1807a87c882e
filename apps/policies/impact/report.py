"""The whole impact of a change, over every kind of request that a changed statement reaches."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..analysis import Environment, Schema
from ..comparison import Change
from .asking import Cedar, Outcome, unit_of
from .classes import Answers, Classes, Group
from .directory import Directory
from .facets import CannotTry
from .statements import Statement, read_statements, relevant
from .types import Effect, Impact, Row, Target, Term, Uid

# Raised when what is found, or how it is written down, changes: older answers are made anew.
ENGINE = 1
# How many requests are put to Cedar at most, and how many rows are kept.
LIMIT, ROWS = 20_000, 1_000
# Of these types the organization holds every entity there is.
KNOWN = frozenset({"Scope", "User", "Agent"})

_Key = tuple[str, Effect, tuple[Term, ...], bool]
_Split = tuple[tuple[Uid, ...], tuple[Target, ...], tuple[bool, ...]]


class _Enough(Exception):
    """As many requests as may be were asked."""


@dataclass
class _Tally:
    """What was found so far: of each kind of change, whom it concerns for each target."""

    limit: int
    asked: int = 0
    is_cut: bool = False
    is_sampled: bool = False
    untried: set[str] = field(default_factory=set)
    found: dict[_Key, dict[Target, set[Uid]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )

    def add(
        self, action: str, outcome: Outcome, who: Sequence[Uid], what: Sequence[Target]
    ) -> None:
        self.is_sampled |= outcome.is_sampled
        for effect, when in outcome.changes:
            held = self.found[(action, effect, when, outcome.is_sampled)]
            for target in what:
                held[target].update(who)

    def spend(self, requests: int) -> None:
        if self.asked + requests > self.limit:
            raise _Enough
        self.asked += requests


def compute_impact(
    change: Change, schema: Schema, entities: Sequence[Mapping[str, Any]], *, limit: int = LIMIT
) -> Impact:
    """Return who gains and who loses by a change, asking Cedar about each class of requests.

    `entities` are the organization as agents are sent it. The same input gives the same answer.
    """
    statements, unread = read_statements(change, schema)
    directory = Directory(entities)
    tally = _Tally(limit)
    cedar, classes = Cedar(schema, directory), Classes(directory)
    try:
        for environment in schema.environments:
            met = relevant(statements, schema, environment)
            if met:
                _Enquiry(environment, tuple(met), cedar, classes).run(tally)
    except _Enough:
        tally.is_cut = True
    return _impact(tally, unread)


@dataclass
class _Enquiry:
    """All requests of one kind: their classes, and what each comes to."""

    environment: Environment
    statements: tuple[Statement, ...]
    cedar: Cedar
    classes: Classes
    _known: dict[tuple[Any, ...], Outcome] = field(default_factory=dict)
    _below: dict[tuple[str, ...], dict[Uid, frozenset[Uid]]] = field(default_factory=dict)

    def run(self, tally: _Tally) -> None:
        people = self.classes.principals(self.environment.principal, self.statements)
        targets = self.classes.targets(
            self.environment.resource, self.statements, self.cedar.schema, is_known=self._is_known
        )
        try:
            for one in people:
                for other in targets:
                    self._pair(one, other, tally)
        except CannotTry:
            tally.untried.add(self.environment.action_id)

    @property
    def _is_known(self) -> bool:
        return self.environment.resource in KNOWN

    def _pair(self, people: Group[Uid], targets: Group[Target], tally: _Tally) -> None:
        sides = zip(people.answers, targets.answers, strict=True)
        met = [at for at, (one, other) in enumerate(sides) if one is not None and other is not None]
        if not any(self.statements[at].is_changed for at in met):
            return
        said = tuple((at, people.answers[at], targets.answers[at]) for at in met)
        for who, what, related in self._split(people, targets, met):
            outcome = self._outcome(said, related, who[0], what[0], tally)
            if outcome.changes or outcome.is_sampled:
                tally.add(self.environment.action_id, outcome, who, what)

    def _outcome(
        self,
        said: tuple[tuple[int, Answers | None, Answers | None], ...],
        related: tuple[bool, ...],
        principal: Uid,
        target: Target,
        tally: _Tally,
    ) -> Outcome:
        key = (said, related, bool(target.id) and not self._is_known and target.id)
        if key not in self._known:
            unit = unit_of(
                self.cedar.schema,
                self.environment,
                principal=principal,
                target=target,
                statements=[self.statements[at] for at, _, _ in said],
                is_known=self._is_known,
            )
            tally.spend(unit.size)
            self._known[key] = self.cedar.ask(unit)
        return self._known[key]

    def _split(
        self, people: Group[Uid], targets: Group[Target], met: Sequence[int]
    ) -> Iterator[_Split]:
        """Yield the pairs of two classes apart by whether the one is in the other itself."""
        paths = sorted({path for at in met for path in self.statements[at].relations})
        if not paths or not self._is_known:
            yield people.members, targets.members, ()
            return
        for target in targets.members:
            parts: list[tuple[frozenset[Uid], tuple[bool, ...]]] = [(frozenset(people.members), ())]
            for path in paths:
                inside = self._under(path).get(Uid(target.type, target.id), frozenset())
                parts = [
                    (side, (*held, is_in))
                    for members, held in parts
                    for side, is_in in ((members & inside, True), (members - inside, False))
                    if side
                ]
            for members, held in parts:
                yield tuple(sorted(members)), (target,), held

    def _under(self, path: tuple[str, ...]) -> dict[Uid, frozenset[Uid]]:
        if path not in self._below:
            self._below[path] = self.classes.below(path, self.environment.principal)
        return self._below[path]


def _impact(tally: _Tally, unread: Sequence[str]) -> Impact:
    who = sorted({uid for held in tally.found.values() for some in held.values() for uid in some})
    what = sorted({target for held in tally.found.values() for target in held})
    rows = sorted(_rows(tally.found, who, what), key=_order)
    return Impact(
        who=who,
        what=what,
        rows=rows[:ROWS],
        asked=tally.asked,
        limit=tally.limit,
        is_cut=tally.is_cut or len(rows) > ROWS,
        is_sampled=tally.is_sampled,
        unread=unread,
        untried=sorted(tally.untried),
    )


def _rows(
    found: Mapping[_Key, Mapping[Target, set[Uid]]], who: Sequence[Uid], what: Sequence[Target]
) -> Iterator[Row]:
    whom = {uid: at for at, uid in enumerate(who)}
    which = {target: at for at, target in enumerate(what)}
    for (action, effect, when, is_sampled), held in found.items():
        alike: dict[frozenset[Uid], list[int]] = defaultdict(list)
        for target, members in held.items():
            alike[frozenset(members)].append(which[target])
        for some, targets in alike.items():
            yield Row(
                action=action,
                effect=effect,
                who=tuple(sorted(whom[uid] for uid in some)),
                what=tuple(sorted(targets)),
                when=when,
                is_sampled=is_sampled,
            )


def _order(row: Row) -> tuple[Any, ...]:
    return (row.action, row.effect, repr(row.when), row.what, row.who)
