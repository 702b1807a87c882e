"""Reads of the organization."""

from .agents import get_agent, list_agents, list_chain, list_descendants
from .facts import PrincipalFacts, principal_facts, scope_chain
from .members import (
    find_grant,
    get_grant,
    get_membership,
    get_share,
    get_user,
    list_grants,
    list_memberships,
    list_shares,
    list_users,
)
from .permitted import is_permitted, permitted_scope_ids
from .scopes import (
    get_company,
    get_root,
    get_scope,
    list_children,
    list_scopes,
    scope_ids_within,
    scope_tree,
    search,
)
from .snapshot import organization_entities

__all__ = [
    "PrincipalFacts",
    "find_grant",
    "get_agent",
    "get_company",
    "get_grant",
    "get_membership",
    "get_root",
    "get_scope",
    "get_share",
    "get_user",
    "is_permitted",
    "list_agents",
    "list_chain",
    "list_children",
    "list_descendants",
    "list_grants",
    "list_memberships",
    "list_scopes",
    "list_shares",
    "list_users",
    "organization_entities",
    "permitted_scope_ids",
    "principal_facts",
    "scope_chain",
    "scope_ids_within",
    "scope_tree",
    "search",
]
