"""Signing in a person whom an identity provider vouches for, all in one transaction."""

from dataclasses import replace
from uuid import UUID

from django.db import connections

from apps.kernel import clock
from apps.kernel.authorization import Resource
from apps.kernel.environment import OidcProvider
from apps.kernel.errors import Conflict
from apps.kernel.tenancy import APP, acting_as, record_denial
from apps.orgs.operations import register_user
from apps.orgs.queries import get_user

from . import queries
from .models import ExternalIdentity
from .oidc.claims import Described, described_by, subject_of, values_of
from .oidc.errors import SignInFailed
from .oidc.exchange import Identified
from .oidc.logout import LogoutRequest
from .operations import end_session, link_identity, start_session
from .operations.sessions import refusal
from .role_sync import synchronise_roles
from .service import sign_in_service
from .sessions import SessionStore
from .types import SignInMethod

EMAIL_TAKEN = (
    "Somebody here has your e-mail address already. Addresses prove nothing, so ask an operator to"
    " link your account."
)


def sign_in_from_provider(
    *,
    provider: OidcProvider,
    identified: Identified,
    session: SessionStore,
    method: SignInMethod,
) -> UUID:
    """Start a session for whom `identified` names and return their id.

    Matches by issuer and subject only. A new person is registered if the provider may create
    them. Their roles from this provider become what its claims say. SignInFailed or Forbidden,
    on record where there is a person, otherwise.
    """
    tenant_id = queries.find_company_id(provider.company)
    if tenant_id is None:
        raise SignInFailed("This installation has no company for this identity provider yet.")
    issuer = identified.claims["iss"]
    subject = subject_of(provider, identified.id_claims)
    method = replace(
        method,
        name=provider.slug,
        issuer=issuer,
        subject=identified.id_claims["sub"],
        sid=str(identified.id_claims.get("sid") or ""),
        id_token=identified.id_token,
    )
    with acting_as(sign_in_service(tenant_id, request_id=method.request_id)):
        _one_at_a_time(issuer, subject)
        try:
            identity = _identity(provider, identified, issuer=issuer, subject=subject)
        except SignInFailed as error:
            failure = error  # raised outside, so that what was recorded is kept
        else:
            return _start(provider, identified, identity, session, method)
    raise failure


def end_sessions_from_provider(
    *, provider: OidcProvider, asked: LogoutRequest, request_id: str
) -> int:
    """End the sessions that the provider's logout names, on record; return how many."""
    tenant_id = queries.find_company_id(provider.company)
    if tenant_id is None:
        return 0
    with acting_as(sign_in_service(tenant_id, request_id=request_id)):
        rows = queries.list_provider_sessions(
            issuer=asked.issuer, sid=asked.sid, subject=asked.subject
        )
        ids = [row.session_key for row in rows]
        for session_id in ids:
            end_session(session_id=session_id, reason=f"Signed out at {provider.name}.")
    return len(ids)


def _start(
    provider: OidcProvider,
    identified: Identified,
    identity: ExternalIdentity,
    session: SessionStore,
    method: SignInMethod,
) -> UUID:
    user = identity.user
    if not user.is_active:
        raise refusal(user.as_resource(), "This account is deactivated.")
    values = values_of(provider, identified.claims)
    outcome = synchronise_roles(user_id=user.id, provider=provider, values=values)
    start_session(user_id=user.id, session=session, method=method, facts=outcome.as_facts())
    identity.last_sign_in_at = clock.now()
    identity.save(update_fields=["last_sign_in_at"])
    return user.id


def _identity(
    provider: OidcProvider, identified: Identified, *, issuer: str, subject: str
) -> ExternalIdentity:
    known = queries.find_identity(issuer=issuer, subject=subject)
    if known is not None:
        return known
    if not provider.create_users:
        raise SignInFailed("You have no account here. Ask an administrator for one.")
    user_id = _register(described_by(identified.claims))
    link_identity(user_id=user_id, provider=provider.slug, issuer=issuer, subject=subject)
    created = queries.find_identity(issuer=issuer, subject=subject)
    if created is None:
        raise SignInFailed("Your account could not be made.")
    return created


def _register(described: Described) -> UUID:
    try:
        user_id: UUID = register_user(email=described.email, name=described.name).id
    except Conflict as error:
        record_denial(refusal(_owner_of(described.email), "Unknown identity, known e-mail."))
        raise SignInFailed(EMAIL_TAKEN) from error
    return user_id


def _owner_of(email: str) -> Resource:
    user_id = queries.find_user_id(email)
    if user_id is None:
        raise SignInFailed(EMAIL_TAKEN)
    resource: Resource = get_user(user_id).as_resource()
    return resource


def _one_at_a_time(issuer: str, subject: str) -> None:
    with connections[APP].cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{issuer} {subject}"]
        )
