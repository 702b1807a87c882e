"""A rollback that nobody confirms ends by itself."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from apps.events.models import Event
from apps.policies.models import Rollback
from apps.policies.timekeeper import end_due_rollbacks
from tests.factories.policy import PERMIT, make_active
from tests.policies.test_rollbacks import BAD, in_force, make_bad, roll_back


@pytest.mark.gap("UX-H4")
def test_what_nobody_confirms_ends_by_itself_once_and_not_before(
    committed_company: Any,
) -> None:
    company = committed_company
    policy, kept = make_bad(company), make_active(company, name="kept")
    rollback = roll_back(company, policy, hours=24)
    with time_machine.travel(rollback.ends_at - timedelta(seconds=1), tick=False):
        end_due_rollbacks()
    assert in_force(company, policy).cedar == PERMIT
    with time_machine.travel(rollback.ends_at + timedelta(days=3), tick=False):
        assert end_due_rollbacks() >= 1
        assert end_due_rollbacks() == 0
    assert in_force(company, policy).cedar == BAD
    assert in_force(company, kept).number == 1
    with company.acting("admin"):
        assert Rollback.objects.get().state == "ended"
        event = Event.objects.get(type="policy.rollback_ended")
        assert (event.actor_name, event.reason) == ("timekeeper", "Nobody confirmed it in time.")
