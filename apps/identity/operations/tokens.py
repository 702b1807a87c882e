"""Tokens of people and of their agents: made, replaced and ended; shown once, kept hashed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.actor import PrincipalKind
from apps.kernel.authorization import Decision, authorize
from apps.kernel.errors import Conflict, Forbidden, Invalid
from apps.kernel.ids import uuid7
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_actor, current_tenant_id
from apps.kernel.tokens import Minted, mint
from apps.orgs.checks import clean_text
from apps.orgs.queries import get_acting_user, get_agent, list_chain

from .. import queries
from ..models import ApiToken
from ..scopes import clean_scopes, expand
from ..types import MAX_TOKEN_DAYS, TokenKind

if TYPE_CHECKING:
    from apps.orgs.models import User


@operation("token.create")
def create_token(
    *,
    name: str,
    expires_at: datetime,
    scopes: Sequence[str] = (),
    agent_id: UUID | None = None,
) -> tuple[ApiToken, str]:
    """Make a token of the person who calls, or of their agent; the text is told only now.

    Without `scopes` it may do what its holder may. Conflict unless the agent is theirs and live.
    """
    person = _calling_user()
    kind = TokenKind.PERSONAL if agent_id is None else TokenKind.SERVICE
    minted = mint(kind=kind, tenant_id=current_tenant_id())
    token = ApiToken(
        id=uuid7(),
        tenant_id=current_tenant_id(),
        kind=kind,
        user=person,
        name=clean_text(name, field="name"),
        scopes=clean_scopes(scopes),
        created_at=clock.now(),
        expires_at=_clean_expiry(expires_at),
    )
    authorize("token.create", token.as_resource())
    _require_no_more_than_actor(token, "token.create")
    if agent_id is not None:
        _give_to_agent(token, agent_id)
    _keep(token, minted)
    token.save(force_insert=True)
    emit("token.created", resource=token.as_resource(), change=Change(after=_facts(token)))
    return token, minted.text


@operation("token.rotate")
def rotate_token(*, token_id: UUID) -> tuple[ApiToken, str]:
    """Replace a token's secret; the old one ends now, the rest stays. Conflict if it has ended."""
    token = queries.get_token(token_id, for_update=True)
    authorize("token.rotate", token.as_resource())
    _require_live(token)
    _require_no_more_than_actor(token, "token.rotate")
    before = {"tail": token.tail}
    minted = mint(kind=token.kind, tenant_id=token.tenant_id)
    _keep(token, minted)
    token.last_used_at = None
    token.save(update_fields=["digest", "tail", "last_used_at"])
    change = Change(before=before, after={"tail": token.tail})
    emit("token.rotated", resource=token.as_resource(), change=change)
    return token, minted.text


@operation("token.revoke")
def revoke_token(*, token_id: UUID, reason: str = "") -> ApiToken:
    """End a token for good; Conflict if it is already revoked."""
    token = queries.get_token(token_id, for_update=True)
    authorize("token.revoke", token.as_resource())
    if token.revoked_at is not None:
        raise Conflict(f"{token.name} is already revoked.")
    token.revoked_at = clock.now()
    token.save(update_fields=["revoked_at"])
    change = Change(before=_facts(token), reason=reason)
    emit("token.revoked", resource=token.as_resource(), change=change)
    return token


def _calling_user() -> "User":
    principal = current_actor().principal
    if principal.kind != PrincipalKind.USER:
        raise Conflict("Only a person can make a token; an agent is given one.")
    return get_acting_user()


def _clean_expiry(expires_at: datetime) -> datetime:
    moment = clock.now()
    if expires_at.tzinfo is None:
        raise Invalid(fields={"expires_at": ["Give the time zone."]})
    if not moment < expires_at <= moment + timedelta(days=MAX_TOKEN_DAYS):
        raise Invalid(fields={"expires_at": [f"Choose a time within {MAX_TOKEN_DAYS} days."]})
    return expires_at


def _give_to_agent(token: ApiToken, agent_id: UUID) -> None:
    agent = get_agent(agent_id)
    if agent.owner_id != token.user_id:
        raise Conflict("This agent is not yours.", fields={"agent_id": ["It is not yours."]})
    moment = clock.now()
    if any(a.revoked_at is not None or a.expires_at <= moment for a in list_chain(agent)):
        message = f"{agent.name} is revoked or expired."
        raise Conflict(message, fields={"agent_id": [message]})
    if token.expires_at > agent.expires_at:
        raise Invalid(fields={"expires_at": [f"{agent.name} itself expires earlier."]})
    token.agent = agent


def _require_no_more_than_actor(token: ApiToken, action: str) -> None:
    """Hold a token that makes tokens to what it may do itself."""
    held = current_actor().scopes
    if held is None:
        return
    wanted = expand(token.scopes)
    if token.scopes and wanted <= held:
        return
    reason = "A token cannot make one that may do more than itself."
    resource = token.as_resource()
    decision = Decision(allowed=False, action=action, resource=resource, reason=reason)
    raise Forbidden(reason, decision=decision)


def _require_live(token: ApiToken) -> None:
    if token.revoked_at is not None or token.expires_at <= clock.now():
        raise Conflict(f"{token.name} is revoked or expired.")


def _keep(token: ApiToken, minted: Minted) -> None:
    token.digest, token.tail = minted.digest, minted.tail


def _facts(token: ApiToken) -> dict[str, object]:
    return {
        "name": token.name,
        "kind": TokenKind(token.kind).name.lower(),
        "agent": token.agent.name if token.agent else None,
        "scopes": token.scopes,
        "expires_at": token.expires_at,
        "tail": token.tail,
    }
