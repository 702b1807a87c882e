"""Writes to the organization."""

from .agents import delegate_agent, register_agent, revoke_agent, revoke_agents_of
from .company import configure_company, create_tenant
from .governance import configure_governance, require_changeable, require_place
from .members import (
    add_member,
    deactivate_user,
    reactivate_user,
    register_user,
    remove_member,
    update_user,
)
from .roles import grant_role, revoke_role, share_scope, unshare_scope
from .scopes import (
    archive_scope,
    create_organization,
    create_project,
    create_team,
    restore_scope,
    update_scope,
)

__all__ = [
    "add_member",
    "archive_scope",
    "configure_company",
    "configure_governance",
    "create_organization",
    "create_project",
    "create_team",
    "create_tenant",
    "deactivate_user",
    "delegate_agent",
    "grant_role",
    "reactivate_user",
    "register_agent",
    "register_user",
    "remove_member",
    "require_changeable",
    "require_place",
    "restore_scope",
    "revoke_agent",
    "revoke_agents_of",
    "revoke_role",
    "share_scope",
    "unshare_scope",
    "update_scope",
    "update_user",
]
