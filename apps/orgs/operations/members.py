"""People: registering, changing, deactivating them, and where they work."""

from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts, require_version
from apps.kernel.errors import Conflict
from apps.kernel.operation import operation

from .. import queries
from ..checks import clean_email, clean_text, require_live
from ..models import Membership, User
from .agents import revoke_agents_of

EMAIL_TAKEN = {"user_email_once_per_tenant": ("email", "Somebody has this e-mail address.")}
ALREADY_MEMBER = {"member_once": ("user_id", "They already belong there.")}


@operation("user.register")
def register_user(*, email: str, name: str, title: str = "") -> User:
    """Register a person without any role; Conflict if the e-mail address is taken."""
    root = queries.get_root()
    authorize("user.register", root.as_resource())
    user = User(
        email=clean_email(email),
        name=clean_text(name, field="name"),
        title=clean_text(title, field="title", required=False),
        created_at=clock.now(),
    )
    user.set_unusable_password()
    with conflicts(EMAIL_TAKEN):
        user.save(force_insert=True)
    after = {"email": user.email, "name": user.name, "title": user.title}
    emit("user.registered", resource=user.as_resource(), change=Change(after=after))
    return user


@operation("user.update")
def update_user(
    *,
    user_id: UUID,
    name: str | None = None,
    title: str | None = None,
    expected_version: int | None = None,
) -> User:
    """Change a person's name or title; Stale if changed since `expected_version`."""
    user = queries.get_user(user_id, for_update=True)
    authorize("user.update", user.as_resource())
    require_version(user.version, expected_version)
    before = {"name": user.name, "title": user.title}
    if name is not None:
        user.name = clean_text(name, field="name")
    if title is not None:
        user.title = clean_text(title, field="title", required=False)
    user.version += 1
    user.save(update_fields=["name", "title", "version"])
    after = {"name": user.name, "title": user.title}
    emit("user.updated", resource=user.as_resource(), change=Change(before=before, after=after))
    return user


@operation("user.deactivate")
def deactivate_user(*, user_id: UUID, reason: str = "") -> User:
    """End a person's access and all their agents; their history stays."""
    user = queries.get_user(user_id, for_update=True)
    authorize("user.deactivate", user.as_resource())
    if not user.is_active:
        raise Conflict(f"{user.name} is already deactivated.")
    user.deactivated_at = clock.now()
    user.version += 1
    user.save(update_fields=["deactivated_at", "version"])
    ended = revoke_agents_of(user)
    payload = {"revoked_agent_ids": [str(agent.id) for agent in ended]}
    emit(
        "user.deactivated",
        resource=user.as_resource(),
        change=Change(reason=reason, payload=payload),
    )
    return user


@operation("user.reactivate")
def reactivate_user(*, user_id: UUID) -> User:
    """Let a person back in with the roles they still hold; their agents stay revoked."""
    user = queries.get_user(user_id, for_update=True)
    authorize("user.reactivate", user.as_resource())
    if user.is_active:
        raise Conflict(f"{user.name} is active.")
    user.deactivated_at = None
    user.version += 1
    user.save(update_fields=["deactivated_at", "version"])
    emit("user.reactivated", resource=user.as_resource())
    return user


@operation("member.add")
def add_member(*, user_id: UUID, scope_id: UUID) -> Membership:
    """Say that a person belongs to a scope; grants nothing. Conflict if they already do."""
    scope = queries.get_scope(scope_id, for_update=True)
    authorize("member.add", scope.as_resource())
    require_live(scope)
    user = queries.get_user(user_id)
    with conflicts(ALREADY_MEMBER):
        membership: Membership = Membership.objects.create(
            user=user, scope=scope, created_at=clock.now()
        )
    after = {"user_id": str(user.id), "user": user.name}
    emit("member.added", resource=scope.as_resource(), change=Change(after=after))
    return membership


@operation("member.remove")
def remove_member(*, membership_id: UUID) -> None:
    """Say that a person no longer belongs to a scope."""
    membership = queries.get_membership(membership_id)
    resource = membership.scope.as_resource()
    authorize("member.remove", resource)
    before = {"user_id": str(membership.user_id), "user": membership.user.name}
    membership.delete()
    emit("member.removed", resource=resource, change=Change(before=before))
