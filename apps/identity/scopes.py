"""What a token is limited to: action names, `noun.*`, or `read`, expanded when it is used."""

from collections.abc import Iterable

from apps.kernel.authorization import known_actions
from apps.kernel.errors import Invalid

from .types import READ, READ_VERBS

MAX_SCOPES = 100


def expand(scopes: Iterable[str]) -> frozenset[str]:
    """Return the actions that `scopes` allow today; a name without a meaning allows none."""
    return frozenset(action for scope in scopes for action in _actions_of(scope))


def clean_scopes(scopes: Iterable[str]) -> list[str]:
    """Return the scopes sorted and once each; Invalid, naming those that mean nothing."""
    chosen = sorted(set(scopes))
    unknown = [scope for scope in chosen if not _actions_of(scope)]
    if unknown:
        raise Invalid(fields={"scopes": [f"Unknown: {', '.join(unknown)[:300]}."]})
    if len(chosen) > MAX_SCOPES:
        raise Invalid(fields={"scopes": [f"At most {MAX_SCOPES}."]})
    return chosen


def _actions_of(scope: str) -> list[str]:
    noun, _, verb = scope.partition(".")
    if scope == READ:
        return [action for action in known_actions() if action.partition(".")[2] in READ_VERBS]
    if verb == "*":
        return [action for action in known_actions() if action.partition(".")[0] == noun]
    return [scope] if scope in known_actions() else []
