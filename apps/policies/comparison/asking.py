"""Questions about statements of one change, within a time that is shared by all of them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..analysis import (
    Analyzer,
    Comparison,
    Environment,
    Finding,
    InvalidPolicies,
    Kind,
    Policy,
    Relation,
    Schema,
    Unencodable,
    Verdict,
    parse_policies,
)
from ..analysis.review import concerned
from ..analysis.scopes import are_disjoint
from .sides import Body
from .types import Place

OUT_OF_TIME = "The time for this analysis ran out before the question was reached."


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with the policy that it stands in."""

    body: Body
    at: int
    policy: Policy

    @property
    def place(self) -> Place:
        return Place(self.body.id, self.at, self.policy.effect.value)


@dataclass(frozen=True, slots=True)
class Read:
    """The statements of policies, and the policies that could not be read with the reason."""

    statements: tuple[Statement, ...]
    unread: tuple[tuple[Body, str], ...] = ()


def read_statements(bodies: Sequence[Body], schema: Schema, *, side: str) -> Read:
    """Return every statement of the policies, named by its side, policy and place."""
    found: list[Statement] = []
    unread: list[tuple[Body, str]] = []
    for body in bodies:
        if not body.cedar.strip():
            continue
        try:
            policies = parse_policies(body.cedar, schema, name=f"{side}:{body.id}#")
        except (InvalidPolicies, Unencodable) as error:
            unread.append((body, str(error)))
            continue
        found += [Statement(body, at, policy) for at, policy in enumerate(policies)]
    return Read(tuple(found), tuple(unread))


@dataclass
class Asker:
    """Asks the analyzer until `deadline` on the monotonic clock; after it nothing is known."""

    analyzer: Analyzer
    deadline: float
    clock: Callable[[], float] = time.monotonic
    _matching: dict[str, tuple[Environment, ...]] = field(default_factory=dict)

    def environments(self, statement: Statement) -> tuple[Environment, ...]:
        """Return the environments in which a statement is not proven to apply to nothing."""
        name = statement.policy.id
        if name not in self._matching:
            self._matching[name] = tuple(
                environment
                for environment in self.scope_of(statement)
                if self.never_matches(statement, environment).verdict is not Verdict.PROVEN
            )
        return self._matching[name]

    def scope_of(self, statement: Statement) -> list[Environment]:
        """Return the environments that the scope of a statement names."""
        everything = self.analyzer.schema.environments
        return [e for e in everything if concerned(self.analyzer.schema, [statement.policy], e)]

    def never_matches(self, statement: Statement, environment: Environment) -> Finding:
        return self._ask(
            Kind.NEVER_MATCHES,
            environment,
            lambda: self.analyzer.never_matches(statement.policy, environment),
        )

    def always_matches(self, statement: Statement, environment: Environment) -> Finding:
        return self._ask(
            Kind.ALWAYS_MATCHES,
            environment,
            lambda: self.analyzer.always_matches(statement.policy, environment),
        )

    def never_errors(self, statement: Statement, environment: Environment) -> Finding:
        return self._ask(
            Kind.NEVER_ERRORS,
            environment,
            lambda: self.analyzer.never_errors(statement.policy, environment),
        )

    def overlap(self, permit: Statement, forbid: Statement, environment: Environment) -> Finding:
        return self._ask(
            Kind.OVERLAP,
            environment,
            lambda: self.analyzer.overlap(permit.policy, forbid.policy, environment),
        )

    def covered(self, one: Statement, by: Statement, environment: Environment) -> Finding:
        return self._ask(
            Kind.SHADOWED,
            environment,
            lambda: self.analyzer.covered(one.policy, by.policy, environment),
        )

    def compare(
        self, old: Sequence[Statement], new: Sequence[Statement], environment: Environment
    ) -> Comparison:
        """Return how two sets decide in one environment."""
        if self._is_over():
            nothing = Finding(
                Kind.NEWLY_ALLOWED, (), environment, Verdict.UNPROVEN, None, OUT_OF_TIME
            )
            return Comparison(environment, Relation.UNPROVEN, nothing, nothing)
        schema = self.analyzer.schema
        sides = [concerned(schema, [s.policy for s in side], environment) for side in (old, new)]
        return self.analyzer.compare(sides[0], sides[1], environment)

    def may_meet(self, one: Statement, other: Statement) -> bool:
        """Return whether a request may be in the scopes of both."""
        return not are_disjoint(one.policy, other.policy, self.analyzer.schema)

    def _is_over(self) -> bool:
        return self.clock() >= self.deadline

    def _ask(self, kind: Kind, environment: Environment, ask: Callable[[], Finding]) -> Finding:
        if self._is_over():
            return Finding(kind, (), environment, Verdict.UNPROVEN, None, OUT_OF_TIME)
        return ask()
