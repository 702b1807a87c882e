"""A policy coming into force, going back to an earlier version, or going out of force."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from apps.kernel.authorization import Resource
from apps.kernel.errors import Conflict, ProgrammingError
from apps.orgs.governance import Terms
from apps.orgs.types import Role, severity_rank
from apps.policies import queries as policies
from apps.policies.chain import layer_of
from apps.policies.inheritance import Layer
from apps.policies.operations import activate_policy, require_fit, retire_policy
from apps.policies.types import PolicyState

from ..types import ProposalKind
from . import registry
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

    def layer(self, proposal: "Proposal") -> Layer | None:
        """Return what would be in force as the policy; None if nothing would."""
        return layer_of(proposal.policy, proposal)

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

    def layer(self, proposal: "Proposal") -> Layer | None:
        return None

    def apply(self, proposal: "Proposal", *, reason: str) -> None:
        retire_policy(policy_id=proposal.policy.id, reason=reason)
        proposal.revision = policies.get_head().number


class RollbackPolicy(_PolicyKind):
    """Payload: `number`, the version to go back to. The working copy has no part in it."""

    name = ProposalKind.ROLLBACK_POLICY
    ruled_as = ProposalKind.ACTIVATE_POLICY

    def terms_under(self, terms: Terms) -> Terms:
        return replace(terms, required_approvals=1, auto_approve_role="")

    def take(self, proposal: "Proposal") -> None:
        super().take(proposal)
        policy, version = proposal.policy, self._version(proposal)
        if version.number == policy.active_version:
            raise Conflict(f"Version {version.number} is in force.")
        require_fit(policy, saying=version)
        proposal.severity = max(policy.severity, version.severity, key=severity_rank)
        proposal.title = f"{policy.name}: back to version {version.number}"
        proposal.cedar, proposal.rules = version.cedar, version.rules

    def content(self, proposal: "Proposal") -> dict[str, Any]:
        return content_under(proposal, self._version(proposal))

    def layer(self, proposal: "Proposal") -> Layer | None:
        return layer_of(proposal.policy, self._version(proposal))

    def find_outdated(self, proposal: "Proposal") -> str:
        if proposal.policy.active_version == proposal.base_version:
            return ""
        return "Another version came into force meanwhile; the proposal must be revised."

    def apply(self, proposal: "Proposal", *, reason: str) -> None:
        activate_policy(
            policy_id=proposal.policy.id,
            restored=self._version(proposal).number,
            reason=reason,
        )
        proposal.revision = policies.get_head().number

    @staticmethod
    def _version(proposal: "Proposal") -> Any:
        number = proposal.payload["number"]
        return policies.get_version(policy_id=proposal.policy.id, number=number)


def layer_proposed(proposal: "Proposal") -> Layer | None:
    """Return what a policy's proposal would put in force; None if it takes the policy out of it."""
    kind = registry.get_kind(proposal.kind)
    if not isinstance(kind, _PolicyKind):
        raise ProgrammingError(f"a proposal of kind {kind.name} is about no policy")
    return kind.layer(proposal)


def content_under(proposal: "Proposal", settings_of: Any) -> dict[str, Any]:
    """Return what reviews bind to: what is said, and how a policy would enforce it."""
    settings = {name: getattr(settings_of, name) for name in SETTINGS}
    rules = {"rules": proposal.rules} if proposal.rules else {}
    content = {"kind": ProposalKind(proposal.kind), "cedar": proposal.cedar}
    return {**content, **rules, **settings}
