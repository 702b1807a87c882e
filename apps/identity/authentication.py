"""Who a request comes from: a bearer token's holder, or a browser session's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from django.http import HttpRequest

from apps.kernel import clock
from apps.kernel.actor import Actor, Channel, Principal, PrincipalKind
from apps.kernel.errors import Forbidden, NotFound
from apps.kernel.tenancy import acting_as, current_scope
from apps.kernel.tokens import digest_of, tenant_of
from apps.orgs.queries import get_user, list_chain

from .models import ApiToken, PlatformEntry
from .oidc.bearer import read_access_token
from .queries import find_identity, find_token
from .scopes import expand
from .service import sign_in_service
from .types import COMPANY_HEADER, ENTERED, TOKEN_USE_RESOLUTION, TokenKind
from .visits import Wanted, admit

if TYPE_CHECKING:
    from apps.orgs.models import User

SCHEME = "bearer"
MAX_BEARER_LENGTH = 8192
API = "/api/"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An actor and the person behind it; `by_session` tells a browser from a bearer.

    With `entry` the actor is a platform administrator in the company that this entry is into.
    With `refusal` they wanted to be in one and may not: nothing of the request may be done.
    """

    actor: Actor
    user: "User"
    by_session: bool = False
    entry: PlatformEntry | None = None
    refusal: Forbidden | None = None


class Credential(Protocol):
    """A claim to be somebody in a tenant, to be proven inside that tenant's scope."""

    @property
    def tenant_id(self) -> UUID: ...

    def prove(self, *, channel: Channel, request_id: str) -> SignedIn | None: ...


@contextmanager
def signed_in(request: HttpRequest) -> Iterator[SignedIn | None]:
    """Run the block as who sent `request`, in one scope and transaction; None is nobody.

    A bearer credential that is wrong is nobody, even where a session would do. Who is proven at
    home and may act in another company gets the scope and transaction of that one.
    """
    credential = _credential(request)
    if credential is None:
        yield None
        return
    channel = Channel.REST if request.path_info.startswith(API) else Channel.WEB
    request_id: str = request.id  # type: ignore[attr-defined]
    service = sign_in_service(credential.tenant_id, request_id=request_id, channel=channel)
    with acting_as(service):
        found = credential.prove(channel=channel, request_id=request_id)
        if found is not None:
            # The same scope goes on as the person: a second one would cost a second transaction.
            current_scope().actor = found.actor
            current_scope().facts.clear()
            found = _placed(found, _wanted(request, found))
            if found.entry is None:
                yield found
                return
    if found is None:
        yield None
        return
    with acting_as(found.actor):
        yield found


def find_session_actor(
    tenant_id: str | None,
    user_id: str | None,
    *,
    channel: Channel,
    request_id: str,
    entered: Mapping[str, Any] | None = None,
) -> SignedIn | None:
    """Return the person of a session's data, if they are still active; opens its own scope.

    With what the session keeps as `entered`, they act in that company, or are nobody.
    """
    credential = _session_credential(tenant_id, user_id)
    if credential is None:
        return None
    service = sign_in_service(credential.tenant_id, request_id=request_id, channel=channel)
    with acting_as(service):
        found = credential.prove(channel=channel, request_id=request_id)
        if found is None or entered is None:
            return found
        current_scope().actor = found.actor
        current_scope().facts.clear()
        placed = _placed(found, Wanted.by_session(entered))
    return placed if placed.refusal is None else None


@dataclass(frozen=True, slots=True)
class SessionCredential:
    """What a browser session says; the session itself was proven by its cookie."""

    tenant_id: UUID
    user_id: UUID

    def prove(self, *, channel: Channel, request_id: str) -> SignedIn | None:
        """Return the person if they are still active."""
        try:
            user = get_user(self.user_id)
        except NotFound:
            return None
        if not user.is_active:
            return None
        return SignedIn(actor=_actor_of(user, channel, request_id), user=user, by_session=True)


