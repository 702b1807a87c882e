"""What surrounds a page of the organization: the way to it and what its person may do there."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from apps.kernel.authorization import Resource, decide_many

from ... import queries
from ...models import Agent, Scope, User
from ...types import ScopeKind

CHILD: Mapping[str, tuple[str, str, str]] = {
    ScopeKind.COMPANY: ("org.init", "organization", "orgs:org.init"),
    ScopeKind.ORGANIZATION: ("team.create", "team", "orgs:team.create"),
    ScopeKind.TEAM: ("project.init", "project", "orgs:project.init"),
}


def scope_url(scope_id: UUID, section: str = "") -> str:
    """Return the page of a scope, or of one of its sections."""
    if section:
        return reverse("orgs:section", args=[scope_id, section])
    return reverse("orgs:scope", args=[scope_id])


def crumbs(scope: Scope, *rest: str) -> list[dict[str, str]]:
    """Return the way from the organization down to `scope` through what the actor may view."""
    above = {
        one.id: one for one in queries.list_scopes(include_archived=True).filter(id__in=scope.path)
    }
    way = [above[one] for one in scope.path if one in above]
    found = [{"name": "Organization", "url": reverse("orgs:tree")}]
    found += [{"name": one.name, "url": scope_url(one.id)} for one in way]
    return [*found, *({"name": name, "url": ""} for name in rest)]


def people_crumbs(*rest: str) -> list[dict[str, str]]:
    """Return the way to a page about people."""
    return _way(("Organization", reverse("orgs:tree")), ("People", reverse("orgs:people")), *rest)


def agent_crumbs(*rest: str) -> list[dict[str, str]]:
    """Return the way to a page about agents."""
    return _way(("Organization", reverse("orgs:tree")), ("Agents", reverse("orgs:agents")), *rest)


def rights(resource: Resource, actions: Iterable[str]) -> dict[str, bool]:
    """Return which actions the actor may do to `resource`; a name's dot becomes an underscore."""
    return {
        action.replace(".", "_"): decide_many(action, [resource])[0].allowed for action in actions
    }


def sections(here: str) -> list[dict[str, Any]]:
    """Return the tabs above the organization's lists."""
    known = (
        ("tree", "Places", "layout-grid"),
        ("people", "People", "users-round"),
        ("agents", "Agents", "bot"),
    )
    return [
        {"name": name, "url": reverse(f"orgs:{key}"), "icon": icon, "active": key == here}
        for key, name, icon in known
    ]


def people_choices() -> Any:
    """Return the people a form offers, by name."""
    return queries.list_visible_users().only("id", "name", "email")


def person_facts(user: User) -> list[dict[str, Any]]:
    """Return what is told about a person at a glance."""
    return [
        {"name": "E-mail", "value": user.email},
        {"name": "Title", "value": user.title},
        {"name": "Here since", "at": user.created_at},
        {"name": "Left", "at": user.deactivated_at}
        if user.deactivated_at
        else {"name": "State", "value": "Active"},
    ]


def agent_state(agent: Agent, moment: Any) -> str:
    """Return how an agent stands at `moment`: active, expired or revoked."""
    if agent.revoked_at is not None:
        return "revoked"
    return "expired" if agent.expires_at <= moment else "active"


def _way(*steps: tuple[str, str] | str) -> list[dict[str, str]]:
    pairs = [(step, "") if isinstance(step, str) else step for step in steps]
    return [{"name": name, "url": url} for name, url in pairs]
