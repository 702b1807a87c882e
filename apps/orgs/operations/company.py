"""The company itself: creating a tenant and changing its settings."""

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import Resource, authorize
from apps.kernel.constraints import require_version
from apps.kernel.errors import Invalid
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_tenant_id

from .. import queries
from ..checks import clean_slug, clean_text
from ..models import Company, Scope
from ..types import RoleResolution, ScopeKind


@operation("tenant.create")
def create_tenant(*, name: str, slug: str, is_demo: bool = False) -> Scope:
    """Create the company in scope with its root; only the platform may."""
    tenant_id = current_tenant_id()
    resource = Resource(type="Scope", id=str(tenant_id), name=name, scope_id=str(tenant_id))
    authorize("tenant.create", resource)
    moment = clock.now()
    Company.objects.create(id=tenant_id, is_demo=is_demo, created_at=moment)
    root: Scope = Scope.objects.create(
        id=tenant_id,
        kind=ScopeKind.COMPANY,
        path=[tenant_id],
        slug=clean_slug(slug),
        name=clean_text(name, field="name"),
        created_at=moment,
    )
    emit("tenant.created", resource=resource, change=Change(after={"name": name, "slug": slug}))
    return root


@operation("company.configure")
def configure_company(*, role_resolution: str, expected_version: int | None = None) -> Company:
    """Choose which of several roles counts; Stale if changed since `expected_version`."""
    company = queries.get_company(for_update=True)
    root = queries.get_root()
    authorize("company.configure", root.as_resource())
    require_version(company.version, expected_version)
    if role_resolution not in set(RoleResolution):
        names = ", ".join(RoleResolution)
        raise Invalid(fields={"role_resolution": [f"Choose one of {names}."]})
    before = {"role_resolution": company.role_resolution}
    company.role_resolution = role_resolution
    company.version += 1
    company.save(update_fields=["role_resolution", "version"])
    change = Change(before=before, after={"role_resolution": role_resolution})
    emit("company.configured", resource=root.as_resource(), change=change)
    return company
