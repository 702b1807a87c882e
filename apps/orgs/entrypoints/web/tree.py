"""The organization as a tree, its search, and its list as a file."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.kernel.entrypoints.csv_export import csv_file, is_csv
from apps.kernel.entrypoints.listing import Filter, filter_bar
from apps.kernel.entrypoints.pages import choice_param, signed_in, text_param

from ... import queries
from ...models import Scope
from ...queries.scopes import Node
from ...types import ScopeKind
from .around import rights, scope_url, sections

ICONS = {
    ScopeKind.COMPANY: "building-2",
    ScopeKind.ORGANIZATION: "building",
    ScopeKind.TEAM: "users",
    ScopeKind.PROJECT: "folder-git-2",
}
KINDS = {
    kind.value: f"{kind.value.capitalize()}s" for kind in ScopeKind if kind != ScopeKind.COMPANY
}
STATES = {"archived": "Archived too"}
LEVELS = {str(level): "" for level in range(1, 5)}
HEADER = ("id", "kind", "path", "name", "description", "people", "created_at", "archived_at")


@require_safe
@signed_in
def tree(request: HttpRequest) -> HttpResponse:
    """Show the tree, or what matches a search in it."""
    text, kind = text_param(request, "q"), choice_param(request, "kind", KINDS)
    with_archived = bool(choice_param(request, "state", STATES))
    scopes = queries.list_scopes(kind=kind, include_archived=with_archived)
    if text:
        scopes = scopes.filter(name__icontains=text) | scopes.filter(slug__icontains=text)
    heads = queries.headcounts()
    if is_csv(request):
        return csv_file(name="organization", header=HEADER, rows=_rows(list(scopes), heads))
    root = queries.get_root()
    filters = [Filter("kind", "Kind", KINDS), Filter("state", "Live only", STATES)]
    context = {
        "bar": filter_bar(request, placeholder="Search places", filters=filters),
        "sections": sections("tree"),
        "may": rights(root.as_resource(), ["org.init", "org.view"]),
        "totals": _totals(heads),
        "breadcrumb": [{"name": "Organization"}],
        **_body(list(scopes), heads, is_list=bool(text or kind or with_archived)),
    }
    return render(request, "orgs/tree.html", context)


@require_safe
@signed_in
def branch(request: HttpRequest, scope_id: UUID) -> HttpResponse:
    """Answer the nodes directly below one, as the tree draws them."""
    heads = queries.headcounts()
    children = [_drawn(Node(scope=one), heads) for one in queries.list_children(scope_id)]
    level = choice_param(request, "level", LEVELS) or max(LEVELS)
    return render(request, "orgs/branch.html", {"nodes": children, "level": int(level)})


def _body(scopes: list[Scope], heads: dict[UUID, int], *, is_list: bool) -> dict[str, Any]:
    if is_list:
        names = {scope.id: scope.name for scope in queries.list_scopes(include_archived=True)}
        return {
            "found": [
                {
                    "scope": one,
                    "way": " / ".join(names[key] for key in one.path[:-1] if key in names),
                    "people": heads.get(one.id, 0),
                }
                for one in scopes
            ]
        }
    return {"nodes": [_drawn(node, heads, depth=0) for node in queries.scope_tree()]}


def _drawn(node: Node, heads: dict[UUID, int], *, depth: int = 9) -> dict[str, Any]:
    scope = node.scope
    is_team = scope.kind == ScopeKind.TEAM
    below = [] if is_team else [_drawn(one, heads, depth=depth + 1) for one in node.children]
    return {
        "name": scope.name,
        "url": scope_url(scope.id),
        "icon": ICONS[ScopeKind(scope.kind)],
        "note": _note(node, heads),
        "expanded": depth < 1,
        "children": below,
        "load_url": _branch_url(scope, depth) if is_team and node.children else "",
    }


def _branch_url(scope: Scope, depth: int) -> str:
    # Levels count from 1 at the top of what this person sees; the branch lies one below the node.
    return f"{reverse('orgs:branch', args=[scope.id])}?level={depth + 2}"


def _note(node: Node, heads: dict[UUID, int]) -> str:
    people = heads.get(node.scope.id, 0)
    counted = [f"{people} {'person' if people == 1 else 'people'}"] if people else []
    if node.scope.kind == ScopeKind.TEAM and node.children:
        number = len(node.children)
        counted.insert(0, f"{number} project{'s' if number > 1 else ''}")
    return " · ".join(counted)


def _totals(heads: dict[UUID, int]) -> dict[str, int]:
    kinds = [scope.kind for scope in queries.list_scopes()]
    totals = {f"{kind.value}s": kinds.count(kind) for kind in ScopeKind}
    agents = queries.agent_counts()
    return {
        **totals,
        "people": max(heads.values(), default=0),
        "agents": max(agents.values(), default=0),
    }


def _rows(scopes: list[Scope], heads: dict[UUID, int]) -> list[list[Any]]:
    slugs = {scope.id: scope.slug for scope in queries.list_scopes(include_archived=True)}
    return [
        [
            one.id,
            one.kind,
            "/".join(slugs[key] for key in one.path if key in slugs),
            one.name,
            one.description,
            heads.get(one.id, 0),
            one.created_at,
            one.archived_at,
        ]
        for one in scopes
    ]
