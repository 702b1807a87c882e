"""Waiting for a row that somebody holds ends, and tells so, without harm."""

import pytest
from django.db import OperationalError, connection

from apps.policies.operations import edit_policy
from apps.policies.queries import get_policy
from tests.factories.policy import make_policy

from .together import row_locked


@pytest.mark.parametrize(
    ("setting", "value"),
    [("lock_timeout", "15s"), ("idle_in_transaction_session_timeout", "1min")],
)
def test_nobody_waits_or_holds_for_ever(committed_company, setting, value):
    with committed_company.acting("viewer"), connection.cursor() as cursor:
        cursor.execute(f"show {setting}")
        assert cursor.fetchone() == (value,)


def test_an_operation_that_waited_too_long_changes_nothing_and_works_again(committed_company):
    company = committed_company
    policy = make_policy(company)

    def edit() -> None:
        with company.acting("architect"):
            with connection.cursor() as cursor:
                cursor.execute("set local lock_timeout = '200ms'")
            edit_policy(policy_id=policy.id, name="renamed")

    with (
        row_locked(company.tenant_id, "policies_policy", policy.id),
        pytest.raises(OperationalError, match="lock timeout"),
    ):
        edit()
    with company.acting("architect"):
        assert get_policy(policy.id).name == "baseline"
    edit()
    with company.acting("architect"):
        assert get_policy(policy.id).name == "renamed"
