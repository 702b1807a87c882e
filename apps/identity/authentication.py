"""Who a request comes from: a bearer token's holder, or a browser session's."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest

from apps.kernel import clock
from apps.kernel.actor import Actor, Channel, Principal, PrincipalKind, service_actor
from apps.kernel.errors import NotFound
from apps.kernel.tenancy import acting_as
from apps.kernel.tokens import digest_of, tenant_of
from apps.orgs.models import User
from apps.orgs.queries import get_user

from .models import ApiToken
from .types import TokenKind


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An actor and the person behind it."""

    actor: Actor
    user: User


def authenticate(request: HttpRequest) -> SignedIn | None:
    """Return who sent `request`, or None; a bearer token that is wrong is nobody."""
    header = request.headers.get("Authorization", "")
    if header[:7].lower() == "bearer ":
        return by_token(header[7:].strip(), request_id=request.id)  # type: ignore[attr-defined]
    return by_session(request)


def by_session(request: HttpRequest) -> SignedIn | None:
    """Return the person of a browser session, if they are still active."""
    tenant_id, user_id = request.session.get("tenant_id"), request.session.get("user_id")
    if not tenant_id or not user_id:
        return None
    user = _find_user(UUID(tenant_id), UUID(user_id))
    if user is None:
        return None
    actor = Actor(
        tenant_id=user.tenant_id,
        principal=Principal(kind=PrincipalKind.USER, id=str(user.id), name=user.name),
        channel=Channel.WEB,
        request_id=request.id,  # type: ignore[attr-defined]
        is_platform=user.is_platform_admin,
    )
    return SignedIn(actor=actor, user=user)


def by_token(text: str, *, request_id: str) -> SignedIn | None:
    """Return the holder of a live token; a service token's holder is the agent it was made for."""
    for kind in TokenKind:
        tenant_id = tenant_of(text, kind=kind)
        if tenant_id is not None:
            return _of_token(text, tenant_id, request_id)
    return None


def _of_token(text: str, tenant_id: UUID, request_id: str) -> SignedIn | None:
    with acting_as(service_actor(tenant_id=tenant_id, name="sign-in")):
        rows = ApiToken.objects.live(clock.now()).select_related("user", "agent")
        token = rows.filter(digest=digest_of(text)).first()
        if token is None or not token.user.is_active:
            return None
        ApiToken.objects.filter(id=token.id).update(last_used_at=clock.now())
    person = Principal(kind=PrincipalKind.USER, id=str(token.user_id), name=token.user.name)
    actor = Actor(
        tenant_id=tenant_id,
        principal=person
        if token.agent is None
        else Principal(kind=PrincipalKind.AGENT, id=str(token.agent_id), name=token.agent.name),
        channel=Channel.REST,
        on_behalf_of=() if token.agent is None else (person,),
        scopes=frozenset(token.scopes) if token.scopes else None,
        request_id=request_id,
        is_platform=token.agent is None and token.user.is_platform_admin,
    )
    return SignedIn(actor=actor, user=token.user)


def _find_user(tenant_id: UUID, user_id: UUID) -> User | None:
    try:
        with acting_as(service_actor(tenant_id=tenant_id, name="sign-in")):
            user = get_user(user_id)
    except NotFound:
        return None
    return user if user.is_active else None
