"""Answers about policies: proven by a solver, or shown on a request that Cedar confirms."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .confirm import allows
from .policies import Compiled, Policy
from .scopes import are_disjoint
from .settle import Settler, Statement
from .terms import Term, Terms
from .types import (
    Comparison,
    Effect,
    Environment,
    Finding,
    Kind,
    Relation,
    Verdict,
    Witness,
)

_RELATIONS = {
    (Verdict.REFUTED, Verdict.REFUTED): Relation.EQUIVALENT,
    (Verdict.PROVEN, Verdict.REFUTED): Relation.MORE,
    (Verdict.REFUTED, Verdict.PROVEN): Relation.LESS,
    (Verdict.PROVEN, Verdict.PROVEN): Relation.INCOMPARABLE,
}


class Analyzer(Settler):
    """Answers questions about policies of one schema; each policy is compiled once.

    For one thread at a time: it keeps what it compiled. The solvers and verdicts are shared.
    """

    def never_matches(self, policy: Policy, environment: Environment) -> Finding:
        """Return whether the policy applies to no request; refuted by one it applies to."""
        statement = Statement(
            kind=Kind.NEVER_MATCHES,
            names=(policy.id,),
            environment=environment,
            policies=(policy,),
            root=lambda held: held[0].applies,
            claim=lambda did: 0 in did.applied,
        )
        return self.settle(statement)

    def always_matches(self, policy: Policy, environment: Environment) -> Finding:
        """Return whether the policy applies to every request; refuted by one it does not."""
        terms = self._terms(environment)
        statement = Statement(
            kind=Kind.ALWAYS_MATCHES,
            names=(policy.id,),
            environment=environment,
            policies=(policy,),
            root=lambda held: terms.not_(held[0].applies),
            claim=lambda did: 0 not in did.applied,
        )
        return self.settle(statement)

    def never_errors(self, policy: Policy, environment: Environment) -> Finding:
        """Return whether the policy evaluates without error; refuted by a request that fails."""
        terms = self._terms(environment)
        statement = Statement(
            kind=Kind.NEVER_ERRORS,
            names=(policy.id,),
            environment=environment,
            policies=(policy,),
            root=lambda held: terms.not_(held[0].fine),
            claim=lambda did: 0 in did.failed,
        )
        return self.settle(statement)

    def single(self, policy: Policy, environment: Environment) -> tuple[Finding, ...]:
        """Return what there is to say of one policy: vacuous either way, and free of errors."""
        return (
            self.never_matches(policy, environment),
            self.always_matches(policy, environment),
            self.never_errors(policy, environment),
        )

    def overlap(self, permit: Policy, forbid: Policy, environment: Environment) -> Finding:
        """Return whether both apply to one request; proven by such a request."""
        terms = self._terms(environment)
        apart = are_disjoint(permit, forbid, self.schema)

        def root(held: Sequence[Compiled]) -> Term:
            return terms.false if apart else terms.and_(held[0].applies, held[1].applies)

        statement = Statement(
            kind=Kind.OVERLAP,
            names=(permit.id, forbid.id),
            environment=environment,
            policies=(permit, forbid),
            root=root,
            claim=lambda did: did.applied == {0, 1},
        )
        return self.settle(statement)

    def covered(self, policy: Policy, by: Policy, environment: Environment) -> Finding:
        """Return whether `by` applies wherever `policy` does; refuted by a request where not."""
        terms = self._terms(environment)
        statement = Statement(
            kind=_covering(policy.effect, by.effect),
            names=(policy.id, by.id),
            environment=environment,
            policies=(policy, by),
            root=lambda held: terms.and_(held[0].applies, terms.not_(held[1].applies)),
            claim=lambda did: did.applied == {0},
        )
        return self.settle(statement)

    def pair(self, one: Policy, other: Policy, environment: Environment) -> tuple[Finding, ...]:
        """Return what there is to say of two policies, by their effects."""
        if one.effect is not other.effect:
            permit, forbid = (one, other) if one.effect is Effect.PERMIT else (other, one)
            found = self.overlap(permit, forbid, environment)
            return found, self.covered(permit, forbid, environment)
        forth = self.covered(one, other, environment)
        back = self.covered(other, one, environment)
        return forth, back, _redundant(forth, back)

    def compare(
        self, old: Sequence[Policy], new: Sequence[Policy], environment: Environment
    ) -> Comparison:
        """Return what the new set allows and denies other than the old one.

        A template counts as linked once, to any entities; under one id in both sets, to the same.
        """
        more = self._newly(Kind.NEWLY_ALLOWED, new, old, environment)
        less = self._newly(Kind.NEWLY_DENIED, old, new, environment)
        relation = _RELATIONS.get((more.verdict, less.verdict), Relation.UNPROVEN)
        return Comparison(environment, relation, more, less)

    def _newly(
        self,
        kind: Kind,
        allowing: Sequence[Policy],
        denying: Sequence[Policy],
        environment: Environment,
    ) -> Finding:
        terms, size = self._terms(environment), len(allowing)
        allowed = [(at, policy.effect) for at, policy in enumerate(allowing)]
        denied = [(at + size, policy.effect) for at, policy in enumerate(denying)]

        def decided(witness: Witness) -> bool:
            here = allows(self.schema, allowing, witness)
            return here and not allows(self.schema, denying, witness)

        statement = Statement(
            kind=kind,
            names=(),
            environment=environment,
            policies=(*allowing, *denying),
            root=lambda held: terms.and_(
                _allows(terms, held[:size]), terms.not_(_allows(terms, held[size:]))
            ),
            claim=lambda did: did.decides(allowed) and not did.decides(denied),
            decided=decided,
            split=size,
        )
        return self.settle(statement)

    def _terms(self, environment: Environment) -> Terms:
        return self.compiler(environment).terms


def _allows(terms: Terms, held: Iterable[Compiled]) -> Term:
    sides: dict[Effect, list[Term]] = {Effect.PERMIT: [], Effect.FORBID: []}
    for compiled in held:
        sides[compiled.policy.effect].append(compiled.applies)
    forbidden = terms.any_(sides[Effect.FORBID])
    return terms.and_(terms.any_(sides[Effect.PERMIT]), terms.not_(forbidden))


def _covering(effect: Effect, by: Effect) -> Kind:
    if effect is Effect.FORBID:
        if by is Effect.PERMIT:
            raise ValueError("A permit does not override a forbid.")
        return Kind.FORBID_SHADOWED
    return Kind.SHADOWED if by is Effect.PERMIT else Kind.OVERRIDDEN


def _redundant(forth: Finding, back: Finding) -> Finding:
    """Return whether two policies apply alike, from whether each covers the other."""
    for found in (forth, back):
        if found.verdict is Verdict.REFUTED:
            return replace(found, kind=Kind.REDUNDANT, policies=forth.policies)
    for found in (forth, back):
        if found.verdict is Verdict.UNPROVEN:
            return replace(found, kind=Kind.REDUNDANT, policies=forth.policies)
    return replace(forth, kind=Kind.REDUNDANT)
