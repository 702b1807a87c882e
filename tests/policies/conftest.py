"""People, agents and things for asking the real decider about every cell of the matrix."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from apps.kernel import clock
from apps.kernel.actor import Actor, Channel, Principal, PrincipalKind
from apps.kernel.authorization import Resource
from apps.kernel.tenancy import acting_as
from tests.policies.domain_matrix import ROLES

OTHER = "00000000-0000-7000-8000-000000000000"
"""Nobody's id: whose a thing is that is somebody else's."""


def person(user: Any, **changes: Any) -> Actor:
    """Return the actor of a person."""
    principal = Principal(kind=PrincipalKind.USER, id=str(user.id), name=user.name)
    return Actor(tenant_id=user.tenant_id, principal=principal, channel=Channel.WEB, **changes)


def software(agent: Any) -> Actor:
    """Return the actor of an agent."""
    principal = Principal(kind=PrincipalKind.AGENT, id=str(agent.id), name=agent.name)
    return Actor(tenant_id=agent.tenant_id, principal=principal, channel=Channel.REST)


def thing(kind: str, *, scope_id: UUID, whose: str, severity: int = 0) -> Resource:
    """Return a resource of `kind` in a scope that belongs to the person `whose`."""
    owner = {"__entity": {"type": "Aeterna::User", "id": whose}}
    attributes: dict[str, dict[str, Any]] = {
        "Policy": {"author": owner, "isDraft": False, "severity": severity},
        "Proposal": {"author": owner, "severity": severity},
        "Rollback": {"author": owner, "severity": severity},
        "BreakGlass": {"author": owner},
        "RoleGrant": {"role": "viewer"},
        "Token": {"owner": owner},
        "Agent": {"owner": owner},
    }
    names = {"Scope": str(scope_id), "User": whose}
    return Resource(
        type=kind,
        id=names.get(kind, str(uuid4())),
        name=kind,
        scope_id=str(scope_id),
        attributes=attributes.get(kind, {}),
    )


@pytest.fixture
def places(company: Any, other_company: Any) -> dict[str, list[UUID]]:
    """Scopes seen from the team `api`: in or below it, beside or above it, another tenant's."""
    scopes = company.scopes
    return {
        "inside": [scopes["api"].id, scopes["gateway"].id],
        "outside": [scopes[n].id for n in ("web", "shop", "platform", "company")],
        "other tenant": [s.id for s in other_company.scopes.values()],
    }


@pytest.fixture
def holders(company: Any) -> dict[str | None, Any]:
    """One person per role, holding it at the team `api` only; `platform`; None holds nothing."""
    from apps.orgs.operations import grant_role, register_user

    people: dict[str | None, Any] = {None: company.users["outsider"]}
    with company.acting("tenant_admin"):
        for role in ROLES:
            user = register_user(email=f"{role}@api.example", name=role)
            grant_role(user_id=user.id, scope_id=company.scopes["api"].id, role=role)
            people[role] = user
        platform = register_user(email="platform@api.example", name="platform")
        platform.is_platform_admin = True
        platform.save(update_fields=["is_platform_admin"])
    people["platform"] = platform
    return people


@pytest.fixture
def make_agent_of(company: Any) -> Any:
    """Return a function that makes an agent of a person without asking anybody."""
    from apps.orgs.models import Agent

    def make(owner: Any, *, capabilities: Any, scope: str = "company", **changes: Any) -> Any:
        values = {
            "name": "agent",
            "owner": owner,
            "scope": company.scopes[scope],
            "capabilities": sorted(capabilities),
            "max_severity": "block",
            "max_depth": 3,
            "created_at": clock.now(),
            "expires_at": clock.now() + timedelta(days=7),
        }
        with acting_as(company.service("tests")):
            return Agent.objects.create(**{**values, **changes})

    return make
