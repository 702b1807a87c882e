"""Roles that an identity provider gives: what its claims say now is what is held."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.kernel.environment import OidcProvider, RoleMapping
from apps.orgs.operations import grant_role, revoke_role
from apps.orgs.queries import find_scope_id, list_grants
from apps.orgs.types import GrantSource, Role

from .oidc.claims import Values

# Cedar refuses it too: whoever administers groups must not thereby own the tenant.
NEVER = frozenset({Role.TENANT_ADMIN})


@dataclass(slots=True)
class Outcome:
    """What a sign-in changed, as (role, scope id), and what it could not do."""

    granted: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    groups: str = "known"

    def as_facts(self) -> dict[str, Any]:
        """Return it for the event of the sign-in."""
        return {
            "granted": self.granted,
            "revoked": self.revoked,
            "ignored": self.ignored,
            "groups": self.groups,
        }


def synchronise_roles(*, user_id: UUID, provider: OidcProvider, values: Values) -> Outcome:
    """Grant what the claims map to and revoke what they no longer do; touch no manual grant.

    When the claims are incomplete, nothing is revoked.
    """
    outcome = Outcome(groups="known" if values.is_complete else "unknown")
    wanted = _wanted(provider.role_mappings, values, outcome)
    source = GrantSource.IDENTITY_PROVIDER
    grants = list_grants(user_id=user_id).filter(source=source)
    held = {(grant.role, grant.scope_id): grant for grant in grants}
    for role, scope_id in sorted(wanted - held.keys(), key=str):
        grant_role(user_id=user_id, scope_id=scope_id, role=role, source=source)
        outcome.granted.append(f"{role} at {scope_id}")
    lost = held.keys() - wanted if values.is_complete else set()
    for key in sorted(lost, key=str):
        revoke_role(grant_id=held[key].id, reason=f"Not in the claims of {provider.name} any more.")
        outcome.revoked.append(f"{key[0]} at {key[1]}")
    return outcome


def _wanted(
    mappings: Iterable[RoleMapping], values: Values, outcome: Outcome
) -> set[tuple[str, UUID]]:
    wanted: set[tuple[str, UUID]] = set()
    for mapping in mappings:
        if mapping.claim not in values.known:
            continue
        scope_id = find_scope_id(mapping.scope)
        if scope_id is None or mapping.role not in set(Role) - NEVER:
            outcome.ignored.append(f"{mapping.claim}: {mapping.role} at {mapping.scope or '/'}")
            continue
        wanted.add((str(mapping.role), scope_id))
    return wanted
