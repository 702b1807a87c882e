"""Who may approve a policy: Cedar is asked about each person whose roles reach it."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from apps.kernel.actor import Principal, PrincipalKind
from apps.kernel.authorization import decide
from apps.kernel.tenancy import acting_as, current_actor
from apps.orgs import queries as orgs

from .models import Policy

MOST_ASKED = 60


@dataclass(frozen=True, slots=True)
class Approvers:
    """People who may approve; `is_complete` is false when more than MOST_ASKED have a role."""

    people: list[Any]
    is_complete: bool


def find_approvers(policy: Policy, *, author_id: UUID | None = None) -> Approvers:
    """Return the active people to whom Cedar permits policy.approve on `policy`, by name.

    Whoever proposed it, `author_id`, is left out: nobody decides on their own.
    """
    chain = orgs.scope_chain(str(policy.scope_id))
    grants = orgs.list_grants().filter(scope_id__in=chain, user__deactivated_at__isnull=True)
    candidates = {grant.user_id: grant.user for grant in grants if grant.user_id != author_id}
    asked = list(candidates.values())[:MOST_ASKED]
    return Approvers(
        people=[person for person in asked if _may_approve(person, policy)],
        is_complete=len(asked) == len(candidates),
    )


def _may_approve(person: Any, policy: Policy) -> bool:
    principal = Principal(kind=PrincipalKind.USER, id=str(person.id), name=person.name)
    asked = replace(
        current_actor(), principal=principal, on_behalf_of=(), scopes=None, is_platform=False
    )
    with acting_as(asked):
        return decide("policy.approve", policy.as_resource()).allowed
