"""Vocabulary of the organization: kinds of scope, roles and what is remembered about them."""

from collections.abc import Mapping
from enum import StrEnum


class ScopeKind(StrEnum):
    COMPANY = "company"
    ORGANIZATION = "organization"
    TEAM = "team"
    PROJECT = "project"


PARENT_KIND: Mapping[ScopeKind, ScopeKind | None] = {
    ScopeKind.COMPANY: None,
    ScopeKind.ORGANIZATION: ScopeKind.COMPANY,
    ScopeKind.TEAM: ScopeKind.ORGANIZATION,
    ScopeKind.PROJECT: ScopeKind.TEAM,
}


class Role(StrEnum):
    """A role held at a scope; PlatformAdmin is held on the installation, not at a scope."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    TECH_LEAD = "tech_lead"
    ARCHITECT = "architect"
    ADMIN = "admin"
    TENANT_ADMIN = "tenant_admin"


# Lowest first: a role may do what every role before it may.
ROLE_ORDER: tuple[Role, ...] = tuple(Role)

ROLE_TITLES: Mapping[Role, str] = {
    Role.VIEWER: "Viewer",
    Role.DEVELOPER: "Developer",
    Role.TECH_LEAD: "TechLead",
    Role.ARCHITECT: "Architect",
    Role.ADMIN: "Admin",
    Role.TENANT_ADMIN: "TenantAdmin",
}


class RoleResolution(StrEnum):
    """Which of several roles that reach a resource counts."""

    MOST_PERMISSIVE = "most_permissive"
    LEAST_PERMISSIVE = "least_permissive"


class GrantSource(StrEnum):
    MANUAL = "manual"
    IDENTITY_PROVIDER = "identity_provider"
    BOOTSTRAP = "bootstrap"


class Severity(StrEnum):
    INFO = "info"
    WARN = "warn"
    BLOCK = "block"


MAX_DELEGATION_DEPTH = 3
MAX_AGENT_DAYS = 365
SLUG_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"
SHARE_PERMISSION = "view_scope"
SYNCHRONISED_EVENTS = (
    "org.created",
    "team.created",
    "project.created",
    "scope.updated",
    "scope.archived",
    "scope.restored",
    "user.registered",
    "user.updated",
    "user.deactivated",
    "user.reactivated",
    "member.added",
    "member.removed",
    "role.granted",
    "role.revoked",
    "agent.registered",
    "agent.delegated",
    "agent.revoked",
)
"""Events that change what agents must know about the organization."""


def severity_rank(severity: str) -> int:
    """Return 0 for info, 1 for warn, 2 for block."""
    return list(Severity).index(Severity(severity))
