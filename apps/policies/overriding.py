"""How far a policy's Cedar statements reach: its scope, but for what overrides it below."""

import json
from collections.abc import Callable, Sequence

from .inheritance import Layer
from .tokens import Statement, statements_of, tokens_of
from .types import MergeStrategy


def enforced_cedar(layer: Layer, layers: Sequence[Layer]) -> str:
    """Return the statements that agents enforce of a layer, among all that are in force.

    They reach its scope and what is below, but for the places that override them; a permission the
    resources there, a prohibition also what the agents there do elsewhere. Empty where the scope
    is archived.
    """
    if not layer.place:
        return ""
    return except_below(within(layer.cedar, layer.place), _overriding_places(layer, layers))


def within(cedar: str, place: str) -> str:
    """Return statements that reach no further than the scope of a slug path.

    The company's own reach everything. Agents belong to a scope, people do not: who could permit
    their own agents something elsewhere would decide about what is not theirs.
    """
    if "/" not in place:
        return cedar
    scope = _scope(place)
    reach = {
        "permit": f" when {{ resource in {scope} }}",
        "forbid": f" when {{ resource in {scope} || principal in {scope} }}",
    }
    return _with_conditions(cedar, lambda statement: reach.get(statement.effect.text, ""))


def except_below(cedar: str, places: Sequence[str]) -> str:
    """Return statements that no longer apply to resources in the scopes of these slug paths."""
    unless = "".join(f" unless {{ resource in {_scope(place)} }}" for place in places)
    return _with_conditions(cedar, lambda _: unless)


def _with_conditions(cedar: str, conditions: Callable[[Statement], str]) -> str:
    # Only conditions are added, so annotations, comments and the lines that errors name stay. They
    # come first: agents pass over a statement where it does not reach, whatever else it says.
    parts, index = [], 0
    for statement in statements_of(tokens_of(cedar)):
        end = statement.head_end
        parts += [cedar[index:end], conditions(statement)]
        index = end
    return "".join([*parts, cedar[index:]])


def _scope(place: str) -> str:
    return f"Scope::{json.dumps(place, ensure_ascii=False)}"


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