@dataclass(frozen=True, slots=True)
class TokenCredential:
    """A token of the portal's own; its text names the tenant, its digest proves it."""

    tenant_id: UUID
    digest: str

    def prove(self, *, channel: Channel, request_id: str) -> SignedIn | None:
        """Return the holder of a live token of an active person, and of a live chain of agents."""
        token = find_token(self.digest)
        if token is None or not token.user.is_active or not _is_chain_live(token):
            return None
        _note_use(token)
        person = _person(token.user)
        if token.agent is None:
            actor = _actor_of(token.user, channel, request_id, scopes=token.scopes)
            return SignedIn(actor=actor, user=token.user)
        agent = Principal(kind=PrincipalKind.AGENT, id=str(token.agent.id), name=token.agent.name)
        actor = Actor(
            tenant_id=self.tenant_id,
            principal=agent,
            channel=channel,
            on_behalf_of=(person,),
            scopes=expand(token.scopes) if token.scopes else None,
            request_id=request_id,
        )
        return SignedIn(actor=actor, user=token.user)


@dataclass(frozen=True, slots=True)
class IdentityCredential:
    """A validated access token of an identity provider."""

    tenant_id: UUID
    issuer: str
    subject: str

    def prove(self, *, channel: Channel, request_id: str) -> SignedIn | None:
        """Return the person that this identity was linked to, if they are active."""
        identity = find_identity(issuer=self.issuer, subject=self.subject)
        if identity is None or not identity.user.is_active:
            return None
        return SignedIn(actor=_actor_of(identity.user, channel, request_id), user=identity.user)


def _wanted(request: HttpRequest, found: SignedIn) -> Wanted | None:
    slug = request.headers.get(COMPANY_HEADER)
    if slug is not None:
        return Wanted.by_header(slug, home_id=found.actor.tenant_id)
    mark = request.session.get(ENTERED) if found.by_session else None
    return Wanted.by_session(mark) if mark else None


def _placed(found: SignedIn, wanted: Wanted | None) -> SignedIn:
    if wanted is None:
        return found
    try:
        entry = admit(wanted)
    except Forbidden as error:
        return replace(found, refusal=error)
    return replace(found, actor=replace(found.actor, tenant_id=entry.tenant_id), entry=entry)


def _credential(request: HttpRequest) -> Credential | None:
    scheme, _, text = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == SCHEME:
        return _bearer_credential(text.strip())
    return _session_credential(request.session.get("tenant_id"), request.session.get("user_id"))


def _bearer_credential(text: str) -> Credential | None:
    if not text or len(text) > MAX_BEARER_LENGTH or not text.isascii():
        return None
    for kind in TokenKind:
        tenant_id = tenant_of(text, kind=kind)
        if tenant_id is not None:
            return TokenCredential(tenant_id=tenant_id, digest=digest_of(text))
    known = read_access_token(text)
    if known is None:
        return None
    return IdentityCredential(tenant_id=known.tenant_id, issuer=known.issuer, subject=known.subject)


def _session_credential(tenant_id: str | None, user_id: str | None) -> SessionCredential | None:
    if not tenant_id or not user_id:
        return None
    return SessionCredential(tenant_id=UUID(tenant_id), user_id=UUID(user_id))


def _person(user: "User") -> Principal:
    return Principal(kind=PrincipalKind.USER, id=str(user.id), name=user.name)


def _actor_of(
    user: "User", channel: Channel, request_id: str, *, scopes: list[str] | None = None
) -> Actor:
    return Actor(
        tenant_id=user.tenant_id,
        principal=_person(user),
        channel=channel,
        scopes=expand(scopes) if scopes else None,
        request_id=request_id,
        is_platform=user.is_platform_admin,
    )


def _is_chain_live(token: ApiToken) -> bool:
    if token.agent is None:
        return True
    moment = clock.now()
    return all(a.revoked_at is None and a.expires_at > moment for a in list_chain(token.agent))


def _note_use(token: ApiToken) -> None:
    moment = clock.now()
    if token.last_used_at is not None and moment - token.last_used_at < TOKEN_USE_RESOLUTION:
        return
    # Whoever holds the row is noting the same thing: waiting for their request would be waste.
    free = ApiToken.objects.select_for_update(skip_locked=True).filter(id=token.id)
    ApiToken.objects.filter(id__in=free.values("id")).update(last_used_at=moment)
