"""The place of identities in the REST interface: oneself, tokens and sessions."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.actor import PrincipalKind
from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import ListQuery, Reason, Route
from apps.kernel.tenancy import current_actor
from apps.orgs.queries import get_root, list_grants

from .. import queries
from ..models import ApiToken, Session
from ..operations import create_token, end_session, revoke_token, rotate_token
from .rest_tenants import ROUTES as TENANTS
from .serializers import (
    IssuedOut,
    MeOut,
    SessionOut,
    TokenFilter,
    TokenIn,
    TokenOut,
)

SHOWN = tuple(TokenOut.model_fields)


def view_me() -> Mapping[str, Any]:
    """Return who the caller is, their roles and the limits of their token."""
    actor = current_actor()
    is_person = actor.principal.kind == PrincipalKind.USER
    return {
        "principal": actor.principal,
        "on_behalf_of": actor.on_behalf_of,
        "company": get_root(),
        "channel": actor.channel,
        "is_platform": actor.is_platform,
        "scopes": None if actor.scopes is None else sorted(actor.scopes),
        "roles": list(list_grants(user_id=UUID(actor.principal.id))) if is_person else [],
    }


def list_tokens(*, include_ended: bool = False) -> QuerySet[ApiToken]:
    """List one's own tokens, newest first."""
    return queries.list_own_tokens(live_only=not include_ended)


def view_token(*, token_id: UUID) -> ApiToken:
    """Return one of one's own tokens, without its secret."""
    token = queries.get_token(token_id)
    authorize("token.view", token.as_resource())
    return token


def create(**values: Any) -> Mapping[str, Any]:
    """Make a token; its text is told only now."""
    return _issued(*create_token(**values))


def rotate(*, token_id: UUID) -> Mapping[str, Any]:
    """Replace a token's secret; the text is told only now."""
    return _issued(*rotate_token(token_id=token_id))


def list_sessions() -> QuerySet[Session]:
    """List one's own browser sessions, newest first."""
    return queries.list_own_sessions()


def _issued(token: ApiToken, text: str) -> Mapping[str, Any]:
    return {**{name: getattr(token, name) for name in SHOWN}, "token": text}


TOKEN = "tokens/<uuid:token_id>"  # noqa: S105 - an address

ROUTES = (
    Route(
        method="GET", path="me", name="me.view", call=view_me, answers=MeOut,
    ),
    Route(
        method="GET", path="tokens", name="token.list", call=list_tokens,
        query=TokenFilter, answers=TokenOut, order=("-created_at", "-id"),
    ),
    Route(
        method="POST", path="tokens", name="token.create", call=create,
        takes=TokenIn, answers=IssuedOut, status=201, located="tokens/{id}", told_once="token",
    ),
    Route(
        method="GET", path=TOKEN, name="token.view", call=view_token, answers=TokenOut,
    ),
    Route(
        method="POST", path=f"{TOKEN}/rotate", name="token.rotate", call=rotate,
        answers=IssuedOut, told_once="token",
    ),
    Route(
        method="POST", path=f"{TOKEN}/revoke", name="token.revoke", call=revoke_token,
        takes=Reason, answers=TokenOut,
    ),
    Route(
        method="GET", path="sessions", name="session.list", call=list_sessions,
        query=ListQuery, answers=SessionOut, order=("-created_at", "session_key"),
    ),
    Route(
        method="POST", path="sessions/<str:session_id>/end", name="session.end",
        call=end_session, takes=Reason, status=204,
    ),
    *TENANTS,
)  # fmt: skip
