"""Reads of tokens."""

from uuid import UUID

from django.db.models import QuerySet

from apps.kernel import clock
from apps.kernel.actor import PrincipalKind
from apps.kernel.errors import NotFound
from apps.kernel.tenancy import current_actor
from apps.orgs.queries import get_user, is_permitted, principal_facts

from ..models import ApiToken


def find_token(digest: str) -> ApiToken | None:
    """Return the live token of this digest with its person, or None."""
    rows = ApiToken.objects.live(clock.now()).select_related("user")
    found: ApiToken | None = rows.filter(digest=digest).first()
    return found


def get_token(token_id: UUID, *, for_update: bool = False) -> ApiToken:
    """Return one token, ended or not, locked if asked; raise NotFound."""
    rows = ApiToken.objects.select_related("user", "agent")
    if for_update:
        rows = rows.select_for_update(of=("self",))
    token: ApiToken | None = rows.filter(id=token_id).first()
    if token is None:
        raise NotFound("There is no such token.")
    return token


def list_own_tokens(*, live_only: bool = True) -> QuerySet[ApiToken]:
    """Return the tokens of the person who asks, newest first; none for anything else."""
    actor = current_actor()
    if actor.principal.kind != PrincipalKind.USER or principal_facts(actor).is_visitor:
        return ApiToken.objects.none()  # type: ignore[no-any-return]
    person = get_user(UUID(actor.principal.id))
    probe = ApiToken(user=person, name="own tokens")
    if not is_permitted("token.view", probe.as_resource()):
        return ApiToken.objects.none()  # type: ignore[no-any-return]
    rows = ApiToken.objects.live(clock.now()) if live_only else ApiToken.objects.all()
    rows = rows.filter(user=person).select_related("agent")
    return rows.order_by("-created_at", "-id")  # type: ignore[no-any-return]
