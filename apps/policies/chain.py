"""The policies in force from the company down to a scope, as layers."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from apps.orgs.queries import scope_places

from .inheritance import EffectivePolicy, Layer, effective_policies
from .models import Policy, PolicyVersion
from .rules import parse_rules
from .types import PolicyState


def effective_at(scope: Any, *, draft: Policy | None = None) -> list[EffectivePolicy]:
    """Return the policies that hold at a scope, by name; with `draft` as if it were in force.

    Nothing holds where the scope, or one above it, is archived.
    """
    layers = list(layers_at(scope))
    if draft is not None and draft.scope_id in scope.path:
        layers = [layer for layer in layers if layer.policy_id != draft.id] + [layer_of(draft)]
    place = scope_places().get(scope.id)
    if place is None:
        return []
    return effective_policies(layers, place=place)


def layers_at(scope: Any) -> list[Layer]:
    """Return what is in force at a scope and at every scope above it, highest first."""
    return sorted(_in_force(scope.path), key=lambda layer: (layer.depth, layer.name))


def layers_above(scope: Any) -> list[Layer]:
    """Return what is in force at the scopes above one, highest first."""
    return [layer for layer in layers_at(scope) if layer.scope_id != scope.id]


def layers_everywhere() -> list[Layer]:
    """Return what is in force in the whole company; at an archived scope, `place` is empty."""
    return _in_force(None)


def layer_of(policy: Policy, body: Any = None) -> Layer:
    """Return a policy's working copy, or the version or proposal `body`, as a layer."""
    said = body or policy
    severity = getattr(said, "severity", policy.severity)
    rules = (replace(rule, severity=rule.severity or severity) for rule in parse_rules(said.rules))
    return Layer(
        policy_id=policy.id,
        name=policy.name,
        scope_id=policy.scope_id,
        scope_name=policy.scope.name,
        place=scope_places().get(policy.scope_id, ""),
        depth=len(policy.scope.path),
        version=getattr(said, "number", None),
        severity=severity,
        mode=getattr(said, "mode", policy.mode),
        merge_strategy=getattr(said, "merge_strategy", policy.merge_strategy),
        cedar=said.cedar,
        rules=tuple(rules),
    )


def _in_force(scope_ids: Iterable[UUID] | None) -> list[Layer]:
    active = Policy.objects.filter(state=PolicyState.ACTIVE)
    if scope_ids is not None:
        active = active.filter(scope_id__in=list(scope_ids))
    policies = {policy.id: policy for policy in active.select_related("scope")}
    versions = PolicyVersion.objects.filter(policy_id__in=policies)
    return [
        layer_of(policies[version.policy_id], version)
        for version in versions
        if version.number == policies[version.policy_id].active_version
    ]
