"""What is said of a change is what Cedar does, asked request by request in random companies."""

import random

import pytest

from apps.policies.impact import compute_impact
from tests.policies.impact.worlds import SCHEMA, Brute, change, company, rows_about

WORLDS, REQUESTS = 25, 80


def _differences(seed, *, is_wild, requests=REQUESTS):
    """Return requests of one world on which the impact and Cedar say different things."""
    pick = random.Random(seed)
    rows, changed = company(pick), change(pick, is_wild=is_wild)
    impact = compute_impact(changed, SCHEMA, rows)
    brute = Brute(changed, rows, pick)
    assert not impact.is_cut
    found = []
    for _ in range(requests):
        request, target, entity = brute.request()
        effect = brute.effect(request, entity)
        told = rows_about(impact, request, target, entity)
        sure = {row.effect for row in told if not row.is_sampled}
        is_missed = effect is not None and not told and not impact.is_sampled
        is_false = bool(sure) and sure != {effect}
        is_vague = len({row.effect for row in told}) > 1 and not any(r.is_sampled for r in told)
        if is_missed or is_false or is_vague:
            found.append((seed, effect, told, request, entity, changed))
    return found


@pytest.mark.parametrize("part", range(4))
def test_plain_changes_are_told_exactly_as_cedar_decides(part):
    seeds = range(part * WORLDS, (part + 1) * WORLDS)
    assert [d for seed in seeds for d in _differences(seed, is_wild=False)] == []


def test_wild_changes_are_never_missed_where_nothing_was_sampled():
    seeds = range(10_000, 10_000 + WORLDS)
    assert [d for seed in seeds for d in _differences(seed, is_wild=True)] == []
