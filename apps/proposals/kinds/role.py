"""A role given to a person, or taken back."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.kernel.authorization import Resource
from apps.kernel.errors import Conflict, Invalid, NotFound
from apps.orgs import queries as orgs
from apps.orgs.checks import clean_role
from apps.orgs.operations import grant_role, revoke_role
from apps.orgs.types import ROLE_TITLES, Role, Severity

from ..types import ProposalKind
from .base import Kind, Row

if TYPE_CHECKING:
    from ..models import Proposal

WEIGHT = {
    Role.VIEWER: Severity.INFO,
    Role.DEVELOPER: Severity.INFO,
    Role.TECH_LEAD: Severity.WARN,
    Role.ARCHITECT: Severity.WARN,
    Role.ADMIN: Severity.BLOCK,
    Role.TENANT_ADMIN: Severity.BLOCK,
}


class GrantRole(Kind):
    """Payload: `user_id` and `role`."""

    name = ProposalKind.GRANT_ROLE
    lowest_role = Role.ADMIN

    def clean(self, *, scope: Any, payload: dict[str, Any]) -> dict[str, Any]:
        user = orgs.get_user(_id(payload, "user_id"))
        role = clean_role(str(payload.get("role", "")))
        if orgs.list_grants(scope_id=scope.id, user_id=user.id).filter(role=role).exists():
            raise Conflict(f"{user.name} is {ROLE_TITLES[role]} in {scope.name} already.")
        return {"user_id": str(user.id), "role": role.value}

    def take(self, proposal: "Proposal") -> None:
        user, role = self._parts(proposal)
        proposal.subject = f"role:{user.id}:{proposal.scope_id}:{role}"
        proposal.title = f"{ROLE_TITLES[role]} for {user.name}"
        proposal.severity = WEIGHT[role]

    def content(self, proposal: "Proposal") -> dict[str, Any]:
        return {"kind": self.name, "scope": str(proposal.scope_id), **proposal.payload}

    def authority(self, proposal: "Proposal") -> tuple[str, Resource]:
        return "role.grant", _grant_resource(proposal, proposal.payload["role"])

    def rows(self, proposal: "Proposal") -> list[Row]:
        user, role = self._parts(proposal)
        return [
            Row("Person", f"{user.name}, {user.email}"),
            Row("Role", ROLE_TITLES[role]),
            Row("Where", f"{proposal.scope.name} and everything below"),
        ]

    def apply(self, proposal: "Proposal", *, reason: str) -> None:
        del reason
        user, role = self._parts(proposal)
        grant_role(user_id=user.id, scope_id=proposal.scope_id, role=role)

    def _parts(self, proposal: "Proposal") -> tuple[Any, Role]:
        user = orgs.get_user(UUID(proposal.payload["user_id"]))
        return user, Role(proposal.payload["role"])


class RevokeRole(Kind):
    """Payload: `grant_id`."""

    name = ProposalKind.REVOKE_ROLE
    lowest_role = Role.ADMIN

    def clean(self, *, scope: Any, payload: dict[str, Any]) -> dict[str, Any]:
        grant = orgs.get_grant(_id(payload, "grant_id"))
        if grant.scope_id != scope.id:
            raise Invalid(fields={"grant_id": ["That role is held at another scope."]})
        person = {"person": grant.user.name, "role": grant.role}
        return {"grant_id": str(grant.id), **person}

    def take(self, proposal: "Proposal") -> None:
        role = Role(proposal.payload["role"])
        proposal.subject = f"grant:{proposal.payload['grant_id']}"
        proposal.title = f"{ROLE_TITLES[role]} no more: {proposal.payload['person']}"
        proposal.severity = WEIGHT[role]

    def content(self, proposal: "Proposal") -> dict[str, Any]:
        return {"kind": self.name, "scope": str(proposal.scope_id), **proposal.payload}

    def authority(self, proposal: "Proposal") -> tuple[str, Resource]:
        return "role.revoke", _grant_resource(proposal, proposal.payload["role"])

    def rows(self, proposal: "Proposal") -> list[Row]:
        role = ROLE_TITLES[Role(proposal.payload["role"])]
        return [
            Row("Person", proposal.payload["person"]),
            Row("Role", "none", before=role),
            Row("Where", f"{proposal.scope.name} and everything below"),
        ]

    def find_outdated(self, proposal: "Proposal") -> str:
        try:
            orgs.get_grant(UUID(proposal.payload["grant_id"]))
        except NotFound:
            return "They do not hold the role any more; the proposal can be withdrawn."
        return ""

    def apply(self, proposal: "Proposal", *, reason: str) -> None:
        revoke_role(grant_id=UUID(proposal.payload["grant_id"]), reason=reason)


def _id(payload: dict[str, Any], field: str) -> UUID:
    try:
        return UUID(str(payload.get(field, "")))
    except ValueError as error:
        raise Invalid(fields={field: ["This is not an id."]}) from error


def _grant_resource(proposal: "Proposal", role: str) -> Resource:
    return Resource(
        type="RoleGrant",
        id=str(proposal.id),
        name=proposal.title,
        scope_id=str(proposal.scope_id),
        attributes={"role": role},
    )
