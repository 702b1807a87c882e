"""Scopes as pages name them, and the question whether an actor may do something anywhere."""

from typing import Any

from django.db.models import QuerySet

from apps.kernel.authorization import authorize
from apps.orgs import queries as orgs


def require_somewhere(action: str) -> None:
    """Raise Forbidden, with the company's decision, unless some scope permits the action."""
    if not orgs.permitted_scope_ids(action):
        authorize(action, orgs.get_root().as_resource())


def scope_labels(scopes: QuerySet[Any]) -> list[tuple[str, str]]:
    """Return (id, "Company / Organization / Team") of each scope, sorted by that."""
    rows = list(scopes)
    names = {scope.id: scope.name for scope in rows}
    labels = [
        (str(scope.id), " / ".join(names[part] for part in scope.path if part in names))
        for scope in rows
    ]
    return sorted(labels, key=lambda item: item[1].lower())
