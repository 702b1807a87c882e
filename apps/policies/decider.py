"""The portal's own policy decision point: cedarpy over the product's schema and policies."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cedarpy

from apps.kernel.actor import Actor, PrincipalKind
from apps.kernel.authorization import Decision, Resource
from apps.kernel.telemetry import DECISIONS_TOTAL
from apps.kernel.tenancy import current_actor
from apps.orgs.queries import PrincipalFacts, Rank, principal_facts, rank_of, scope_chain
from apps.orgs.types import ROLE_ORDER

PRODUCT = Path(__file__).parent / "product"
NAMESPACE = "Aeterna::"
OVER_A_PERSON = re.compile(r'action "([a-z_.]+)" in \[[^\]]*"over-a-person"')
NO_RANK = Rank()
ACTION = re.compile(r'action "([a-z_.]+)"[^;]*?principal: \[([^\]]*)\]')


@cache
def product_schema() -> cedarpy.Schema:
    """Return the parsed schema of the portal's own permissions."""
    return cedarpy.Schema.from_str((PRODUCT / "schema.cedarschema").read_text(encoding="utf-8"))


@cache
def product_policies() -> cedarpy.PolicySet:
    """Return the parsed policies of the portal's own permissions."""
    return cedarpy.PolicySet.from_str((PRODUCT / "permissions.cedar").read_text(encoding="utf-8"))


@cache
def agent_actions() -> frozenset[str]:
    """Return the actions that the schema lets an agent ask for."""
    text = (PRODUCT / "schema.cedarschema").read_text(encoding="utf-8")
    return frozenset(name for name, kinds in ACTION.findall(text) if "Agent" in kinds)


@cache
def product_actions() -> frozenset[str]:
    """Return the names of the actions in the schema, without the groups (`role:admin`, `own`)."""
    text = (PRODUCT / "schema.cedarschema").read_text(encoding="utf-8")
    return frozenset(re.findall(r'^\s*action "([a-z_]+\.[a-z_]+)"', text, re.MULTILINE))


@cache
def actions_over_people() -> frozenset[str]:
    """Return the actions that change or end a person: how high that person stands counts."""
    text = (PRODUCT / "schema.cedarschema").read_text(encoding="utf-8")
    return frozenset(OVER_A_PERSON.findall(text))


class CedarDecider:
    """Answers `authorize` by evaluating Cedar over the principal, the resource and its scopes."""

    def agent_actions(self) -> frozenset[str]:
        return agent_actions()

    def actions(self) -> frozenset[str]:
        return product_actions()

    def decide(self, *, action: str, resource: Resource, context: Mapping[str, Any]) -> Decision:
        return self.decide_many(action=action, resources=[resource], context=context)[0]

    def decide_many(
        self, *, action: str, resources: Sequence[Resource], context: Mapping[str, Any]
    ) -> list[Decision]:
        if not resources:
            return []
        actor = current_actor()
        entities = _entities(actor, action, resources)
        requests = [_request(actor, action, resource, context) for resource in resources]
        handle = cedarpy.Entities.from_json_str(json.dumps(entities), product_schema())
        answers = cedarpy.is_authorized_batch(
            requests, product_policies(), handle, product_schema()
        )
        return [
            _decision(action, resource, answer)
            for resource, answer in zip(resources, answers, strict=True)
        ]


def _request(
    actor: Actor, action: str, resource: Resource, context: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "principal": _ref(actor.principal.kind, actor.principal.id),
        "action": _ref("Action", action),
        "resource": _ref(resource.type, resource.id),
        "context": {
            **context,
            "action": action,
            "limited": actor.scopes is not None,
            "token": sorted(actor.scopes or ()),
        },
    }


def _decision(action: str, resource: Resource, answer: cedarpy.AuthzResult) -> Decision:
    diagnostics = answer.diagnostics
    names = diagnostics.id_annotations_by_reason
    policies = tuple(sorted(names.get(item) or item for item in diagnostics.reasons))
    DECISIONS_TOTAL.labels(action, "allow" if answer.allowed else "deny").inc()
    return Decision(
        allowed=answer.allowed,
        action=action,
        resource=resource,
        policies=policies,
        errors=tuple(str(error) for error in diagnostics.errors),
        reason="" if answer.allowed else _reason(action, resource, policies),
    )


