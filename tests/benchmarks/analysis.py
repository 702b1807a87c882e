"""What proving something about policies costs, nothing remembered from before."""

import random
import statistics
import time
from pathlib import Path

from apps.policies import product
from apps.policies.analysis import (
    Analyzer,
    Environment,
    Policy,
    Relation,
    Verdict,
    load_schema,
    parse_policies,
)
from apps.policies.analysis.settle import verdicts
from tests.benchmarks.measure import Figure

SCHEMA = Path(product.__path__[0]) / "agent.cedarschema"
PAIRS, POLICIES, ROUNDS = 300, 120, 3
PAIR_MS, DIFF_SECONDS = 50, 0.5
FORMS = (
    'permit(principal in {scope}, action == Action::"read_file", resource in {other});',
    'permit(principal is User in {scope}, action in Action::"read", resource is File)'
    " when {{ principal.roles.contains({role}) }};",
    'permit(principal, action in [Action::"read_file", Action::"write_file"], resource is File)'
    " when {{ resource has path && resource.path like {pattern} }};",
    "permit(principal == {user}, action, resource in {scope});",
    'permit(principal is Agent, action == Action::"read_file", resource)'
    " when {{ principal.owner in {scope} && principal.capabilities.containsAny([{role}]) }};",
    "forbid(principal, action, resource in {scope}) unless {{ context has mfa && context.mfa }};",
    'forbid(principal, action in Action::"read", resource in {scope})'
    " when {{ context has hour && (context.hour < {low} || context.hour + 1 > {high}) }};",
    'forbid(principal is User in {scope}, action == Action::"read_file", resource)'
    ' when {{ context has source && context.source like "agent-*" }};',
)


def measure() -> list[Figure]:
    """Return the cost of analysing a pair, and of comparing two sets in one environment."""
    schema = load_schema(SCHEMA.read_text(encoding="utf-8"))
    write = _Writer(random.Random(8))
    Analyzer(schema).never_matches(parse_policies(write.one(), schema)[0], schema.environments[0])
    return [_pairs(Analyzer(schema), write), *_differences(Analyzer(schema), write)]


def _pairs(analyzer: Analyzer, write: "_Writer") -> Figure:
    policies = parse_policies("\n".join(write.one() for _ in range(2 * PAIRS)), analyzer.schema)
    verdicts.clear()
    seconds, unproven = [], 0
    for one, other in zip(policies[::2], policies[1::2], strict=True):
        environment = _reading(analyzer, "User")
        started = time.perf_counter()
        findings = analyzer.pair(one, other, environment)
        seconds.append(time.perf_counter() - started)
        unproven += sum(finding.verdict is Verdict.UNPROVEN for finding in findings)
    milliseconds = sorted(second * 1000 for second in seconds)
    slowest = milliseconds[int(len(milliseconds) * 0.95)]
    return Figure(
        f"Every answer about a pair of policies, with witnesses confirmed, p95 of {PAIRS}",
        f"{slowest:.1f} ms (p50 {statistics.median(milliseconds):.1f}, {unproven} unproven)",
        f"≤ {PAIR_MS} ms",
        slowest <= PAIR_MS,
    )


def _differences(analyzer: Analyzer, write: "_Writer") -> list[Figure]:
    texts = [write.one() for _ in range(POLICIES)]
    old = parse_policies("\n".join(texts), analyzer.schema, name="p")
    changed = parse_policies("\n".join([*texts[1:], write.one()]), analyzer.schema, name="q")
    same = parse_policies("\n".join(reversed(texts)), analyzer.schema, name="q")
    return [
        _difference(analyzer, "another policy", old, changed),
        _difference(analyzer, "another order", old, same, Relation.EQUIVALENT),
    ]


def _difference(
    analyzer: Analyzer,
    what: str,
    old: tuple[Policy, ...],
    new: tuple[Policy, ...],
    expected: Relation | None = None,
) -> Figure:
    seconds = []
    for _ in range(ROUNDS):
        for principal in ("User", "Agent"):
            verdicts.clear()
            fresh = Analyzer(analyzer.schema)
            environment = _reading(fresh, principal)
            started = time.perf_counter()
            relation = fresh.compare(old, new, environment).relation
            seconds.append(time.perf_counter() - started)
            assert relation is not Relation.UNPROVEN
            assert expected in (None, relation)
    middle = statistics.median(seconds)
    return Figure(
        f"Semantic difference of {POLICIES} policies and {what}, one environment, uncompiled",
        f"{middle:.2f} s (slowest {max(seconds):.2f})",
        f"≤ {DIFF_SECONDS} s",
        middle <= DIFF_SECONDS,
    )


def _reading(analyzer: Analyzer, principal: str) -> Environment:
    return next(
        environment
        for environment in analyzer.schema.environments
        if environment.action_id == "read_file" and environment.principal == principal
    )


class _Writer:
    """Writes policies as people do, about scopes, roles, paths, hours and second factors."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick

    def one(self) -> str:
        some = self.pick.randrange
        return self.pick.choice(FORMS).format(
            scope=f'Scope::"meridian/{some(12)}"',
            other=f'Scope::"meridian/{some(12)}/{some(12)}"',
            role=f'"role-{some(9)}"',
            pattern=f'"src/{some(9)}/*.{self.pick.choice(("py", "ts", "rs"))}"',
            user=f'User::"user{some(40)}@meridian.example"',
            low=some(9),
            high=some(9) + 14,
        )
