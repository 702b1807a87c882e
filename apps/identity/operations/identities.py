"""Binding people to what their identity provider knows them as."""

from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts
from apps.kernel.errors import Invalid
from apps.kernel.operation import operation
from apps.orgs.queries import get_user

from ..models import ExternalIdentity

ISSUER_LENGTH, SUBJECT_LENGTH = 300, 255
ALREADY_LINKED = {
    "identity_once_per_tenant": ("subject", "This identity already belongs to somebody.")
}


@operation("identity.link")
def link_identity(*, user_id: UUID, provider: str, issuer: str, subject: str) -> ExternalIdentity:
    """Let a person sign in as `subject` of `issuer`; Conflict if that is somebody already."""
    user = get_user(user_id)
    authorize("identity.link", user.as_resource())
    _require_length(issuer, field="issuer", limit=ISSUER_LENGTH)
    _require_length(subject, field="subject", limit=SUBJECT_LENGTH)
    with conflicts(ALREADY_LINKED):
        identity: ExternalIdentity = ExternalIdentity.objects.create(
            user=user, provider=provider, issuer=issuer, subject=subject, linked_at=clock.now()
        )
    after = {"provider": provider, "issuer": issuer, "subject": subject}
    emit("identity.linked", resource=user.as_resource(), change=Change(after=after))
    return identity


def _require_length(value: str, *, field: str, limit: int) -> None:
    if not value or len(value) > limit or not value.isprintable():
        raise Invalid(fields={field: [f"1 to {limit} printable characters are needed."]})
