"""A policy coming into force, or going out of it."""

from typing import TYPE_CHECKING, Any

from apps.kernel.authorization import Resource
from apps.kernel.errors import Conflict
from apps.orgs.types import Role
from apps.policies import queries as policies
from apps.policies.operations import activate_policy, require_fit, retire_policy
from apps.policies.types import PolicyState

from ..types import ProposalKind
from .base import Kind, Row

if TYPE_CHECKING:
    from ..models import Proposal

SETTINGS = ("severity", "mode", "merge_strategy")


class _PolicyKind(Kind):
    lowest_role = Role.ARCHITECT
    is_revised_by_payload = False

    def take(self, proposal: "Proposal") -> None:
        policy = proposal.policy
        proposal.subject = f"policy:{policy.id}"
        proposal.title = policy.name
        proposal.severity = policy.severity
        proposal.base_version = policy.active_version

    def content(self, proposal: "Proposal") -> dict[str, Any]:
        return content_under(proposal, proposal.policy)

    def authority(self, proposal: "Proposal") -> tuple[str, Resource]:
        return "policy.approve", proposal.policy.as_resource()

    def rows(self, proposal: "Proposal") -> list[Row]:
        return [Row("Policy", proposal.policy.name)]

    def lock(self, proposal: "Proposal") -> None:
        # What was read beside a row that had to be waited for is as old as the question.
        proposal.policy = policies.get_policy(proposal.policy.id, for_update=True)


class ActivatePolicy(_PolicyKind):
    name = ProposalKind.ACTIVATE_POLICY

    def take(self, proposal: "Proposal") -> None:
        super().take(proposal)
        require_fit(proposal.policy)
        proposal.cedar, proposal.rules = proposal.policy.cedar, proposal.policy.rules

    def find_outdated(self, proposal: "Proposal") -> str:
        is_same = proposal.digest == proposal.digest_of(self.content(proposal))
        if is_same and proposal.policy.active_version == proposal.base_version:
            return ""
        return "The policy changed meanwhile; the proposal must be revised."

    def apply(self, proposal: "Proposal", *, reason: str) -> None:
        activate_policy(
            policy_id=proposal.policy.id,
            cedar=proposal.cedar,
            rules=proposal.rules,
            reason=reason,
        )
        proposal.revision = policies.get_head().number


class RetirePolicy(_PolicyKind):
    name = ProposalKind.RETIRE_POLICY

    def take(self, proposal: "Proposal") -> None:
        if proposal.policy.state != PolicyState.ACTIVE:
            raise Conflict("Only a policy that is in force can be retired.")
        super().take(proposal)

    def apply(self, proposal: "Proposal", *, reason: str) -> None:
        retire_policy(policy_id=proposal.policy.id, reason=reason)
        proposal.revision = policies.get_head().number


def content_under(proposal: "Proposal", settings_of: Any) -> dict[str, Any]:
    """Return what reviews bind to: what is said, and how a policy would enforce it."""
    settings = {name: getattr(settings_of, name) for name in SETTINGS}
    rules = {"rules": proposal.rules} if proposal.rules else {}
    content = {"kind": ProposalKind(proposal.kind), "cedar": proposal.cedar}
    return {**content, **rules, **settings}
