"""Companies for tests, made through the same operations as real ones."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.kernel import clock
from apps.kernel.actor import Actor, Channel, Principal, PrincipalKind, service_actor
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import APP, acting_as
from apps.orgs.models import Scope, User
from apps.orgs.operations import (
    create_organization,
    create_project,
    create_team,
    create_tenant,
    grant_role,
    register_agent,
    register_user,
)
from apps.orgs.types import Role
from tests.factories.copying import Copied, copied

# No other text in a company's rows is like it.
PATTERN = "patterncompany"


@dataclass
class TestCompany:
    """Handles on a company: its scopes by slug, its people by role, actors for both."""

    __test__ = False
    tenant_id: UUID
    slug: str
    scopes: dict[str, Any] = field(default_factory=dict)
    users: dict[str, Any] = field(default_factory=dict)

    def actor(self, role: str, *, channel: Channel = Channel.WEB, **extra: Any) -> Actor:
        user = self.users[role]
        return Actor(
            tenant_id=self.tenant_id,
            principal=Principal(kind=PrincipalKind.USER, id=str(user.id), name=user.name),
            channel=channel,
            **extra,
        )

    def agent_actor(self, agent: Any) -> Actor:
        owner = Principal(kind=PrincipalKind.USER, id=str(agent.owner_id), name="owner")
        return Actor(
            tenant_id=self.tenant_id,
            principal=Principal(kind=PrincipalKind.AGENT, id=str(agent.id), name=agent.name),
            channel=Channel.REST,
            on_behalf_of=(owner,),
        )

    def service(self, name: str) -> Actor:
        return service_actor(tenant_id=self.tenant_id, name=name)

    def acting(self, role: str) -> Any:
        return acting_as(self.actor(role))


def make_company(*, slug: str) -> TestCompany:
    """Make company > platform > api > gateway (and web > shop), with one person per role.

    Every role is held at the whole company, except `outsider` who holds none and `team_lead`,
    who is TechLead of the team `api` only. `second_*` are further people for four-eyes tests.
    The operations run once in a process; their rows are written again for each company.
    """
    pattern, rows = _pattern()
    ids = rows.new_ids()
    company = TestCompany(tenant_id=UUID(ids[str(pattern.tenant_id)]), slug=slug)
    with acting_as(company.service("bootstrap")):
        rows.write(slug=slug, ids=ids)
        users, scopes = User.objects.in_bulk(), Scope.objects.in_bulk()
    company.users = {key: users[UUID(ids[str(of.id)])] for key, of in pattern.users.items()}
    company.scopes = {key: scopes[UUID(ids[str(of.id)])] for key, of in pattern.scopes.items()}
    return company


@cache
def _pattern() -> tuple[TestCompany, Copied]:
    """Make one company through the operations, keep its rows and undo it."""
    with transaction.atomic(using=APP):
        company = _found(slug=PATTERN)
        with acting_as(company.service("bootstrap")):
            rows = copied(slug=PATTERN)
        transaction.set_rollback(True, using=APP)
    return company, rows


def _found(*, slug: str) -> TestCompany:
    company = TestCompany(tenant_id=uuid7(), slug=slug)
    with acting_as(company.service("bootstrap")):
        company.scopes["company"] = create_tenant(name=slug.title(), slug=slug)
        for role in Role:
            _person(company, role.value, role)
        _person(company, "second_architect", Role.ARCHITECT)
        _person(company, "outsider", None)
        _person(company, "team_lead", None)
    with company.acting("tenant_admin"):
        _scopes(company)
        grant_role(
            user_id=company.users["team_lead"].id,
            scope_id=company.scopes["api"].id,
            role=Role.TECH_LEAD,
        )
    return company


def make_agent(company: TestCompany, *, owner: str = "developer", **changes: Any) -> Any:
    """Register an agent of the person in role `owner`, at the whole company."""
    values: dict[str, Any] = {
        "name": "helper",
        "scope_id": company.scopes["company"].id,
        "capabilities": ["policy.propose", "agent.delegate"],
        "expires_at": clock.now() + timedelta(days=7),
    }
    with company.acting(owner):
        return register_agent(**{**values, **changes})


def _person(company: TestCompany, key: str, role: Role | None) -> None:
    user = register_user(email=f"{key}@{company.slug}.example", name=key.replace("_", " ").title())
    company.users[key] = user
    if role:
        grant_role(user_id=user.id, scope_id=company.tenant_id, role=role)


def _scopes(company: TestCompany) -> None:
    scopes = company.scopes
    scopes["platform"] = create_organization(name="Platform", slug="platform")
    scopes["api"] = create_team(parent_id=scopes["platform"].id, name="API", slug="api")
    scopes["web"] = create_team(parent_id=scopes["platform"].id, name="Web", slug="web")
    scopes["gateway"] = create_project(parent_id=scopes["api"].id, name="Gateway", slug="gateway")
    scopes["shop"] = create_project(parent_id=scopes["web"].id, name="Shop", slug="shop")
