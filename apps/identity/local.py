"""Signing in with a password: the same answer, after the same time, whatever is wrong."""

import time
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password

from apps.kernel.errors import Invalid, NotFound
from apps.kernel.tenancy import acting_as, record_denial
from apps.orgs.queries import get_user

from . import queries
from .operations import start_session
from .operations.sessions import refusal
from .service import sign_in_service
from .sessions import SessionStore
from .types import SignInMethod

FAILURE_SECONDS = 0.6
"""A failure takes at least this long: what else differs between the reasons hides in it."""
MAX_LENGTH = 1024
WRONG = "The e-mail address or the password is wrong."


def sign_in_locally(
    *, email: str, password: str, session: SessionStore, method: SignInMethod
) -> UUID:
    """Start a session for the person with this password and return their id, else Invalid."""
    if not settings.ENVIRONMENT.local_passwords:
        raise NotFound("Passwords are turned off here.")
    started = time.monotonic()
    for tenant_id, user_id in _candidates(email, password):
        if _try(tenant_id, user_id, password, session, method):
            return user_id
    time.sleep(max(0, FAILURE_SECONDS - (time.monotonic() - started)))
    raise Invalid(WRONG, fields={"password": [WRONG]})


def _candidates(email: str, password: str) -> list[tuple[UUID, UUID]]:
    if not email or not password or max(len(email), len(password)) > MAX_LENGTH:
        return []
    found = queries.find_local_sign_ins(email.replace("\x00", ""))
    if not found:
        make_password(password)  # the work that checking one would have been
    return found


def _try(
    tenant_id: UUID, user_id: UUID, password: str, session: SessionStore, method: SignInMethod
) -> bool:
    with acting_as(sign_in_service(tenant_id, request_id=method.request_id)):
        user = get_user(user_id)
        if not check_password(password, user.password):
            record_denial(refusal(user.as_resource(), "Wrong password."))
            return False
        start_session(user_id=user.id, session=session, method=method)
        return True
