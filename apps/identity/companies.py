"""How a platform administrator reaches the other companies of the installation."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from apps.kernel.authorization import authorize
from apps.kernel.elsewhere import outside_scope
from apps.kernel.errors import Conflict, Invalid, NotFound
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import across_tenants, acting_as, current_actor
from apps.orgs.operations import create_tenant, grant_role, register_user
from apps.orgs.queries import get_root, list_companies, principal_facts
from apps.orgs.types import GrantSource, Role

from . import queries

if TYPE_CHECKING:
    from apps.orgs.models import Scope

TAKEN = "There is a company with this slug."


def authorize_at_home(action: str) -> None:
    """Raise Forbidden unless who acts may do `action`; Conflict while they visit a company."""
    authorize(action, get_root().as_resource())
    _require_home()


@contextmanager
def every_company(text: str = "") -> Iterator["QuerySet[Scope]"]:
    """Read, inside the block, the root of each company whose name or slug holds `text`, by name.

    Forbidden for all but platform administrators, Conflict while they visit a company.
    """
    authorize_at_home("tenant.list")
    with outside_scope(), across_tenants("a platform administrator lists the companies"):
        rows = list_companies()
        yield rows.filter(Q(name__icontains=text) | Q(slug__icontains=text)) if text else rows


@contextmanager
def in_company(slug: str, *, action: str) -> Iterator["Scope"]:
    """Act, inside the block and the present transaction, in another company; gives its root.

    Forbidden, on record at home, unless `action` is permitted; then NotFound; Conflict for one's
    own company, and for a third one while visiting.
    """
    here = get_root()
    authorize(action, here.as_resource())
    company_id = queries.find_company_id(slug)
    if company_id is None:
        raise NotFound("There is no such company.")
    if company_id == here.id and _is_visitor():
        yield here
        return
    _require_home()
    if company_id == here.id:
        raise Conflict(f"You belong to {here.name}; there is nothing to enter.")
    actor = replace(current_actor(), tenant_id=company_id)
    with outside_scope(), acting_as(actor):
        yield get_root()


def open_company(*, name: str, slug: str, admin_name: str, admin_email: str) -> "Scope":
    """Create a company with its first administrator, all or nothing, and return its root.

    Forbidden, on record at home, for all but platform administrators; Conflict on the slug, and
    while visiting a company.
    """
    authorize_at_home("tenant.create")
    if not queries.reserve_slug(slug):
        raise Conflict(TAKEN, fields={"slug": [TAKEN]})
    actor = replace(current_actor(), tenant_id=uuid7())
    with outside_scope(), acting_as(actor):
        root = create_tenant(name=name, slug=slug)
        with _told_as(name="admin_name", email="admin_email"):
            person = register_user(email=admin_email, name=admin_name)
        grant_role(
            user_id=person.id,
            scope_id=root.id,
            role=Role.TENANT_ADMIN,
            source=GrantSource.BOOTSTRAP,
        )
    return root


@contextmanager
def _told_as(**names: str) -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        fields = {names.get(field, field): texts for field, texts in error.fields.items()}
        raise Invalid(error.detail, fields=fields) from error


def _is_visitor() -> bool:
    return principal_facts(current_actor()).is_visitor


def _require_home() -> None:
    if _is_visitor():
        raise Conflict(f"Leave {get_root().name} first: the companies are managed from your own.")
