"""What the portal grants an agent: to decide for a while without hearing from it again."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from apps.kernel import clock
from apps.policies.queries import find_signing_key, get_head
from apps.policies.signing import Signed, sign

from . import queries
from .models import CedarAgent, LeaseRules


def grant_leases(asked: Sequence[tuple[CedarAgent, str]]) -> dict[UUID, str]:
    """Return the signed answers to nonces by their agents; none before anything is published.

    Seconds count from when the agent asked, by its own clock: no clock of another machine
    matters. An agent that may work offline has hours; limits of single actions hold for it too.
    """
    key = find_signing_key()
    if key is None:
        return {}
    rules, head = queries.lease_rules(), get_head()
    same = {
        "revision": head.number,
        "digest": head.digest,
        "iat": int(clock.now().timestamp()),
        "lease_seconds": rules.lease_seconds,
        "limits": rules.limits,
        "readable": rules.readable,
    }
    return {
        agent.id: sign({**same, **_own(agent, nonce, rules)}, kind=Signed.LEASE, key=key)
        for agent, nonce in asked
    }


def _own(agent: CedarAgent, nonce: str, rules: LeaseRules) -> dict[str, Any]:
    limit = agent.limit_seconds(rules)
    return {"agent": str(agent.id), "nonce": nonce, "limit_seconds": limit}
