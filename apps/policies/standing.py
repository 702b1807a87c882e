"""What would be in force after a change of one policy, and what was proven of it so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from . import queries
from .analysis import Schema, load_schema
from .chain import layer_of, layers_everywhere
from .comparison import ENGINE, Body, Change, Mode, may_clash, set_digest
from .digest import canonical, sha256
from .inheritance import Layer
from .models import Analysis, Policy
from .overriding import enforced_cedar


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The digests under which the analysis of a change is kept."""

    content: str
    proposed: str
    base: str


@cache
def analysis_schema() -> Schema:
    """Return the schema of the company's policies as the analysis reads it."""
    return load_schema(queries.agent_schema())


def read_change(policy_id: UUID, layer: Layer | None) -> Change:
    """Return the change that puts `layer` in force as the policy with this id; None retires it."""
    before = sorted(layers_everywhere(), key=_order)
    after = [one for one in before if one.policy_id != policy_id]
    if layer is not None:
        after = sorted([*after, layer], key=_order)
    return Change(id=str(policy_id), base=_bodies(before), after=_bodies(after))


def read_working_copy(policy: Policy) -> Change:
    """Return the change that puts a policy's working copy in force."""
    return read_change(policy.id, layer_of(policy))


def keys_of(change: Change) -> Keys:
    """Return the digests under which the analysis of a change is kept."""
    schema = queries.agent_schema()
    said = [change.body.cedar, change.body.mode] if change.body else None
    return Keys(
        content=sha256(canonical(said)),
        proposed=set_digest(change.after, schema=schema, engine=ENGINE),
        base=set_digest(change.base, schema=schema, engine=ENGINE),
    )


def find_analysis(change: Change) -> Analysis | None:
    """Return what was proven of exactly this change, or None."""
    keys = keys_of(change)
    rows = Analysis.objects.filter(policy_id=change.id, proposed=keys.proposed, base=keys.base)
    return rows.first()  # type: ignore[no-any-return]


def find_analysis_until(change: Change, moment: Any) -> Analysis | None:
    """Return the last analysis up to a moment of what the change says, beside whatever was then."""
    rows = Analysis.objects.filter(policy_id=change.id, content=keys_of(change).content)
    return rows.filter(analyzed_at__lte=moment).order_by("analyzed_at", "id").last()  # type: ignore[no-any-return]


def needs_proof(change: Change) -> bool:
    """Return whether the change could be in conflict, judged by scopes alone."""
    return may_clash(change, analysis_schema())


def _bodies(layers: Sequence[Layer]) -> tuple[Body, ...]:
    """Return what agents enforce of each layer, among all of them."""
    return tuple(
        Body(
            id=str(layer.policy_id),
            cedar=enforced_cedar(layer, layers),
            mode=Mode(layer.mode),
            # An archived scope has no place: nothing is above or below it.
            path=tuple(layer.place.split("/")) if layer.place else ("", str(layer.scope_id)),
        )
        for layer in layers
    )


def _order(layer: Layer) -> str:
    return str(layer.policy_id)
