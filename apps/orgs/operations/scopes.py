"""Growing, renaming, archiving and restoring the scope tree."""

from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts, require_version
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.ids import uuid7
from apps.kernel.operation import operation

from .. import queries
from ..checks import TEXT_LENGTH, clean_slug, clean_text, require_live
from ..models import Scope
from ..types import PARENT_KIND, ScopeKind
from .agents import revoke_agents_at

SLUG_TAKEN = {
    "scope_slug_once_per_parent": ("slug", "This slug is already taken in the same place.")
}


@operation("org.init")
def create_organization(*, name: str, slug: str, description: str = "") -> Scope:
    """Create an organization in the company; Conflict if the slug is taken."""
    root = queries.get_root()
    authorize("org.init", root.as_resource())
    scope = _create(root, ScopeKind.ORGANIZATION, name=name, slug=slug, description=description)
    _emit_created("org.created", scope)
    return scope


@operation("team.create")
def create_team(*, parent_id: UUID, name: str, slug: str, description: str = "") -> Scope:
    """Create a team in an organization; Conflict if the slug is taken."""
    parent = queries.get_scope(parent_id, for_update=True)
    authorize("team.create", parent.as_resource())
    scope = _create(parent, ScopeKind.TEAM, name=name, slug=slug, description=description)
    _emit_created("team.created", scope)
    return scope


@operation("project.init")
def create_project(*, parent_id: UUID, name: str, slug: str, description: str = "") -> Scope:
    """Create a project in a team; Conflict if the slug is taken."""
    parent = queries.get_scope(parent_id, for_update=True)
    authorize("project.init", parent.as_resource())
    scope = _create(parent, ScopeKind.PROJECT, name=name, slug=slug, description=description)
    _emit_created("project.created", scope)
    return scope


@operation("scope.update")
def update_scope(
    *,
    scope_id: UUID,
    name: str | None = None,
    description: str | None = None,
    expected_version: int | None = None,
) -> Scope:
    """Rename or describe a scope; Stale if it changed since `expected_version`."""
    scope = queries.get_scope(scope_id, for_update=True)
    authorize("scope.update", scope.as_resource())
    require_version(scope.version, expected_version)
    require_live(scope)
    before = {"name": scope.name, "description": scope.description}
    if name is not None:
        scope.name = clean_text(name, field="name")
    if description is not None:
        scope.description = clean_text(
            description, field="description", limit=TEXT_LENGTH, required=False
        )
    scope.version += 1
    scope.save(update_fields=["name", "description", "version"])
    after = {"name": scope.name, "description": scope.description}
    emit("scope.updated", resource=scope.as_resource(), change=Change(before=before, after=after))
    return scope


@operation("scope.archive")
def archive_scope(*, scope_id: UUID, reason: str = "") -> Scope:
    """Archive a scope with all below it, ending the agents that work there; restorable."""
    scope = queries.get_scope(scope_id, for_update=True)
    authorize("scope.archive", scope.as_resource())
    if scope.kind == ScopeKind.COMPANY:
        raise Conflict("The company itself cannot be archived.")
    require_live(scope)
    moment = clock.now()
    ids = _lock_live_within(scope)
    Scope.objects.filter(id__in=ids).update(archived_at=moment, archived_with=scope.id)
    revoke_agents_at(ids)
    scope.refresh_from_db()
    payload = {"archived_scope_ids": [str(item) for item in ids]}
    emit(
        "scope.archived",
        resource=scope.as_resource(),
        change=Change(reason=reason, payload=payload),
    )
    return scope


@operation("scope.restore")
def restore_scope(*, scope_id: UUID) -> Scope:
    """Bring back a scope and what was archived with it; Conflict below an archived one."""
    parent_id = queries.get_scope(scope_id).parent_id
    parent = queries.get_scope(parent_id, for_update=True) if parent_id else None
    scope = queries.get_scope(scope_id, for_update=True)
    authorize("scope.restore", scope.as_resource())
    if scope.archived_at is None or scope.archived_with != scope.id:
        raise Conflict(f"{scope.name} was not archived by itself.")
    if parent is not None and parent.archived_at is not None:
        raise Conflict("Restore the scope above it first.")
    with conflicts(SLUG_TAKEN):
        Scope.objects.filter(archived_with=scope.id).update(archived_at=None, archived_with=None)
    scope.refresh_from_db()
    emit("scope.restored", resource=scope.as_resource())
    return scope


def _lock_live_within(scope: Scope) -> list[UUID]:
    """Return the live scopes from `scope` down, locked: nothing can be added below them."""
    held: list[UUID] = []
    while True:
        rows = Scope.objects.live().within(scope.id).exclude(id__in=held)
        # What was added while this waited for a lock shows only when asked again.
        added = list(rows.select_for_update().order_by("id").values_list("id", flat=True))
        if not added:
            return held
        held += added


def _create(parent: Scope, kind: ScopeKind, *, name: str, slug: str, description: str) -> Scope:
    require_live(parent)
    if PARENT_KIND[kind] != parent.kind:
        message = f"A {kind} belongs in a {PARENT_KIND[kind]}, not in a {parent.kind}."
        raise Invalid(message, fields={"parent_id": [message]})
    scope_id = uuid7()
    text = clean_text(description, field="description", limit=TEXT_LENGTH, required=False)
    with conflicts(SLUG_TAKEN):
        scope: Scope = Scope.objects.create(
            id=scope_id,
            kind=kind,
            parent=parent,
            parent_kind=parent.kind,
            path=[*parent.path, scope_id],
            slug=clean_slug(slug),
            name=clean_text(name, field="name"),
            description=text,
            created_at=clock.now(),
        )
    return scope


def _emit_created(event: str, scope: Scope) -> None:
    parent = scope.parent.name if scope.parent else ""
    after = {"name": scope.name, "slug": scope.slug, "parent": parent}
    emit(event, resource=scope.as_resource(), change=Change(after=after))
