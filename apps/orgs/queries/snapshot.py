"""The organization as Cedar entities, for the agents that enforce the company's policies."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from apps.kernel import clock
from apps.kernel.tenancy import current_scope

from ..models import Agent, Membership, RoleGrant, Scope, User


def organization_entities() -> list[dict[str, Any]]:
    """Return every live scope, role, person and agent as Cedar entity JSON, in stable order.

    Scope ids are slash-joined slugs, people are e-mail addresses, agents are their ids.
    """
    slugs = _scope_slugs()
    emails = dict(User.objects.live().values_list("id", "email"))
    entities = [*_scopes(slugs), *_users(slugs, emails), *_agents(slugs, emails)]
    return sorted(entities, key=lambda e: (e["uid"]["type"], e["uid"]["id"]))


def scope_places() -> dict[UUID, str]:
    """Return the slug path of every live scope, from the company down, read once per work."""
    facts = current_scope().facts
    if ("places",) not in facts:
        facts[("places",)] = {id: slug for id, (_, slug) in _scope_slugs().items()}
    return facts[("places",)]  # type: ignore[no-any-return]


def _scope_slugs() -> dict[UUID, tuple[Scope, str]]:
    slugs: dict[UUID, tuple[Scope, str]] = {}
    for scope in Scope.objects.live().order_by("path__len", "id"):
        parent = slugs.get(scope.parent_id)
        slug = f"{parent[1]}/{scope.slug}" if parent else scope.slug
        slugs[scope.id] = (scope, slug)
    return slugs


def _scopes(slugs: dict[UUID, tuple[Scope, str]]) -> list[dict[str, Any]]:
    return [
        _entity(
            "Scope",
            slug,
            {"kind": scope.kind, "name": scope.name},
            [_uid("Scope", slugs[scope.parent_id][1])] if scope.parent_id in slugs else [],
        )
        for scope, slug in slugs.values()
    ]


def _users(slugs: dict[UUID, tuple[Scope, str]], emails: dict[UUID, str]) -> list[dict[str, Any]]:
    parents: dict[UUID, list[dict[str, str]]] = defaultdict(list)
    for user_id, scope_id in Membership.objects.values_list("user_id", "scope_id"):
        if scope_id in slugs:
            parents[user_id].append(_uid("Scope", slugs[scope_id][1]))
    roles: dict[UUID, set[str]] = defaultdict(set)
    grants = RoleGrant.objects.filter(revoked_at__isnull=True)
    for user_id, role in grants.values_list("user_id", "role"):
        roles[user_id].add(role)
    return [
        _entity("User", email, {"roles": sorted(roles[user_id])}, parents[user_id])
        for user_id, email in emails.items()
    ]


def _agents(slugs: dict[UUID, tuple[Scope, str]], emails: dict[UUID, str]) -> list[dict[str, Any]]:
    return [
        _entity(
            "Agent",
            str(agent.id),
            {
                "name": agent.name,
                "owner": {"__entity": _uid("User", emails[agent.owner_id])},
                "capabilities": sorted(agent.capabilities),
            },
            [_uid("User", emails[agent.owner_id]), _uid("Scope", slugs[agent.scope_id][1])],
        )
        for agent in Agent.objects.live(clock.now()).order_by("id")
        if agent.owner_id in emails and agent.scope_id in slugs
    ]


def _uid(type: str, id: str) -> dict[str, str]:
    return {"type": type, "id": id}


def _entity(
    type: str, id: str, attributes: dict[str, Any], parents: list[dict[str, str]]
) -> dict[str, Any]:
    ordered = sorted(parents, key=lambda p: (p["type"], p["id"]))
    return {"uid": _uid(type, id), "attrs": attributes, "parents": ordered}
