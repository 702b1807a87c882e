"""What can be done with the fleet: agents, what they report, and what is wanted of them."""

from .agents import (
    TOKEN_KIND,
    Ended,
    Replaced,
    acknowledge_revision,
    connect_agent,
    enroll_agent,
    note_disconnect,
    note_heartbeats,
    refuse_revision,
    require_connected,
    revoke_agent,
    rotate_token,
    update_agent,
)
from .decisions import record_decisions, remove_old_decisions
from .opal import begin_part, note_alive, report_part
from .rules import configure_decision_log, configure_leases
from .watching import judge_agent

__all__ = [
    "TOKEN_KIND",
    "Ended",
    "Replaced",
    "acknowledge_revision",
    "begin_part",
    "configure_decision_log",
    "configure_leases",
    "connect_agent",
    "enroll_agent",
    "judge_agent",
    "note_alive",
    "note_disconnect",
    "note_heartbeats",
    "record_decisions",
    "refuse_revision",
    "remove_old_decisions",
    "report_part",
    "require_connected",
    "revoke_agent",
    "rotate_token",
    "update_agent",
]
