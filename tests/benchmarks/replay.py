"""What it costs to decide recorded decisions again as if one policy were in force."""

import statistics
import time
from collections.abc import Sequence
from typing import Any

from apps.fleet.types import RecordedRequest
from apps.kernel import clock
from apps.kernel.ids import uuid7
from apps.policies.comparison import Body, Change
from apps.policies.comparison.sides import Mode
from apps.policies.queries import agent_schema
from apps.proposals.replay.judging import Judge
from apps.proposals.replay.running import PAGE
from apps.proposals.types import ReplayOutcome
from tests.benchmarks.measure import Figure

POLICIES, DECISIONS, ROUNDS, LIMIT = 300, 60_000, 3, 20_000
PLACES = [f"c/o{at % 6}/t{at % 30}/p{at}" for at in range(200)]
ASKED = (("write_file", "File"), ("read_file", "File"), ("run_tool", "Tool"))
CHANGED = f"""forbid (principal, action == Action::"write_file", resource in Scope::"{PLACES[7]}")
unless {{ context has mfa && context.mfa }};
"""


def measure() -> list[Figure]:
    """Return how many recorded decisions, each another one, are decided again in a second."""
    base = tuple(_body(f"p{at}", _permit(PLACES[at % len(PLACES)])) for at in range(POLICIES))
    change = Change(id="new", base=base, after=(*base, _body("new", CHANGED)))
    rows, entities = _recorded(), [*_scopes(), *_people()]
    rates, different = [], 0
    for _ in range(ROUNDS):
        judge = Judge(change, schema=agent_schema(), entities=entities)
        started = time.perf_counter()
        found = [
            outcome
            for begin in range(0, len(rows), PAGE)
            for outcome in judge.judge_many(rows[begin : begin + PAGE])
        ]
        rates.append(len(rows) / (time.perf_counter() - started))
        different = found.count(ReplayOutcome.NEWLY_DENIED)
    rate = statistics.median(rates)
    note = f"{POLICIES} policies, one process; {different:,} would be different"
    return [
        Figure(
            f"{DECISIONS:,} recorded decisions, no two alike, decided again against a proposal",
            f"{rate:,.0f}/s",
            f"≥ {LIMIT:,}/s",
            rate >= LIMIT,
            note,
        )
    ]


def _body(name: str, cedar: str) -> Body:
    return Body(id=name, cedar=cedar, mode=Mode.OPTIONAL, path=("c",))


def _permit(place: str) -> str:
    return f'permit (principal, action == Action::"write_file", resource in Scope::"{place}");\n'


def _scopes() -> list[dict[str, Any]]:
    names = {"c"}
    for place in PLACES:
        parts = place.split("/")
        names |= {"/".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
    return [
        {
            "uid": {"type": "Scope", "id": name},
            "attrs": {"kind": "k", "name": name},
            "parents": [{"type": "Scope", "id": name.rpartition("/")[0]}] if "/" in name else [],
        }
        for name in sorted(names)
    ]


def _people() -> list[dict[str, Any]]:
    return [
        {"uid": {"type": "User", "id": f"u{at}"}, "attrs": {"roles": []}, "parents": []}
        for at in range(300)
    ]


def _recorded() -> Sequence[RecordedRequest]:
    moment = clock.now()
    return [
        RecordedRequest(
            id=uuid7(),
            decided_at=moment,
            principal=f'User::"u{number % 300}"',
            action=f'Action::"{ASKED[number % 3][0]}"',
            resource=f'{ASKED[number % 3][1]}::"x{number}"',
            context='{"mfa": true}' if number % 2 else "{}",
            entities=_entities(number),
            decision="Allow",
            is_cut=False,
            agent="ci-1",
        )
        for number in range(DECISIONS)
    ]


def _entities(number: int) -> str:
    # One in ten says where its file is, as the changed policy asks.
    if number % 10 or number % 3 == 2:
        return "[]"
    place = PLACES[number // 10 % len(PLACES)]
    parent = f'{{"type": "Scope", "id": "{place}"}}'
    uid = f'{{"type": "File", "id": "x{number}"}}'
    return f'[{{"uid": {uid}, "attrs": {{"path": "x"}}, "parents": [{parent}]}}]'
