"""Whatever befalls portal, servers, wires and agents, the agents agree in the end."""

import os

import pytest

from .conftest import Ruin
from .storm import Storm

FEW, MANY = 6, 300


@pytest.mark.timeout(3600)
@pytest.mark.gap("UX-C1")
@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_agents_agree_after_every_fault_and_decide_only_by_what_was_published(
    ruin: Ruin, count: int
) -> None:
    seed = int(os.environ.get("FAULT_SEED", "20261123"))
    count = int(os.environ.get("FAULT_COUNT", count))
    with Storm(ruin, seed=seed) as storm:
        try:
            for _ in range(count):
                storm.strike()
        finally:
            print(f"FAULT_SEED={seed}; {len(storm.told)} faults, the last: {storm.told[-5:]}")
        storm.require_log()
    storm.judge()
