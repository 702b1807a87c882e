"""Who may do what, asked of Cedar itself and written as a page; never written by hand."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cedarpy

from apps.orgs.types import ROLE_ORDER, ROLE_TITLES

from .decider import NAMESPACE, PRODUCT, product_policies, product_schema

APPLIES = re.compile(
    r'action "([a-z_.]+)"(?: in \[([^\]]*)\])?\s+appliesTo \{ principal: \[([^\]]*)\],'
    r" resource: \[([^\]]*)\]"
)
SERVICE = re.compile(r'principal == Aeterna::Service::"([a-z-]+)"')
PLATFORM = "PlatformAdmin"
PEOPLE = (*(ROLE_TITLES[role] for role in ROLE_ORDER), PLATFORM)
ME, OTHER, SCOPE = "me", "somebody", "company"
HEADER = """# Who may do what

Made by asking the portal's own Cedar policies; `make permissions` writes it and a test fails
when it is stale. A role is held at a scope and reaches everything below it, nothing else.
An agent does what its owner may, where *agents* says yes, within its own capabilities, reach
and severity; a token within its scopes. *own* and *others'* tell by whose thing it is.
Nobody gives or takes a role above their own, or changes, ends or lets back in a person who stands
above them: a TenantAdmin of any place needs a TenantAdmin of the company, a platform administrator
another one. Sessions and tokens are ended by their own person; what is left of them ends with the
person.

"""


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """One action of the schema: on what, and which kinds of principal may ask for it."""

    name: str
    principals: tuple[str, ...]
    resources: tuple[str, ...]


def list_actions() -> list[ActionEntry]:
    """Return the actions of the product's schema, in its order."""
    text = (PRODUCT / "schema.cedarschema").read_text(encoding="utf-8")
    return [
        ActionEntry(name=name, principals=_names(kinds), resources=_names(resources))
        for name, _groups, kinds, resources in APPLIES.findall(text)
    ]


def list_services() -> list[str]:
    """Return the portal's services that the product's policies name."""
    text = (PRODUCT / "permissions.cedar").read_text(encoding="utf-8")
    return sorted(set(SERVICE.findall(text)))


def permission_page() -> str:
    """Return docs/permissions.md as it must read."""
    return HEADER + "\n".join([*_people(), "", "## The portal's own services", "", *_services()])


def _people() -> Iterator[str]:
    yield f"| action | on | {' | '.join(PEOPLE)} | agents |"
    yield "|" + "---|" * (len(PEOPLE) + 3)
    for action in list_actions():
        if "User" not in action.principals:
            continue
        for resource in action.resources:
            cells = [_cell(action.name, resource, title) for title in PEOPLE]
            agents = "yes" if _is_open_to_agents(action, resource) else ""
            yield f"| `{action.name}` | {resource} | {' | '.join([*cells, agents])} |"


def _services() -> Iterator[str]:
    yield "| service | may |"
    yield "|---|---|"
    for service in list_services():
        allowed = [
            f"`{action.name}`"
            for action in list_actions()
            if "Service" in action.principals
            and _ask(_service(service), action.name, _resource(action.resources[0], OTHER))
        ]
        yield f"| {service} | {', '.join(allowed)} |"
    yield ""


def _cell(action: str, resource: str, title: str) -> str:
    principal = _user(title)
    own = _ask(principal, action, _resource(resource, ME))
    others = _ask(principal, action, _resource(resource, OTHER))
    return {(True, True): "yes", (True, False): "own", (False, True): "others'"}.get(
        (own, others), ""
    )


def _is_open_to_agents(action: ActionEntry, resource: str) -> bool:
    """Tell whether an agent of a TenantAdmin, given this action, may do it to something."""
    if "Agent" not in action.principals:
        return False
    agent = _agent(action.name)
    return any(_ask(agent, action.name, _resource(resource, who)) for who in (ME, OTHER))


def _ask(principal: dict[str, Any], action: str, resource: dict[str, Any]) -> bool:
    entities = {(e["uid"]["type"], e["uid"]["id"]): e for e in (_scope(), resource, principal)}
    request = {
        "principal": principal["uid"],
        "action": _ref("Action", action),
        "resource": resource["uid"],
        "context": {"action": action, "limited": False, "token": []},
    }
    answer: bool = cedarpy.is_authorized(
        request,
        product_policies(),
        cedarpy.Entities.from_json_str(json.dumps(list(entities.values())), product_schema()),
        product_schema(),
    ).allowed
    return answer


def _user(title: str) -> dict[str, Any]:
    standing = {"platform": title == PLATFORM, "shared": [], "tenantAdminPaths": []}
    attributes = {**_holds(title), **standing}
    return _entity("User", ME, attributes)


def _agent(action: str) -> dict[str, Any]:
    attributes = {
        **_holds(ROLE_TITLES[ROLE_ORDER[-1]]),
        "owner": {"__entity": _ref("User", ME)},
        "reach": {"__entity": _ref("Scope", SCOPE)},
        "capabilities": [action],
        "severity": 2,
    }
    return _entity("Agent", ME, attributes)


def _service(name: str) -> dict[str, Any]:
    return {"uid": _ref("Service", name), "attrs": {}, "parents": []}


def _holds(title: str) -> dict[str, Any]:
    here = [{"__entity": _ref("Scope", SCOPE)}]
    titles = [ROLE_TITLES[role] for role in ROLE_ORDER]
    rank = titles.index(title) if title in titles else -1
    return {
        "person": {"__entity": _ref("User", ME)},
        "active": True,
        "holds": {role: here if n <= rank else [] for n, role in enumerate(ROLE_ORDER)},
        "below": {role: [] for role in ROLE_ORDER},
        "leastPermissive": False,
    }


def _resource(kind: str, whose: str) -> dict[str, Any]:
    if kind == "Scope":
        return _scope()
    if kind == "User":
        return {**_user("nobody"), "uid": _ref("User", whose)} if whose != ME else _user("nobody")
    if kind == "Agent":
        agent = _agent("agent.view")
        agent["attrs"]["owner"] = {"__entity": _ref("User", whose)}
        return {**agent, "uid": _ref("Agent", whose)}
    person = {"__entity": _ref("User", whose)}
    attributes: dict[str, dict[str, Any]] = {
        "Policy": {"author": person, "isDraft": False, "severity": 0},
        "Proposal": {"author": person, "severity": 0},
        "Rollback": {"author": person, "severity": 0},
        "BreakGlass": {"author": person},
        "RoleGrant": {"role": "viewer"},
        "Token": {"owner": person},
    }
    return _entity(kind, "thing", attributes.get(kind, {}))


def _scope() -> dict[str, Any]:
    return {"uid": _ref("Scope", SCOPE), "attrs": {}, "parents": []}


def _entity(kind: str, name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"uid": _ref(kind, name), "attrs": attributes, "parents": [_ref("Scope", SCOPE)]}


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"type": f"{NAMESPACE}{kind}", "id": name}


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
