"""History of an object: its events, for whoever may view both it and the audit log."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.audit.entrypoints.serializers import EventOut
from apps.audit.queries import list_history
from apps.fleet.entrypoints import rest as fleet
from apps.kernel.entrypoints.rest import ListQuery, Route
from apps.orgs.entrypoints import rest as orgs
from apps.policies.entrypoints import rest as policies
from apps.proposals.entrypoints import rest as proposals


def _history_of(view: Callable[..., object], parameter: str) -> Callable[..., QuerySet[Any]]:
    def history(**values: UUID) -> QuerySet[Any]:
        """List what happened to it, newest first, where the caller may view the audit log."""
        view(**values)
        return list_history(str(values[parameter]))

    return history


ROUTES = tuple(
    Route(
        method="GET",
        path=f"{place}/history",
        name=f"{noun}.history",
        call=_history_of(view, parameter),
        query=ListQuery,
        answers=EventOut,
        order=("-id",),
    )
    for noun, place, parameter, view in (
        ("scope", orgs.SCOPE, "scope_id", orgs.view_scope),
        ("user", orgs.USER, "user_id", orgs.view_user),
        ("agent", orgs.AGENT, "agent_id", orgs.view_agent),
        ("policy", policies.POLICY, "policy_id", policies.view_policy),
        ("proposal", proposals.PROPOSAL, "proposal_id", proposals.view_proposal),
        ("cedar_agent", fleet.AGENT, "agent_id", fleet.view_agent),
    )
)
