"""A whole set of policies at once: every policy, every pair that can meet, every environment."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from .analyzer import Analyzer
from .policies import Policy
from .schema import Schema
from .scopes import action_uids, are_disjoint
from .types import Comparison, Environment, Finding, Kind, Verdict

_WORTH_TELLING = frozenset(
    {
        (Kind.NEVER_MATCHES, Verdict.PROVEN),
        (Kind.ALWAYS_MATCHES, Verdict.PROVEN),
        (Kind.NEVER_ERRORS, Verdict.REFUTED),
        (Kind.OVERLAP, Verdict.PROVEN),
        (Kind.SHADOWED, Verdict.PROVEN),
        (Kind.OVERRIDDEN, Verdict.PROVEN),
        (Kind.FORBID_SHADOWED, Verdict.PROVEN),
        (Kind.REDUNDANT, Verdict.PROVEN),
    }
)


def review(analyzer: Analyzer, policies: Sequence[Policy]) -> Iterator[Finding]:
    """Yield every finding about policies and pairs, environment by environment.

    Pairs with disjoint scopes, and with a policy that never matches there, are left out.
    """
    for environment in analyzer.schema.environments:
        meeting = []
        for policy in concerned(analyzer.schema, policies, environment):
            findings = analyzer.single(policy, environment)
            yield from findings
            if findings[0].verdict is not Verdict.PROVEN:
                meeting.append(policy)
        for one, other in combinations(meeting, 2):
            if not are_disjoint(one, other, analyzer.schema):
                yield from analyzer.pair(one, other, environment)


def is_worth_telling(finding: Finding) -> bool:
    """Return whether a finding tells the policies' author something, or that nothing is known."""
    if finding.verdict is Verdict.UNPROVEN:
        return True
    return (finding.kind, finding.verdict) in _WORTH_TELLING


def compare_everywhere(
    analyzer: Analyzer, old: Sequence[Policy], new: Sequence[Policy]
) -> list[Comparison]:
    """Return the comparison of two sets in every environment, in order."""
    return [analyzer.compare(old, new, environment) for environment in analyzer.schema.environments]


def never_matches_anywhere(analyzer: Analyzer, policy: Policy) -> Verdict:
    """Return whether a policy applies to no request of any environment."""
    found = {
        analyzer.never_matches(policy, environment).verdict
        for environment in analyzer.schema.environments
    }
    for verdict in (Verdict.REFUTED, Verdict.UNPROVEN):
        if verdict in found:
            return verdict
    return Verdict.PROVEN


def concerned(schema: Schema, policies: Sequence[Policy], environment: Environment) -> list[Policy]:
    """Return the policies whose scope names the environment's action and types."""
    action = (environment.action_type, environment.action_id)
    kinds = {"principal": environment.principal, "resource": environment.resource}
    return [
        policy
        for policy in policies
        if action in action_uids(policy, schema)
        and all(policy.body[name].get("entity_type", kind) == kind for name, kind in kinds.items())
    ]
