"""Opening a new installation: the first administrator and company, exactly once."""

from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts
from apps.kernel.errors import Conflict
from apps.kernel.operation import operation
from apps.orgs.operations import create_tenant, grant_role, register_user
from apps.orgs.queries import get_root
from apps.orgs.types import GrantSource, Role

from .. import queries
from ..models import Bootstrap
from .identities import link_identity
from .passwords import set_password

HAPPENED = "This installation was bootstrapped already; that can never happen again."
ONCE = {"identity_bootstrap_pkey": ("company", HAPPENED)}


@operation("portal.bootstrap")
def bootstrap_portal(
    *,
    company: str,
    slug: str,
    email: str,
    name: str,
    password: str | None = None,
    identity: tuple[str, str, str] | None = None,
) -> UUID:
    """Make the company in scope and its first, platform, administrator; return their id.

    They sign in by `password`, or by `identity` (provider, issuer, subject). Conflict if this was
    ever done before, or at the same time.
    """
    if queries.find_bootstrap() is not None:
        raise Conflict(HAPPENED)
    if queries.find_company_id(slug) is not None:
        raise Conflict(f"There is a company {slug} already.", fields={"slug": ["Taken."]})
    root = create_tenant(name=company, slug=slug)
    authorize("portal.bootstrap", root.as_resource())
    user = register_user(email=email, name=name)
    with conflicts(ONCE):
        Bootstrap.objects.create(company_id=root.id, user_id=user.id, happened_at=clock.now())
    user.is_platform_admin = True
    user.save(update_fields=["is_platform_admin"])
    source = GrantSource.BOOTSTRAP
    grant_role(user_id=user.id, scope_id=root.id, role=Role.TENANT_ADMIN, source=source)
    if password is not None:
        set_password(user_id=user.id, password=password)
    if identity is not None:
        provider, issuer, subject = identity
        link_identity(user_id=user.id, provider=provider, issuer=issuer, subject=subject)
    after = {"company": company, "slug": slug, "administrator": user.email}
    emit("portal.bootstrapped", resource=get_root().as_resource(), change=Change(after=after))
    return user.id
