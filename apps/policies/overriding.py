"""Switching a policy's Cedar statements off where a policy below overrides it."""

import json
from collections.abc import Sequence

from .inheritance import Layer
from .tokens import statements_of, tokens_of
from .types import MergeStrategy


def enforced_cedar(layer: Layer, layers: Sequence[Layer]) -> str:
    """Return the statements that agents enforce of a layer, among all that are in force."""
    return except_below(layer.cedar, _overriding_places(layer, layers))


def except_below(cedar: str, places: Sequence[str]) -> str:
    """Return statements that no longer apply to resources in the scopes of these slug paths.

    Only conditions are added, before the end of each statement, so annotations and comments stay.
    """
    if not places:
        return cedar
    unless = "".join(
        f"\nunless {{ resource in Scope::{json.dumps(place, ensure_ascii=False)} }}"
        for place in places
    )
    parts, index = [], 0
    for statement in statements_of(tokens_of(cedar)):
        end = statement.tokens[-1].start
        parts += [cedar[index:end], unless]
        index = end
    return "".join([*parts, cedar[index:]])


def _overriding_places(layer: Layer, layers: Sequence[Layer]) -> list[str]:
    if not layer.is_optional or not layer.place:
        return []
    return sorted(
        one.place
        for one in layers
        if one.name == layer.name
        and one.merge_strategy == MergeStrategy.OVERRIDE
        and one.place.startswith(f"{layer.place}/")
    )
