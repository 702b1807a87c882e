"""What the policies that hold at a scope say about a project."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from apps.kernel.actor import Actor
from apps.orgs.queries import has_role_at
from apps.orgs.types import severity_rank

from .inheritance import EffectivePolicy, EffectiveRule
from .rules import Effect, Rule
from .rules.check import check_rule
from .rules.findings import Finding
from .rules.project import Project
from .rules.sentence import sentence_of
from .types import Severity


class CheckVerdict(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict, not a secret
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The policy a rule comes from; `version` is None for a draft."""

    policy_id: UUID
    policy: str
    version: int | None
    scope_id: UUID
    scope: str
    rule_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One place of a project that breaks a rule; line 0 is the file as a whole."""

    severity: str
    origin: Origin
    file: str
    line: int
    reason: str
    message: str
    alternatives: tuple[str, ...]
    may_resolve: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A rule that was not, or not wholly, checked, and why."""

    origin: Origin
    says: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of a check: worst first, with what was left unchecked."""

    violations: tuple[Violation, ...]
    passed_over: tuple[Passed, ...]
    rules: int

    @property
    def verdict(self) -> CheckVerdict:
        """Return block or warn if a violation is that severe, else pass."""
        found = {violation.severity for violation in self.violations}
        if Severity.BLOCK in found:
            return CheckVerdict.BLOCK
        return CheckVerdict.WARN if Severity.WARN in found else CheckVerdict.PASS

    @property
    def counts(self) -> dict[str, int]:
        """Return how many violations there are of each severity."""
        severities = [violation.severity for violation in self.violations]
        return {severity.value: severities.count(severity.value) for severity in Severity}


def check(
    policies: Sequence[EffectivePolicy], project: Project, *, actor: Actor, scope: Any
) -> Report:
    """Return how a project breaks the rules that hold at `scope` and bind `actor`."""
    everything = [one for policy in policies for one in policy.rules]
    bound, passed = [], []
    for one in everything:
        why = _why_off(one, actor, scope)
        if why:
            passed.append(_passed(one, why))
        else:
            bound.append(one)
    violations: list[Violation] = []
    for one in bound:
        outcome = check_rule(one.rule, project, allows=_exceptions_to(one, bound))
        violations += (_violation(one, finding) for finding in outcome.findings)
        if outcome.unchecked:
            passed.append(_passed(one, outcome.unchecked))
    return Report(
        violations=tuple(sorted(violations, key=_weight)),
        passed_over=tuple(passed),
        rules=len(everything),
    )


def _why_off(one: EffectiveRule, actor: Actor, scope: Any) -> str:
    if one.is_off_here:
        return "it does not hold in this place"
    if one.rule.roles and has_role_at(actor, one.rule.roles, str(scope.id)):
        return "it does not bind somebody with your role"
    return ""


def _exceptions_to(one: EffectiveRule, bound: Iterable[EffectiveRule]) -> list[Rule]:
    return list(_allows(one, bound))


def _allows(one: EffectiveRule, bound: Iterable[EffectiveRule]) -> Iterator[Rule]:
    for other in bound:
        is_own = other.layer.policy_id == one.layer.policy_id
        is_below = one.layer.is_optional and other.layer.depth > one.layer.depth
        if other.rule.effect == Effect.ALLOW and (is_own or is_below):
            yield other.rule


def _violation(one: EffectiveRule, finding: Finding) -> Violation:
    return Violation(
        severity=one.rule.severity,
        origin=_origin(one),
        file=finding.file,
        line=finding.line,
        reason=finding.reason,
        message=one.rule.message,
        alternatives=one.rule.alternatives,
        may_resolve=finding.may_resolve,
    )


def _passed(one: EffectiveRule, why: str) -> Passed:
    return Passed(origin=_origin(one), says=sentence_of(one.rule), why=why)


def _origin(one: EffectiveRule) -> Origin:
    return Origin(
        policy_id=one.layer.policy_id,
        policy=one.layer.name,
        version=one.layer.version,
        scope_id=one.layer.scope_id,
        scope=one.layer.scope_name,
        rule_id=one.rule.id,
    )


def _weight(violation: Violation) -> tuple[Any, ...]:
    origin = violation.origin
    rank = -severity_rank(violation.severity)
    return (rank, origin.policy, origin.rule_id, violation.file, violation.line)
