"""Reads of browser sessions; their table has no tenant wall, so each read names its tenant."""

from uuid import UUID

from django.db.models import QuerySet

from apps.kernel import clock
from apps.kernel.actor import PrincipalKind
from apps.kernel.errors import NotFound
from apps.kernel.tenancy import current_actor, current_tenant_id
from apps.orgs.queries import get_user, is_permitted, principal_facts

from ..models import Session


def get_session(session_id: str) -> tuple[Session, UUID]:
    """Return one live session of the tenant, by its hashed key, and whose it is; else NotFound."""
    row = _signed_in().filter(session_key=session_id).first()
    if row is None or row.user_id is None:
        raise NotFound("There is no such session.")
    return row, row.user_id


def list_user_sessions(user_id: UUID) -> QuerySet[Session]:
    """Return the live sessions of one person, newest first."""
    return _signed_in().filter(user_id=user_id)


def list_own_sessions() -> QuerySet[Session]:
    """Return the live sessions of the person who asks, newest first; none for anything else."""
    actor = current_actor()
    if actor.principal.kind != PrincipalKind.USER or principal_facts(actor).is_visitor:
        return Session.objects.none()
    person = get_user(UUID(actor.principal.id))
    if not is_permitted("session.view", person.as_resource()):
        return Session.objects.none()
    return list_user_sessions(person.id)


def list_provider_sessions(*, issuer: str, sid: str, subject: str) -> QuerySet[Session]:
    """Return the sessions that a provider means by `sid`, `subject` or both; one must be given."""
    rows = _signed_in().filter(issuer=issuer)
    if sid:
        rows = rows.filter(sid=sid)
    if subject:
        rows = rows.filter(subject=subject)
    return rows if sid or subject else rows.none()


def _signed_in() -> QuerySet[Session]:
    rows = Session.objects.filter(tenant_id=current_tenant_id(), user_id__isnull=False)
    return rows.filter(expire_date__gt=clock.now()).order_by("-created_at", "session_key")
