"""The companies of the installation, for platform administrators."""

from collections.abc import Mapping
from typing import Any

from apps.kernel.entrypoints.rest import Route

from ..companies import every_company, in_company, open_company
from ..operations import enter_tenant, leave_tenant
from .serializers import EntryIn, EntryOut, TenantIn, TenantList, TenantOut

LISTED = 1000


def list_tenants() -> Mapping[str, Any]:
    """List the companies of the installation, by name, at most 1000."""
    with every_company() as roots:
        return {"results": [TenantOut.model_validate(root) for root in roots[:LISTED]]}


def open_tenant(**values: Any) -> Any:
    """Open a company: `apps.orgs.operations.create_tenant` and its first administrator."""
    return open_company(**values)


def enter(*, slug: str, reason: str) -> Mapping[str, Any]:
    """Enter a company: with the header `Aeterna-Company` one then acts there, for an hour."""
    with in_company(slug, action="tenant.enter") as root:
        return _told(root, enter_tenant(reason=reason))


def leave(*, slug: str) -> Mapping[str, Any]:
    """Leave a company that one has entered."""
    with in_company(slug, action="tenant.leave") as root:
        return _told(root, leave_tenant())


def _told(root: Any, entry: Any) -> Mapping[str, Any]:
    shown = (name for name in EntryOut.model_fields if name != "company")
    return {"company": root, **{name: getattr(entry, name) for name in shown}}


ROUTES = (
    Route(
        method="GET", path="tenants", name="tenant.list", call=list_tenants, answers=TenantList,
    ),
    Route(
        method="POST", path="tenants", name="tenant.create", call=open_tenant,
        takes=TenantIn, answers=TenantOut, status=201,
    ),
    Route(
        method="POST", path="tenants/<str:slug>/enter", name="tenant.enter", call=enter,
        takes=EntryIn, answers=EntryOut,
    ),
    Route(
        method="POST", path="tenants/<str:slug>/leave", name="tenant.leave", call=leave,
        answers=EntryOut,
    ),
)  # fmt: skip
