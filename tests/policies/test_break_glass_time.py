"""A break-glass that nobody ends by hand leaves the revisions in due time."""

from datetime import timedelta
from typing import Any

import time_machine

from apps.events.models import Event
from apps.policies.timekeeper import end_due_break_glasses
from tests.policies.test_break_glass import head, opened


def test_the_timekeeper_ends_it_once_when_its_time_is_over(committed_company: Any) -> None:
    company = committed_company
    glass = opened(company)
    with time_machine.travel(glass.ends_at - timedelta(seconds=1), tick=False):
        end_due_break_glasses()
    assert head(company)[0] == [str(glass.id)]
    with time_machine.travel(glass.ends_at, tick=False):
        assert end_due_break_glasses() == 1
        assert end_due_break_glasses() == 0
    assert head(company) == ([], [])
    with company.acting("admin"):
        event = Event.objects.get(type="break_glass.ended")
        assert (event.actor_name, event.reason) == ("timekeeper", "Its time is over.")
