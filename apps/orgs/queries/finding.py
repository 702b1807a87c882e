"""Finding places, people and agents by a part of what they are called."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from ..models import Agent, Scope, User
from .agents import list_agents
from .directory import list_visible_users
from .scopes import list_scopes

SEARCH_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, by kind."""

    scopes: Sequence[Scope]
    users: Sequence[User]
    agents: Sequence[Agent]


def search(text: str) -> Found:
    """Return the visible scopes, people and agents whose name, slug or e-mail holds `text`."""
    text = text.strip()
    if not text:
        return Found(scopes=[], users=[], agents=[])
    scopes = list_scopes().filter(Q(name__icontains=text) | Q(slug__icontains=text))
    agents = list_agents(live_only=False).filter(name__icontains=text)
    return Found(
        scopes=list(scopes[:SEARCH_LIMIT]),
        users=list(list_visible_users(text=text)[:SEARCH_LIMIT]),
        agents=list(agents[:SEARCH_LIMIT]),
    )
