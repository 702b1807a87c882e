"""Folding the layers of policies into what holds at one scope."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from ..types import MergeStrategy, PolicyMode
from .strength import find_weakness, is_contradicted
from .types import EffectivePolicy, EffectiveRule, Layer, Standing

Held = dict[str, EffectiveRule]


def effective_policies(layers: Iterable[Layer], *, place: str) -> list[EffectivePolicy]:
    """Return what holds at the scope of slug path `place`, by name, from the layers that reach it.

    What breaks a mandatory or forbidden policy above does not hold, however it came about.
    """
    ordered = sorted(layers, key=lambda layer: (layer.name, layer.depth))
    grouped = [tuple(group) for _, group in groupby(ordered, key=lambda layer: layer.name)]
    absolute = [layer for layer in ordered if layer.mode == PolicyMode.FORBIDDEN]
    return [_folded(group, absolute, place) for group in grouped]


def overridden_by(layer: Layer, namesakes: Sequence[Layer]) -> Layer | None:
    """Return the highest layer of the same name below that overrides `layer`, or None."""
    if not layer.is_optional:
        return None
    below = (one for one in namesakes if one.depth > layer.depth)
    overriding = (one for one in below if one.merge_strategy == MergeStrategy.OVERRIDE)
    return min(overriding, key=lambda one: one.depth, default=None)


def _folded(layers: Sequence[Layer], absolute: Sequence[Layer], place: str) -> EffectivePolicy:
    held: Held = {}
    standings = []
    for layer in layers:
        notes = _take(held, layer)
        notes += _drop_contradicting(held, layer, absolute)
        by = overridden_by(layer, layers)
        standings.append(Standing(layer=layer, overridden_by=by, notes=tuple(notes)))
    rules = (replace(one, is_off_here=_is_off(one, place)) for one in held.values())
    return EffectivePolicy(
        name=layers[0].name,
        standings=tuple(standings),
        rules=tuple(sorted(rules, key=lambda one: one.rule.id)),
    )


def _take(held: Held, layer: Layer) -> list[str]:
    notes: list[str] = []
    own = {rule.id: rule for rule in layer.rules}
    if layer.merge_strategy == MergeStrategy.OVERRIDE:
        notes += _drop_optional(held, set())
    elif layer.merge_strategy == MergeStrategy.INTERSECT and held:
        notes += _drop_optional(held, set(own))
        own = {id: rule for id, rule in own.items() if id in held}
    for rule in own.values():
        before = held.get(rule.id)
        weakness = _weakness(before, rule) if before else ""
        if before and weakness:
            notes.append(f"{rule.id} does not hold: {before.layer.title} is stricter; {weakness}")
            continue
        replaces = (*before.replaces, before.layer) if before else ()
        held[rule.id] = EffectiveRule(rule=rule, layer=layer, replaces=replaces)
    return notes


def _drop_optional(held: Held, kept: set[str]) -> list[str]:
    stays = [one for one in held.values() if not _is_replaceable(one) and one.rule.id not in kept]
    for id in [id for id, one in held.items() if id not in kept and _is_replaceable(one)]:
        del held[id]
    return [f"{one.rule.id} of {one.layer.title} stays: it is {one.layer.mode}" for one in stays]


def _is_replaceable(one: EffectiveRule) -> bool:
    return all(layer.is_optional for layer in (one.layer, *one.replaces))


def _weakness(before: EffectiveRule, rule: object) -> str:
    strict = [layer for layer in (*before.replaces, before.layer) if not layer.is_optional]
    found = (
        find_weakness(rule, one)  # type: ignore[arg-type]
        for layer in strict
        for one in layer.rules
        if one.id == before.rule.id
    )
    return next((weakness for weakness in found if weakness), "")


def _drop_contradicting(held: Held, layer: Layer, absolute: Sequence[Layer]) -> list[str]:
    notes = []
    for one in [one for one in held.values() if one.layer is layer]:
        above = (other for other in absolute if other.depth < layer.depth)
        against = (o for o in above if any(is_contradicted(one.rule, rule) for rule in o.rules))
        found = next(against, None)
        if found:
            del held[one.rule.id]
            notes.append(f"{one.rule.id} does not hold: it contradicts {found.title}")
    return notes


def _is_off(one: EffectiveRule, place: str) -> bool:
    return any(place == off or place.startswith(f"{off}/") for off in one.rule.except_in)
