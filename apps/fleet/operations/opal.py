"""What stock OPAL clients tell: that they are there, and which part of a revision they saved."""

from uuid import UUID

from apps.kernel import clock
from apps.policies import queries as policies

from .. import queries
from ..models import CedarAgent
from ..types import Applied, OpalPart
from .agents import acknowledge_revision


def begin_part(*, agent_id: UUID, part: OpalPart) -> int:
    """Forget what an OPAL client reported of a part, which it takes anew; returns the head.

    What such a client has of a revision is neither authorized nor an event before it has the whole.
    """
    CedarAgent.objects.filter(id=agent_id).update(**{_column(part): 0})
    return int(policies.get_head().number)


def report_part(*, agent_id: UUID, part: OpalPart, revision: int) -> bool:
    """Note that an OPAL client saved a part of a revision; acknowledge it with the second part.

    Returns whether it did that. What is acknowledged already is not acknowledged again.
    """
    agent = queries.get_agent(agent_id, for_update=True)
    setattr(agent, _column(part), revision)
    agent.save(update_fields=[_column(part)])
    found = policies.find_revision(number=revision)
    is_whole = agent.policies_revision == agent.entities_revision
    is_known = (agent.revision, agent.refused_revision) == (revision, None)
    if found is None or not is_whole or is_known:
        return False
    answer = Applied(agent.id, None)
    acknowledge_revision(revision=revision, digest=found.digest, answers=[answer])
    return True


def note_alive(*, agent_id: UUID, connection: str) -> bool:
    """Note that an OPAL client answers; False if it was revoked or is on another connection.

    A connection without a name, over which only entities are announced, is not looked at.
    """
    rows = CedarAgent.objects.live().filter(id=agent_id)
    if not connection:
        return bool(rows.exists())
    return bool(rows.filter(connection=connection).update(last_heartbeat_at=clock.now()))


def _column(part: OpalPart) -> str:
    return f"{part}_revision"
