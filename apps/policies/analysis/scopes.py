"""Scopes that cannot both hold, seen without asking a solver."""

from collections.abc import Mapping
from typing import Any

from .policies import Policy
from .schema import Schema

_VARIABLES = ("principal", "resource")


def are_disjoint(one: Policy, other: Policy, schema: Schema) -> bool:
    """Return whether no request is in the scopes of both; false where that needs a proof."""
    if not (action_uids(one, schema) & action_uids(other, schema)):
        return True
    return any(_apart(one.body[name], other.body[name]) for name in _VARIABLES)


def action_uids(policy: Policy, schema: Schema) -> frozenset[tuple[str, str]]:
    """Return the actions of the schema that a policy's scope names."""
    scope = policy.body["action"]
    if scope["op"] == "All":
        return frozenset(schema.actions)
    uids = scope.get("entities") or [scope["entity"]]
    named = {(uid["type"], uid["id"]) for uid in uids}
    if scope["op"] == "==":
        return frozenset(named)
    below = {uid for uid, action in schema.actions.items() if named & action.ancestors}
    return frozenset(named | below)


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    kinds = {kind for kind in (_kind(one), _kind(other)) if kind}
    if len(kinds) > 1:
        return True
    named = [scope["entity"] for scope in (one, other) if scope["op"] == "==" and "entity" in scope]
    return len(named) == 2 and named[0] != named[1]


def _kind(scope: Mapping[str, Any]) -> str | None:
    """Return the one type that a scope leaves, if it leaves one."""
    if scope["op"] == "==" and "entity" in scope:
        return str(scope["entity"]["type"])
    return scope.get("entity_type")