def _reason(action: str, resource: Resource, policies: tuple[str, ...]) -> str:
    if policies:
        return f"{action} on {resource.name} is forbidden by {', '.join(policies)}."
    return f"None of your roles permits {action} on {resource.name}."


def _entities(actor: Actor, action: str, resources: Sequence[Resource]) -> list[dict[str, Any]]:
    entities: dict[tuple[str, str], dict[str, Any]] = {}
    for resource in resources:
        _add_scopes(entities, scope_chain(resource.scope_id))
        if resource.type != "Scope":
            attributes = _attributes(action, resource)
            _add(entities, resource.type, resource.id, attributes, [resource.scope_id])
    principal = actor.principal
    if principal.kind != PrincipalKind.SERVICE:
        existing = entities.get((principal.kind, principal.id))
        parents = [p["id"] for p in existing["parents"]] if existing else []
        facts = _principal_attributes(actor, principal_facts(actor))
        attributes = {**(existing["attrs"] if existing else {}), **facts}
        entities.pop((principal.kind, principal.id), None)
        _add(entities, principal.kind, principal.id, attributes, parents)
    return list(entities.values())


def _add_scopes(entities: dict[tuple[str, str], dict[str, Any]], chain: list[str]) -> None:
    for parent, scope_id in zip([None, *chain], chain, strict=False):
        if ("Scope", scope_id) not in entities:
            _add(entities, "Scope", scope_id, {}, [parent] if parent else [])


def _add(
    entities: dict[tuple[str, str], dict[str, Any]],
    type: str,
    id: str,
    attributes: Mapping[str, Any],
    parents: Sequence[str],
) -> None:
    entities[type, id] = {
        "uid": _ref(type, id),
        "attrs": dict(attributes),
        "parents": [_ref("Scope", parent) for parent in parents],
    }


def _attributes(action: str, resource: Resource) -> dict[str, Any]:
    # People and agents are resources too; what they hold does not matter then, but for their rank.
    if resource.type == "User":
        rank = rank_of(resource.id) if action in actions_over_people() else NO_RANK
        known = PrincipalFacts(owner_id=resource.id, is_platform_admin=rank.is_platform_admin)
        return _user_attributes(known, rank)
    if resource.type == "Agent":
        owner = resource.attributes["owner"]["__entity"]["id"]
        facts = PrincipalFacts(owner_id=owner, reach=resource.scope_id)
        return {**_agent_attributes(facts), **resource.attributes}
    return dict(resource.attributes)


def _principal_attributes(actor: Actor, facts: PrincipalFacts) -> dict[str, Any]:
    if actor.principal.kind == PrincipalKind.USER:
        return _user_attributes(facts)
    return _agent_attributes(facts)


def _user_attributes(facts: PrincipalFacts, rank: Rank = NO_RANK) -> dict[str, Any]:
    return {
        **_shared_attributes(facts),
        "platform": facts.is_platform_admin,
        "shared": _scopes(facts.shared),
        "tenantAdminPaths": _scopes(rank.tenant_admin_paths),
    }


def _agent_attributes(facts: PrincipalFacts) -> dict[str, Any]:
    return {
        **_shared_attributes(facts),
        "owner": _entity("User", facts.owner_id),
        "reach": _entity("Scope", facts.reach),
        "capabilities": sorted(facts.capabilities),
        "severity": facts.severity,
    }


def _shared_attributes(facts: PrincipalFacts) -> dict[str, Any]:
    return {
        "person": _entity("User", facts.owner_id),
        "active": facts.is_active,
        "holds": {role: _scopes(facts.holds.get(role, frozenset())) for role in ROLE_ORDER},
        "below": {role: _scopes(facts.below.get(role, frozenset())) for role in ROLE_ORDER},
        "leastPermissive": facts.least_permissive,
    }


def _scopes(ids: frozenset[str]) -> list[dict[str, Any]]:
    return [_entity("Scope", item) for item in sorted(ids)]


def _entity(type: str, id: str) -> dict[str, Any]:
    return {"__entity": _ref(type, id)}


def _ref(type: str, id: str) -> dict[str, str]:
    return {"type": f"{NAMESPACE}{type}", "id": id}
