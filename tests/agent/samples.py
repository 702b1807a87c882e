"""A small schema, policies and entities, and the snapshot frames made of them."""

from typing import Any

from .signing import FIRST, Signer, manifest

SCHEMA = """
entity Team;
entity User in [Team] { level: Long };
entity Doc { owner: User };
action view, edit appliesTo {
  principal: [User], resource: [Doc], context: { mfa: Bool, depth?: Long }
};
"""

OWNER_MAY = "permit(principal, action, resource) when { resource.owner == principal };"
NEEDS_MFA = 'forbid(principal, action == Action::"edit", resource) unless { context.mfa };'
TEAM_MAY = 'permit(principal in Team::"core", action == Action::"view", resource);'

ENTITIES: list[dict[str, Any]] = [
    {"uid": {"type": "Team", "id": "core"}, "attrs": {}, "parents": []},
    {
        "uid": {"type": "User", "id": "ann"},
        "attrs": {"level": 3},
        "parents": [{"type": "Team", "id": "core"}],
    },
    {"uid": {"type": "User", "id": "bob"}, "attrs": {"level": 1}, "parents": []},
    {
        "uid": {"type": "Doc", "id": "plan"},
        "attrs": {"owner": {"__entity": {"type": "User", "id": "bob"}}},
        "parents": [],
    },
]


def policy(id_: str, cedar: str, *, version: int = 1) -> dict[str, Any]:
    """One policy entry of a snapshot."""
    return {"id": id_, "version": version, "name": f"name of {id_}", "cedar": cedar}


NOBODY_MAY = [policy("nobody", "forbid(principal, action, resource);", version=2)]
POLICIES = [policy("owner", OWNER_MAY), policy("team", TEAM_MAY), policy("mfa", NEEDS_MFA)]


def snapshot(
    revision: int = 1,
    *,
    policies: list[dict[str, Any]] | None = None,
    entities: list[dict[str, Any]] | None = None,
    schema: str = SCHEMA,
    digest: str | None = None,
    by: Signer = FIRST,
    **claims: Any,
) -> dict[str, Any]:
    """A snapshot frame whose digest is right unless another is given; `claims` are signed too."""
    from aeterna_cedar_agent.digest import content_digest

    rows = POLICIES if policies is None else policies
    things = ENTITIES if entities is None else entities
    named = digest or content_digest(schema=schema, policies=rows, entities=things)
    return {
        "type": "snapshot",
        "revision": revision,
        "digest": named,
        "manifest": manifest(revision, named, by=by, **claims),
        "previous_digest": None,
        "schema": schema,
        "policies": rows,
        "entities": things,
    }


def delta(base: dict[str, Any], head: dict[str, Any]) -> dict[str, Any]:
    """The delta frame between two snapshot frames, as the portal would send it."""
    from apps.fleet.deltas import delta_between
    from apps.policies.types import Bundle

    names = ("revision", "digest", "previous_digest", "policies", "schema", "entities", "manifest")
    old, new = (Bundle(**{name: of[name] for name in names}, kid="") for of in (base, head))
    return delta_between(old, new)


def question(
    principal: str = "bob", action: str = "view", resource: str = "plan", *, mfa: bool = True
) -> dict[str, Any]:
    """A well-formed authorization request body."""
    return {
        "principal": f'User::"{principal}"',
        "action": f'Action::"{action}"',
        "resource": f'Doc::"{resource}"',
        "context": {"mfa": mfa},
    }
