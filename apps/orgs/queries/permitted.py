"""Where an actor may do something: Cedar asked once per scope, for filtering lists."""

from apps.kernel.authorization import Resource, decide_many
from apps.kernel.tenancy import current_scope

from ..models import Scope


def permitted_scope_ids(action: str) -> list[str]:
    """Return the ids of the scopes at which the actor may do `action`, in stable order."""
    facts = current_scope().facts
    key = ("permitted", action)
    if key not in facts:
        scopes = [scope.as_resource() for scope in _all_scopes()]
        answers = decide_many(action, scopes)
        facts[key] = [scope.id for scope, d in zip(scopes, answers, strict=True) if d.allowed]
    return facts[key]  # type: ignore[no-any-return]


def is_permitted(action: str, resource: Resource) -> bool:
    """Tell whether the actor may do `action` to `resource`, without recording a denial."""
    return decide_many(action, [resource])[0].allowed


def _all_scopes() -> list[Scope]:
    facts = current_scope().facts
    if "scopes" not in facts:
        facts["scopes"] = list(Scope.objects.only("id", "name", "path").order_by("id"))
    return facts["scopes"]  # type: ignore[no-any-return]
