"""Where an actor may do something, for filtering lists: Cedar, asked no more than it must be."""

from collections import defaultdict
from typing import Any

from django.db.models import Q

from apps.kernel.authorization import Resource, decide_many
from apps.kernel.tenancy import current_actor, current_scope

from ..models import Scope
from .facts import principal_facts

Path = tuple[str, ...]


def permitted_scope_ids(action: str) -> list[str]:
    """Return the ids of the scopes at which the actor may do `action`, in stable order."""
    permitted = _permitted(action)
    return [path[-1] for path in _paths() if path[-1] in permitted]


def permitted_at(action: str, field: str) -> Q:
    """Return the condition that the scope in `field` is one where the actor may do `action`."""
    permitted = _permitted(action)
    if permitted and len(permitted) == len(_paths()):
        return Q()
    return Q(**{f"{field}__in": sorted(permitted)})


def is_permitted(action: str, resource: Resource) -> bool:
    """Tell whether the actor may do `action` to `resource`, without recording a denial."""
    return decide_many(action, [resource])[0].allowed


def _permitted(action: str) -> frozenset[str]:
    facts = current_scope().facts
    key = ("permitted", action)
    if key not in facts:
        facts[key] = _ask(action)
    return facts[key]  # type: ignore[no-any-return]


def _ask(action: str) -> frozenset[str]:
    # The policies know a scope only by what it is within, and compare that only with the scopes
    # that the principal's own facts name: scopes within the same of those get the same answer.
    named = principal_facts(current_actor()).named_scopes()
    alike: dict[frozenset[str], list[Path]] = defaultdict(list)
    for path in _paths():
        alike[named.intersection(path)].append(path)
    asked = [_resource(paths[0][-1]) for paths in alike.values()]
    answers = decide_many(action, asked)
    groups = zip(alike.values(), answers, strict=True)
    return frozenset(path[-1] for paths, answer in groups if answer.allowed for path in paths)


def _resource(scope_id: str) -> Resource:
    return Resource(type="Scope", id=scope_id, name="", scope_id=scope_id)


def _paths() -> list[Path]:
    """Return for each scope the ids from the company down to it."""
    facts = current_scope().facts
    if "paths" not in facts:
        rows: Any = Scope.objects.order_by("id").values_list("path", flat=True)
        facts["paths"] = [tuple(map(str, path)) for path in rows]
        facts.update({("chain", path[-1]): list(path) for path in facts["paths"]})
    return facts["paths"]  # type: ignore[no-any-return]
