"""What the command palette finds: pages, scopes, people, agents, policies, proposals."""

from collections.abc import Callable, Iterable
from typing import Any

from apps.orgs.queries import may_register_agent, search
from apps.policies.queries import list_policies
from apps.proposals.queries import list_proposals

from .context import visible_places
from .queries import may_somewhere
from .templatetags.portal import SCOPE_ICONS
from .wording import path_of

LIMIT = 6
Entry = dict[str, str]
COMMANDS = (
    ("Ask the policies a question", "/policies/playground/", "flask-conical", "policy.simulate"),
    ("Say what you want", "/policies/say/", "message-square", "policy.draft"),
    ("Draft a policy", "/policies/new/", "plus", "policy.draft"),
    ("Register an agent", "/organization/agents/new/", "bot", "agent.register"),
    ("Register a person", "/organization/people/new/", "user-plus", "user.register"),
    ("Create an organization", "/organization/new/", "building", "org.init"),
    ("Enroll a Cedar agent", "/fleet/enroll/", "plug", "operator.view"),
    ("API tokens", "/settings/tokens/", "key", ""),
)


def find(text: str) -> list[dict[str, Any]]:
    """Return the groups of what matches `text` and the actor may see; none for an empty text."""
    if not text:
        return []
    found = search(text)
    proposals = list_proposals().filter(title__icontains=text)
    groups = [
        _group("Go to", _pages(text), lambda entry: entry),
        _group("Organization", found.scopes, _scope),
        _group("People", found.users, _person),
        _group("Agents", found.agents, _agent),
        _group("Policies", list_policies(text=text)[:LIMIT], _policy),
        _group("Proposals", proposals[:LIMIT], _proposal),
    ]
    return [group for group in groups if group["entries"]]


def _group(name: str, things: Iterable[Any], drawn: Callable[[Any], Entry]) -> dict[str, Any]:
    return {"name": name, "entries": [drawn(thing) for thing in list(things)[:LIMIT]]}


def _pages(text: str) -> list[Entry]:
    places = [(one.name, one.path, one.icon, "") for one in visible_places()]
    wanted = text.casefold()
    return [
        {"url": path, "text": name, "icon": icon}
        for name, path, icon, action in (*places, *COMMANDS)
        if wanted in name.casefold() and _may(action)
    ]


def _may(action: str) -> bool:
    # An agent is one's own: whether one may register it is not asked of a place alone.
    if action == "agent.register":
        return may_register_agent()
    return not action or may_somewhere(action)


def _scope(scope: Any) -> Entry:
    icon = SCOPE_ICONS[scope.kind]
    url = path_of("Scope", scope.id)
    return {"url": url, "text": scope.name, "icon": icon, "note": scope.kind}


def _person(user: Any) -> Entry:
    url = path_of("User", user.id)
    return {"url": url, "text": user.name, "icon": "user-round", "note": user.email}


def _agent(agent: Any) -> Entry:
    url = path_of("Agent", agent.id)
    return {"url": url, "text": agent.name, "icon": "bot", "note": agent.scope.name}


def _policy(policy: Any) -> Entry:
    url = path_of("Policy", policy.id)
    return {"url": url, "text": policy.name, "icon": "scroll-text", "note": policy.scope.name}


def _proposal(proposal: Any) -> Entry:
    url = path_of("Proposal", proposal.id)
    text = f"#{proposal.number} {proposal.title}"
    return {"url": url, "text": text, "icon": "git-pull-request", "note": proposal.state}
