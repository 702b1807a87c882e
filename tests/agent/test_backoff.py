"""Waits between connection attempts grow with full jitter and never hammer a refusing portal."""

import random

import pytest
from aeterna_cedar_agent.backoff import Backoff


class Highest(random.Random):
    """Draws the upper end of every range."""

    def uniform(self, a: float, b: float) -> float:
        return b


def make(source: random.Random) -> Backoff:
    return Backoff(base_seconds=0.5, cap_seconds=30, auth_retry_seconds=30, source=source)


def test_the_ceiling_doubles_from_half_a_second_to_thirty() -> None:
    backoff = make(Highest())
    waits = [backoff.after(close_code=None, up_seconds=0) for _ in range(9)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_the_jitter_is_full() -> None:
    backoff = make(random.Random(7))
    waits = [backoff.after(close_code=1006, up_seconds=0) for _ in range(2_000)][10:]
    assert min(waits) < 1
    assert max(waits) > 29
    assert max(waits) <= 30


@pytest.mark.parametrize(("up_seconds", "expected"), [(59.9, 4), (60, 0.5)])
def test_a_minute_up_starts_over(up_seconds: float, expected: float) -> None:
    backoff = make(Highest())
    for _ in range(3):
        backoff.after(close_code=None, up_seconds=0)
    assert backoff.after(close_code=None, up_seconds=up_seconds) == expected


@pytest.mark.parametrize("code", [4401, 4403])
def test_a_refused_token_waits_thirty_seconds_or_more(code: int) -> None:
    backoff = make(random.Random(7))
    waits = [backoff.after(close_code=code, up_seconds=0) for _ in range(200)]
    assert min(waits) >= 30
    assert max(waits) <= 36


def test_being_replaced_goes_to_the_cap() -> None:
    backoff = make(random.Random(7))
    assert min(backoff.after(close_code=4409, up_seconds=0) for _ in range(200)) >= 15


def test_years_of_failures_do_not_overflow() -> None:
    backoff = make(Highest())
    backoff.failures = 10**9
    assert backoff.after(close_code=None, up_seconds=0) == 30
