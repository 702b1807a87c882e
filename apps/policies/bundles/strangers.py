"""Whom and what Cedar text names that the organization does not know."""

from collections.abc import Collection

from apps.orgs.queries import organization_entities

from ..tokens import tokens_of

Name = tuple[str, str]
KINDS = ("User", "Agent", "Scope")


def known_names() -> frozenset[Name]:
    """Return the people, agents and scopes of the organization as (type, id)."""
    return frozenset((one["uid"]["type"], one["uid"]["id"]) for one in organization_entities())


def strangers_in(cedar: str, *, known: Collection[Name]) -> list[str]:
    """Return the people, agents and scopes that `cedar` names but `known` lacks, as written."""
    tokens = [token.text for token in tokens_of(cedar)]
    named = {
        (kind, name[1:-1])
        for kind, mark, name in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if kind in KINDS and mark == "::" and name.startswith('"')
    }
    return [f'{kind}::"{name}"' for kind, name in sorted(named.difference(known))]
