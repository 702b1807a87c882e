"""Starting and ending browser sessions."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import Decision, Resource, authorize
from apps.kernel.errors import Forbidden
from apps.kernel.operation import operation
from apps.orgs.queries import get_user

from .. import queries
from ..sessions import SessionStore
from ..types import SignInMethod

BROWSER_LENGTH = 200


@operation("session.start")
def start_session(
    *,
    user_id: UUID,
    session: SessionStore,
    method: SignInMethod,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Sign a person in under a new session key; Forbidden, on record, if they are deactivated.

    What the session held before is gone. It ends after SESSION_SECONDS, used or not.
    """
    user = get_user(user_id)
    resource = user.as_resource()
    authorize("session.start", resource)
    if not user.is_active:
        raise refusal(resource, "This account is deactivated.")
    moment = clock.now()
    session.flush()
    session.update(
        {
            "tenant_id": str(user.tenant_id),
            "user_id": str(user.id),
            "method": method.name,
            "issuer": method.issuer,
            "subject": method.subject,
            "sid": method.sid,
            "id_token": method.id_token,
            "browser": method.browser[:BROWSER_LENGTH],
            "address": method.address,
            "started_at": moment.isoformat(),
        }
    )
    session.set_expiry(moment + timedelta(seconds=settings.SESSION_COOKIE_AGE))
    session.save()
    after = {"method": method.name, "issuer": method.issuer, "address": method.address}
    emit("session.started", resource=resource, change=Change(after=after, payload=facts or {}))


@operation("session.end")
def end_session(*, session_id: str, reason: str = "") -> None:
    """End one session, by its hashed key, at once; raise NotFound if it is not live."""
    row, user_id = queries.get_session(session_id)
    resource = get_user(user_id).as_resource()
    authorize("session.end", resource)
    row.delete()
    before = {"method": row.method, "started_at": row.created_at}
    emit("session.ended", resource=resource, change=Change(before=before, reason=reason))


def refusal(resource: Resource, reason: str) -> Forbidden:
    """Return the denial of a sign-in, to raise or to record."""
    decision = Decision(allowed=False, action="session.start", resource=resource, reason=reason)
    return Forbidden(reason, decision=decision)
