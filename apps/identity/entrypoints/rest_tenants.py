"""The companies of the installation, for platform administrators."""

import contextvars
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db import transaction

from apps.kernel.actor import Actor
from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import Route
from apps.kernel.errors import Conflict
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import across_tenants, acting_as, current_actor
from apps.orgs.operations import create_tenant, grant_role, register_user
from apps.orgs.queries import get_root, list_companies
from apps.orgs.types import GrantSource, Role

from .. import queries
from .serializers import TenantIn, TenantList, TenantOut

R = TypeVar("R")
LISTED = 1000
TAKEN = "There is a company with this slug."


def list_tenants() -> Mapping[str, Any]:
    """List the companies of the installation, by name, at most 1000."""
    authorize("tenant.list", get_root().as_resource())

    def read() -> list[TenantOut]:
        with across_tenants("a platform administrator lists the companies"):
            return [TenantOut.model_validate(root) for root in list_companies()[:LISTED]]

    return {"results": _outside_any_scope(read)}


def open_tenant(*, name: str, slug: str, admin_name: str, admin_email: str) -> Mapping[str, Any]:
    """Create a company with its first administrator, who then signs in as the company decides."""
    authorize("tenant.create", get_root().as_resource())
    if queries.find_company_id(slug) is not None:
        raise Conflict(TAKEN, fields={"slug": [TAKEN]})
    asking = current_actor()
    actor = Actor(
        tenant_id=uuid7(),
        principal=asking.principal,
        channel=asking.channel,
        scopes=asking.scopes,
        request_id=asking.request_id,
        is_platform=asking.is_platform,
    )

    def create() -> Mapping[str, Any]:
        with acting_as(actor):
            root = create_tenant(name=name, slug=slug)
            person = register_user(email=admin_email, name=admin_name)
            grant_role(
                user_id=person.id,
                scope_id=root.id,
                role=Role.TENANT_ADMIN,
                source=GrantSource.BOOTSTRAP,
            )
            return TenantOut.model_validate(root).model_dump()

    with transaction.atomic():
        return _outside_any_scope(create)


def _outside_any_scope(call: Callable[[], R]) -> R:
    # The request's scope is one company's. What makes another one runs in a context of its own,
    # on the same connection and so in the same transaction, with its own tenant set and put back.
    return contextvars.Context().run(call)


ROUTES = (
    Route(
        method="GET", path="tenants", name="tenant.list", call=list_tenants, answers=TenantList,
    ),
    Route(
        method="POST", path="tenants", name="tenant.create", call=open_tenant,
        takes=TenantIn, answers=TenantOut, status=201,
    ),
)  # fmt: skip
