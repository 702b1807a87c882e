"""What a policy says and how it is enforced, in plain language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .cedar import require_valid
from .models import Policy
from .rules import parse_rules
from .rules.sentence import explain_rule
from .types import MERGES, MODES, SEVERITIES, MergeStrategy, PolicyMode, Severity
from .words import Telling, tell_policy


@dataclass(frozen=True, slots=True)
class Explanation:
    """A policy in words: each statement, each rule, and how both are enforced."""

    statements: tuple[Telling, ...]
    rules: tuple[str, ...]
    enforcement: tuple[str, ...]


def explain_body(cedar: str, rules: Sequence[Mapping[str, Any]]) -> Explanation:
    """Return what Cedar and rules say in words; Invalid if either is not valid."""
    statements = tell_policy(require_valid(cedar)) if cedar.strip() else ()
    return Explanation(statements, tuple(map(explain_rule, parse_rules(rules))), ())


def explain_policy(policy: Policy) -> Explanation:
    """Return what a working copy says in words, where it reaches and what a violation does."""
    said = explain_body(policy.cedar, policy.rules)
    enforcement = (
        f"It reaches {policy.scope.name} and everything below.",
        f"{SEVERITIES[Severity(policy.severity)]}.",
        f"{MODES[PolicyMode(policy.mode)]}.",
        f"{MERGES[MergeStrategy(policy.merge_strategy)]}.",
    )
    return Explanation(said.statements, said.rules, enforcement)
