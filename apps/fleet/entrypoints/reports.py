"""Heartbeats and acknowledgements of many agents, written and answered together."""

import contextlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from apps.kernel.actor import Channel, service_actor
from apps.kernel.tenancy import acting_as
from apps.policies import queries as policies

from .. import operations, queries
from ..leases import grant_leases
from ..types import Applied, Beat


class Told(NamedTuple):
    """One agent's acknowledgement of a revision."""

    revision: int
    digest: str
    answer: Applied


class Pulse(NamedTuple):
    """What a heartbeat is answered: the head, the rules of the log, the key and the lease."""

    head: tuple[int, str | None]
    rules: dict[str, Any]
    kid: str
    lease: str | None


def acknowledge(tenant_id: UUID, told: Sequence[Told]) -> list[bool]:
    """Record acknowledgements; says of each whether it counts."""
    enforced: dict[tuple[int, str], list[Applied]] = defaultdict(list)
    for one in told:
        enforced[one.revision, one.digest].append(one.answer)
    counted: set[Applied] = set()
    with acting_as(service_actor(tenant_id=tenant_id, name="fleet", channel=Channel.WEBSOCKET)):
        for (revision, digest), answers in enforced.items():
            with contextlib.suppress(operations.Replaced):
                counted |= operations.acknowledge_revision(
                    revision=revision, digest=digest, answers=answers
                )
    return [one.answer in counted for one in told]


def answer_beats(tenant_id: UUID, beats: Sequence[Beat]) -> list[Pulse | None]:
    """Note heartbeats and answer each; None where a newer connection took over."""
    with acting_as(service_actor(tenant_id=tenant_id, name="fleet", channel=Channel.WEBSOCKET)):
        agents = operations.note_heartbeats(beats)
        alive = [
            beat
            for beat in beats
            if (agent := agents.get(beat.agent_id)) and agent.connection == beat.connection
        ]
        head, key = policies.get_head(), policies.find_signing_key()
        rules, kid = log_rules(), key.kid if key else ""
        leases = grant_leases([(agents[one.agent_id], one.nonce) for one in alive if one.nonce])
    answers = {
        beat: Pulse((head.number, head.digest), rules, kid, leases.get(beat.agent_id))
        for beat in alive
    }
    return [answers.get(beat) for beat in beats]


def log_rules() -> dict[str, Any]:
    """Return what the company wants of its agents' decision log, as the protocol tells it."""
    rules = queries.decision_log_rules()
    return {"sample_percent": rules.sample_percent, "masked": rules.masked}
