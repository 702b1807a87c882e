"""What agents decided and told."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from apps.fleet.operations import record_decisions
from apps.fleet.types import LogEntry
from apps.kernel import clock
from apps.kernel.tenancy import acting_as
from tests.factories.company import TestCompany

DEPLOY = 'permit (principal is User, action == Action::"deploy", resource);\n'
NO_DEPLOY = 'forbid (principal is User, action == Action::"deploy", resource);\n'


def who(company: TestCompany, role: str = "developer") -> str:
    """Return a person as an agent names them."""
    return f'User::"{company.users[role].email}"'


def record(company: TestCompany, agent: Any, *requests: Any, dropped: int = 0) -> None:
    """Record what an agent decided: (principal, action, and what else is said of it)."""
    entries = [
        LogEntry(
            **{
                "sequence": at,
                "at": clock.now() - timedelta(days=1, seconds=-at),
                "revision": 1,
                "principal": principal,
                "action": f'Action::"{action}"',
                "resource": f'Scope::"{company.slug}"',
                "decision": "Deny",
                "staleness": "fresh",
                **more,
            }
        )
        for at, (principal, action, more) in enumerate(requests, start=1)
    ]
    with acting_as(company.service("fleet")):
        record_decisions(agent_id=agent.id, log=uuid4().hex, dropped=dropped, entries=entries)
