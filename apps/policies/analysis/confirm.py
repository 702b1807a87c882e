"""Asking Cedar itself what policies do on a witness."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cedarpy

from .policies import Policy, link
from .schema import Schema
from .types import Effect, Witness

_FAILED = re.compile(r"^error while evaluating policy `p(\d+)`")
Slots = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Did:
    """Which policies, by their place, applied and which failed."""

    applied: frozenset[int]
    failed: frozenset[int]

    def decides(self, effects: Sequence[tuple[int, Effect]]) -> bool:
        """Return whether the policies at these places together allow."""
        applied = {effect for at, effect in effects if at in self.applied}
        return applied == {Effect.PERMIT}


Claim = Callable[[Did], bool]


def observe_many(
    schema: Schema,
    policies: Sequence[Policy],
    *,
    entities: Sequence[Mapping[str, Any]],
    requests: Sequence[Mapping[str, Any]],
    slots: Slots,
) -> list[Did | None]:
    """Return what Cedar does with each policy on each request; None where it refuses to say.

    Each is evaluated as a permit, because beside a forbid that applies Cedar names no permit.
    """
    bodies = {
        f"p{at}": {**link(policy, slots.get(policy.id, {})), "effect": "permit"}
        for at, policy in enumerate(policies)
    }
    try:
        store = cedarpy.Entities.from_json_str(json.dumps(list(entities)), schema.handle)
        answers = cedarpy.is_authorized_batch(
            [dict(request) for request in requests], _handle(bodies), store, schema.handle
        )
    except ValueError:
        return [None] * len(requests)
    return [_did(answer) for answer in answers]


def observe(schema: Schema, policies: Sequence[Policy], witness: Witness) -> Did | None:
    """Return what Cedar does with each policy; None if it refuses the request or entities."""
    return observe_many(
        schema,
        policies,
        entities=witness.entities,
        requests=[witness.request],
        slots=witness.slots,
    )[0]


def allows(schema: Schema, policies: Sequence[Policy], witness: Witness) -> bool:
    """Return whether Cedar, given all these policies as they are, allows the witness."""
    bodies = {
        f"p{at}": link(policy, witness.slots.get(policy.id, {}))
        for at, policy in enumerate(policies)
    }
    store = cedarpy.Entities.from_json_str(json.dumps(list(witness.entities)), schema.handle)
    answer = cedarpy.is_authorized(witness.request, _handle(bodies), store, schema.handle)
    return bool(answer.allowed)


def _handle(bodies: Mapping[str, Any]) -> Any:
    held = {"staticPolicies": bodies, "templates": {}, "templateLinks": []}
    return cedarpy.PolicySet.from_json_str(json.dumps(held))


def _did(answer: Any) -> Did | None:
    failed = [_FAILED.match(str(error)) for error in answer.diagnostics.errors]
    if not all(failed):
        return None
    return Did(
        applied=frozenset(int(reason[1:]) for reason in answer.diagnostics.reasons),
        failed=frozenset(int(match[1]) for match in failed if match),
    )
