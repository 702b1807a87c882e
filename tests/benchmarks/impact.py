"""What it takes to say who gains and who loses in a company of 300 engineers."""

import random
import statistics
import time
from pathlib import Path

from apps.policies import product
from apps.policies.analysis import load_schema
from apps.policies.comparison import Body, Change, Mode
from apps.policies.impact import compute_impact
from tests.benchmarks.measure import Figure

SCHEMA = Path(product.__path__[0]) / "agent.cedarschema"
ORGANIZATIONS, TEAMS, PROJECTS, PEOPLE, AGENTS = 5, 30, 200, 300, 600
POLICIES, SECONDS = 40, 2.0
ROLES = ("viewer", "developer", "tech_lead", "architect", "admin")
FORMS = (
    'permit(principal in {scope}, action in Action::"read", resource in {scope});',
    'permit(principal in {scope}, action in [Action::"write", Action::"run_tool"], resource in'
    " {scope}) when {{ principal is User || principal.owner in {scope} }};",
    'permit(principal is User, action == Action::"deploy", resource in {scope}) when'
    " {{ principal.roles.contains({role}) && context has mfa && context.mfa }};",
    'forbid(principal is Agent, action == Action::"read_file", resource in {scope}) when'
    ' {{ resource has path && resource.path like "*.env" }};',
    'forbid(principal, action == Action::"deploy", resource in {scope}) when'
    " {{ context has hour && context.hour < 6 }};",
    'forbid(principal, action == Action::"use_dependency", resource in {scope}) when'
    ' {{ resource has name && resource.name == "lodash" }};',
)
# Of each change measured: what it does, and the statements that are added.
CHANGES = (
    ("members deploy", 'permit(principal, action == Action::"deploy", resource)'
     " when { principal in resource };"),
    ("everyday work for all", 'permit(principal, action in [Action::"read", Action::"write",'
     ' Action::"run_tool"], resource);'),
    ("no writing at night without a second factor",
     'forbid(principal, action in Action::"write", resource) when'
     " { context has hour && (context.hour < 6 || context.hour > 21) }"
     " unless { context has mfa && context.mfa };"),
)  # fmt: skip


def measure() -> list[Figure]:
    """Return the slowest of several changes, each asked from nothing but text and entities."""
    schema = load_schema(SCHEMA.read_text(encoding="utf-8"))
    entities, base = _company(random.Random(300)), _policies(random.Random(40))
    middles = {}
    for what, cedar in CHANGES:
        change = Change(id="new", base=base, after=(*base, _body("new", cedar)))
        middles[what] = statistics.median(_seconds(change, schema, entities) for _ in range(3))
    slowest = max(middles, key=lambda what: middles[what])
    return [
        Figure(
            f"Who gains and who loses, {PEOPLE} people, {AGENTS} agents, {PROJECTS} projects,"
            f" {POLICIES} policies in force, slowest of {len(CHANGES)} changes",
            f"{middles[slowest]:.2f} s ({slowest})",
            f"≤ {SECONDS:.0f} s",
            middles[slowest] <= SECONDS,
        )
    ]


def _seconds(change, schema, entities):
    started = time.perf_counter()
    impact = compute_impact(change, schema, entities)
    seconds = time.perf_counter() - started
    assert impact.rows
    assert not impact.is_cut
    return seconds


def _policies(pick):
    return tuple(_body(f"p{at}", _statement(pick)) for at in range(POLICIES))


def _statement(pick):
    scope = f'Scope::"c/o{pick.randrange(ORGANIZATIONS)}"'
    return pick.choice(FORMS).format(scope=scope, role=f'"{pick.choice(ROLES)}"')


def _body(name, cedar):
    return Body(id=name, cedar=cedar, mode=Mode.OPTIONAL, path=("c",))


def _company(pick):
    scopes = ["c", *(f"c/o{at}" for at in range(ORGANIZATIONS))]
    teams = [f"c/o{at % ORGANIZATIONS}/t{at}" for at in range(TEAMS)]
    projects = [f"{teams[at % TEAMS]}/p{at}" for at in range(PROJECTS)]
    rows = [_scope(name) for name in (*scopes, *teams, *projects)]
    for at in range(PEOPLE):
        held = {"roles": sorted(pick.sample(ROLES, k=pick.randint(1, 2)))}
        rows.append(_row("User", f"u{at}@c.example", held, [("Scope", pick.choice(teams))]))
    for at in range(AGENTS):
        owner = f"u{at % PEOPLE}@c.example"
        held = {"name": f"agent {at}", "owner": {"__entity": {"type": "User", "id": owner}},
                "capabilities": ["write"]}  # fmt: skip
        rows.append(
            _row("Agent", f"a{at}", held, [("User", owner), ("Scope", pick.choice(projects))])
        )
    return rows


def _scope(name):
    above = [("Scope", name.rsplit("/", 1)[0])] if "/" in name else []
    return _row("Scope", name, {"kind": "scope", "name": name}, above)


def _row(type, id, attributes, parents):
    above = [{"type": kind, "id": name} for kind, name in parents]
    return {"uid": {"type": type, "id": id}, "attrs": attributes, "parents": above}
