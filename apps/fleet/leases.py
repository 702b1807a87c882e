"""What the portal grants an agent: to decide for a while without hearing from it again."""

from apps.kernel import clock
from apps.policies.queries import find_signing_key, get_head
from apps.policies.signing import Signed, sign

from . import queries
from .models import CedarAgent

HOUR = 60 * 60


def grant_lease(agent: CedarAgent, *, nonce: str) -> str | None:
    """Return the signed answer to one heartbeat's nonce; None before there is anything to serve.

    Seconds count from when the agent asked, by its own clock: no clock of another machine
    matters. An agent that may work offline has hours; limits of single actions hold for it too.
    """
    key = find_signing_key()
    if key is None:
        return None
    rules, head = queries.lease_rules(), get_head()
    offline = rules.offline_hours * HOUR if agent.works_offline else 0
    claims = {
        "agent": str(agent.id),
        "nonce": nonce,
        "revision": head.number,
        "digest": head.digest,
        "iat": int(clock.now().timestamp()),
        "lease_seconds": rules.lease_seconds,
        "limit_seconds": max(rules.limit_seconds, offline),
        "limits": rules.limits,
        "readable": rules.readable,
    }
    return sign(claims, kind=Signed.LEASE, key=key)
