"""What stands already at the places that a bundle reaches."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.kernel.authorization import authorize
from apps.orgs import queries as orgs
from apps.policies import queries as policies
from apps.policies.bundles import PolicyBundle, known_names, places_below

from ..models import Proposal
from ..types import ProposalState

if TYPE_CHECKING:
    from apps.policies.models import Policy, PolicyTest, PolicyVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """Scopes by their path, policies by scope and name, and all about these by their ids."""

    scopes: Mapping[str, Any]
    policies: "Mapping[tuple[UUID, str], Policy]"
    in_force: "Mapping[UUID, PolicyVersion]"
    tests: "Mapping[UUID, list[PolicyTest]]"
    pending: Mapping[UUID, Proposal]
    known: Collection[tuple[str, str]]


def look_around(scope: Any, bundle: PolicyBundle, *, for_update: bool) -> Here:
    """Return what stands where `bundle` would go, its policies locked if asked.

    Forbidden unless the actor may import into every scope that it reaches.
    """
    wanted = {one.path for one in bundle.policies}
    ids = {path: id for id, path in places_below(scope).items() if path in wanted}
    scopes = {path: orgs.get_scope(id) for path, id in sorted(ids.items())}
    for reached in scopes.values():
        authorize("policy.import", reached.as_resource())
    found = policies.find_policies(
        scope_ids=ids.values(), names={one.name for one in bundle.policies}, for_update=for_update
    )
    waiting = Proposal.objects.filter(policy__in=found, state=ProposalState.PENDING)
    return Here(
        scopes=scopes,
        policies={(one.scope_id, one.name): one for one in found},
        in_force=policies.versions_in_force(found),
        tests=policies.tests_of(found),
        pending={one.policy_id: one for one in waiting.select_related("policy__scope")},
        known=known_names(),
    )
