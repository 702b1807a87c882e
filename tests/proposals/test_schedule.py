"""When time does something: elapsed hours, whatever the calendar and the clock on the wall do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.proposals.schedule import Wait, due_now, next_at, steps_of

START = datetime(2026, 3, 10, 9, tzinfo=UTC)


def wait(*, since=START, hours=24, level=0, expires=336, may_escalate=True, percents=(50, 90)):
    return Wait(
        level=level,
        since=since,
        due_at=since + timedelta(hours=hours),
        expires_at=since + timedelta(hours=expires),
        may_escalate=may_escalate,
        reminder_percents=percents,
    )


def test_a_level_reminds_twice_and_then_escalates():
    steps = [(step.key, step.at - START) for step in steps_of(wait())]
    assert steps == [
        ("remind:0:50", timedelta(hours=12)),
        ("remind:0:90", timedelta(hours=21, minutes=36)),
        ("escalate:1", timedelta(hours=24)),
    ]


def test_the_last_level_reminds_once_more_and_expires():
    keys = [step.key for step in steps_of(wait(level=2, may_escalate=False, percents=()))]
    assert keys == ["overdue:2", "expire"]


def test_nothing_expires_before_the_last_level_had_its_time():
    end = steps_of(wait(expires=1, may_escalate=False))[-1]
    assert end.key == "expire"
    assert end.at > START + timedelta(hours=24)


def test_after_a_day_without_a_scheduler_one_step_is_taken_and_the_others_were_missed():
    due = due_now(steps_of(wait()), done=(), now=START + timedelta(hours=48))
    assert [step.key for step in due] == ["remind:0:50", "remind:0:90", "escalate:1"]
    due = due_now(steps_of(wait()), done=(), now=START + timedelta(hours=23))
    assert [step.key for step in due] == ["remind:0:50", "remind:0:90"]


def test_what_was_done_is_not_due_again():
    steps, now = steps_of(wait()), START + timedelta(hours=13)
    assert due_now(steps, done={"remind:0:50"}, now=now) == []
    assert next_at(steps, done={"remind:0:50"}) == START + timedelta(hours=21, minutes=36)
    assert next_at(steps, done={step.key for step in steps}) is None


@pytest.mark.parametrize(
    ("day", "month", "on_the_wall"),
    [
        (28, 3, "13:00"),  # the night that loses an hour
        (24, 10, "11:00"),  # the night that has one more
    ],
)
def test_a_change_of_daylight_saving_time_moves_the_wall_not_the_period(day, month, on_the_wall):
    berlin = ZoneInfo("Europe/Berlin")
    started = datetime(2026, month, day, 12, tzinfo=berlin).astimezone(UTC)
    end = steps_of(wait(since=started))[-1].at
    assert end - started == timedelta(hours=24)
    assert end.astimezone(berlin).strftime("%H:%M") == on_the_wall


@pytest.mark.parametrize(
    ("since", "hours", "end"),
    [
        (datetime(2026, 1, 31, 9, tzinfo=UTC), 48, datetime(2026, 2, 2, 9, tzinfo=UTC)),
        (datetime(2026, 2, 28, 9, tzinfo=UTC), 24, datetime(2026, 3, 1, 9, tzinfo=UTC)),
        (datetime(2028, 2, 28, 9, tzinfo=UTC), 24, datetime(2028, 2, 29, 9, tzinfo=UTC)),
        (datetime(2026, 12, 31, 9, tzinfo=UTC), 72, datetime(2027, 1, 3, 9, tzinfo=UTC)),
    ],
)
def test_the_end_of_a_month_is_no_edge(since, hours, end):
    assert steps_of(wait(since=since, hours=hours))[-1].at == end
