"""How a policy that somebody writes would break one that stands above it."""

from collections.abc import Iterator, Sequence

from ..rules import Rule
from ..types import MergeStrategy, PolicyMode
from .strength import find_weakness, is_contradicted
from .types import Breach, Layer


def find_breaches(written: Layer, above: Sequence[Layer]) -> list[Breach]:
    """Return how `written` breaks the policies in force above it, each named with its scope.

    Cedar statements are not compared here: what they do to each other is for the analysis.
    """
    namesakes = [layer for layer in above if layer.name == written.name]
    breaches = [*_of_settings(written, namesakes), *_of_cedar(written, namesakes)]
    for layer in namesakes:
        if not layer.is_optional:
            breaches += _of_rules(written, layer)
    for layer in above:
        if layer.mode == PolicyMode.FORBIDDEN:
            breaches += _of_contradictions(written, layer)
    return breaches


def _of_settings(written: Layer, namesakes: Sequence[Layer]) -> Iterator[Breach]:
    for layer in namesakes:
        if layer.is_optional or written.merge_strategy == MergeStrategy.MERGE:
            continue
        verb = "overridden" if written.merge_strategy == MergeStrategy.OVERRIDE else "cut down"
        said = f"{layer.title} is {layer.mode}: it cannot be {verb} below. Choose merge."
        yield Breach("merge_strategy", said)


def _of_cedar(written: Layer, namesakes: Sequence[Layer]) -> Iterator[Breach]:
    if written.merge_strategy != MergeStrategy.INTERSECT or not namesakes:
        return
    if written.cedar or any(layer.cedar for layer in namesakes):
        said = (
            "Cedar statements cannot be intersected: choose merge, where a forbid always wins, "
            f"or override. {namesakes[-1].title} is what this would be intersected with."
        )
        yield Breach("merge_strategy", said)


def _of_rules(written: Layer, parent: Layer) -> Iterator[Breach]:
    upper = {rule.id: rule for rule in parent.rules}
    for rule in written.rules:
        weakness = find_weakness(rule, upper[rule.id]) if rule.id in upper else ""
        if weakness:
            yield _about(rule, parent, f"cannot be weakened below: {weakness}")


def _of_contradictions(written: Layer, parent: Layer) -> Iterator[Breach]:
    for rule in written.rules:
        other = next((one for one in parent.rules if is_contradicted(rule, one)), None)
        if other and not (rule.id == other.id and parent.name == written.name):
            yield _about(rule, parent, f"cannot be contradicted below: see its rule {other.id}")


def _about(rule: Rule, parent: Layer, words: str) -> Breach:
    return Breach("rules", f"{rule.id}: {parent.title} is {parent.mode}; its rule {words}.")
