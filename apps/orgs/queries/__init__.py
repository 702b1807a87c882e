"""Reads of the organization."""

from .agents import get_agent, list_agents, may_register_agent
from .delegation import list_chain, list_descendants
from .directory import (
    agent_counts,
    authorize_person,
    headcounts,
    list_visible_users,
    places_of,
    roles_of,
)
from .facts import PrincipalFacts, has_role_at, principal_facts, scope_chain
from .finding import search
from .governance import (
    Effective,
    Holder,
    effective_rule,
    holds_role,
    level_scopes,
    list_holders,
    list_rules,
    review_hours,
)
from .members import (
    find_grant,
    get_acting_user,
    get_grant,
    get_membership,
    get_share,
    get_user,
    list_grants,
    list_memberships,
    list_shares,
    list_users,
)
from .permitted import is_permitted, permitted_at, permitted_scope_ids
from .rank import Rank, rank_of
from .scopes import (
    find_scope_id,
    get_company,
    get_root,
    get_scope,
    list_children,
    list_companies,
    list_scopes,
    scope_ids_within,
    scope_tree,
)
from .snapshot import organization_entities, scope_places
from .who import Answer, who_may

__all__ = [
    "Answer",
    "Effective",
    "Holder",
    "PrincipalFacts",
    "Rank",
    "agent_counts",
    "authorize_person",
    "effective_rule",
    "find_grant",
    "find_scope_id",
    "get_acting_user",
    "get_agent",
    "get_company",
    "get_grant",
    "get_membership",
    "get_root",
    "get_scope",
    "get_share",
    "get_user",
    "has_role_at",
    "headcounts",
    "holds_role",
    "is_permitted",
    "level_scopes",
    "list_agents",
    "list_chain",
    "list_children",
    "list_companies",
    "list_descendants",
    "list_grants",
    "list_holders",
    "list_memberships",
    "list_rules",
    "list_scopes",
    "list_shares",
    "list_users",
    "list_visible_users",
    "may_register_agent",
    "organization_entities",
    "permitted_at",
    "permitted_scope_ids",
    "places_of",
    "principal_facts",
    "rank_of",
    "review_hours",
    "roles_of",
    "scope_chain",
    "scope_ids_within",
    "scope_places",
    "scope_tree",
    "search",
    "who_may",
]
