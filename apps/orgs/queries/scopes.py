"""Reads of the scope tree."""

from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.errors import NotFound
from apps.kernel.tenancy import current_tenant_id

from ..models import Company, Scope
from .permitted import permitted_at


@dataclass(slots=True)
class Node:
    """A scope with its children, for drawing the tree."""

    scope: Scope
    children: list["Node"] = field(default_factory=list)


def get_company(*, for_update: bool = False) -> Company:
    """Return the company in scope, locked if asked."""
    rows = Company.objects.select_for_update() if for_update else Company.objects.all()
    company = rows.filter(id=current_tenant_id()).first()
    if company is None:
        raise NotFound("There is no such company.")
    return company  # type: ignore[no-any-return]


def get_root() -> Scope:
    """Return the company's own scope."""
    return get_scope(current_tenant_id())


def get_scope(scope_id: UUID, *, for_update: bool = False) -> Scope:
    """Return one scope, archived or not, locked if asked; raise NotFound."""
    rows = Scope.objects.select_for_update() if for_update else Scope.objects.all()
    scope = rows.filter(id=scope_id).first()
    if scope is None:
        raise NotFound("There is no such scope.")
    return scope  # type: ignore[no-any-return]


def find_scope_id(path: str) -> UUID | None:
    """Return the live scope at `path`, slugs below the company joined by `/`, or None."""
    found: UUID | None = current_tenant_id()
    for slug in filter(None, path.split("/")):
        rows = Scope.objects.live().filter(parent_id=found, slug=slug)
        found = rows.values_list("id", flat=True).first()
        if found is None:
            return None
    return found


def list_scopes(*, kind: str = "", include_archived: bool = False) -> QuerySet[Scope]:
    """Return the scopes that the actor may view, by depth and name."""
    rows = Scope.objects.filter(permitted_at("org.view", "id"))
    if not include_archived:
        rows = rows.live()
    if kind:
        rows = rows.filter(kind=kind)
    return rows.order_by("path__len", "name", "id")  # type: ignore[no-any-return]


def list_companies() -> QuerySet[Scope]:
    """Return the root of every company, by name; for `across_tenants`, else only one's own."""
    return Scope.objects.filter(parent__isnull=True).order_by("name", "id")  # type: ignore[no-any-return]


def list_children(scope_id: UUID) -> QuerySet[Scope]:
    """Return the live scopes directly below one."""
    return list_scopes().filter(parent_id=scope_id)


def scope_ids_within(scope_id: UUID) -> QuerySet[Scope]:
    """Return, for a subquery, the ids of a scope and everything below it, archived or not."""
    return Scope.objects.within(scope_id).values("id")  # type: ignore[no-any-return]


def scope_tree(*, include_archived: bool = False) -> list[Node]:
    """Return the visible scopes as trees; a scope whose parent is invisible becomes a root."""
    nodes = {s.id: Node(scope=s) for s in list_scopes(include_archived=include_archived)}
    roots: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.scope.parent_id) if node.scope.parent_id else None
        (parent.children if parent else roots).append(node)
    return roots
