"""How high a person stands: what somebody must hold who changes or ends them."""

from dataclasses import dataclass
from uuid import UUID

from apps.kernel.tenancy import current_scope

from ..models import RoleGrant, User
from ..types import Role


@dataclass(frozen=True, slots=True)
class Rank:
    """A person's height, also while they are deactivated.

    `tenant_admin_paths` are the scopes from the company down to each where they are TenantAdmin.
    """

    is_platform_admin: bool = False
    tenant_admin_paths: frozenset[str] = frozenset()


def rank_of(user_id: str) -> Rank:
    """Return how high a person of the company stands, read once per scope of work."""
    facts = current_scope().facts
    key = ("rank", user_id)
    if key not in facts:
        facts[key] = _read(UUID(user_id))
    return facts[key]  # type: ignore[no-any-return]


def _read(user_id: UUID) -> Rank:
    grants = RoleGrant.objects.filter(
        user_id=user_id, role=Role.TENANT_ADMIN, revoked_at__isnull=True
    )
    paths = grants.values_list("scope__path", flat=True)
    return Rank(
        is_platform_admin=User.objects.filter(id=user_id, is_platform_admin=True).exists(),
        tenant_admin_paths=frozenset(str(scope_id) for path in paths for scope_id in path),
    )
