"""When a waiting proposal is reminded of, escalated and expires: pure arithmetic on instants.

Periods are elapsed hours on the one time line of UTC: a change to or from daylight saving time
moves what the clock on the wall shows, never how long people have.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .types import StepKind

STRENGTH = {StepKind.REMIND: 0, StepKind.ESCALATE: 1, StepKind.EXPIRE: 2}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that time does, at an instant, once; `key` names it within a round."""

    kind: StepKind
    at: datetime
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long one level has had a proposal, and whether another level comes after it."""

    level: int
    since: datetime
    due_at: datetime
    expires_at: datetime
    may_escalate: bool
    reminder_percents: Sequence[int] = ()


def steps_of(wait: Wait) -> list[Step]:
    """Return everything that time will do while the proposal stays at its level, by instant."""
    period = wait.due_at - wait.since
    steps = [
        Step(StepKind.REMIND, wait.since + period * percent / 100, f"remind:{wait.level}:{percent}")
        for percent in wait.reminder_percents
    ]
    if wait.may_escalate:
        steps.append(Step(StepKind.ESCALATE, wait.due_at, f"escalate:{wait.level + 1}"))
    else:
        # Nothing expires before the last of those who are asked had their time.
        end = max(wait.expires_at, wait.due_at + timedelta(minutes=1))
        steps.append(Step(StepKind.REMIND, wait.due_at, f"overdue:{wait.level}"))
        steps.append(Step(StepKind.EXPIRE, end, "expire"))
    return sorted(steps, key=lambda step: (step.at, STRENGTH[step.kind]))


def due_now(steps: Sequence[Step], *, done: Collection[str], now: datetime) -> list[Step]:
    """Return the steps whose time has come, the one to take last; the others were missed."""
    due = [step for step in steps if step.at <= now and step.key not in done]
    return sorted(due, key=lambda step: (STRENGTH[step.kind], step.at))


def next_at(steps: Sequence[Step], *, done: Collection[str]) -> datetime | None:
    """Return when the next step is to be taken, or None if none is left."""
    return min((step.at for step in steps if step.key not in done), default=None)
