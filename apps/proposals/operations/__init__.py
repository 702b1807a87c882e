"""Writes to proposals."""

from .deciding import approve_proposal, reject_proposal
from .following import comment_on_proposal, revise_proposal, withdraw_proposal
from .importing import import_policies, preview_import
from .proposing import propose_change, propose_policy
from .replays import advance_replay, cancel_replay, finish_replay, replay_proposal
from .shadows import advance_shadow, note_shadow, start_shadow, stop_shadow
from .waiting import escalate_proposal, expire_proposal, nudge_approvers, remind_of_proposal

__all__ = [
    "advance_replay",
    "advance_shadow",
    "approve_proposal",
    "cancel_replay",
    "comment_on_proposal",
    "escalate_proposal",
    "expire_proposal",
    "finish_replay",
    "import_policies",
    "note_shadow",
    "nudge_approvers",
    "preview_import",
    "propose_change",
    "propose_policy",
    "reject_proposal",
    "remind_of_proposal",
    "replay_proposal",
    "revise_proposal",
    "start_shadow",
    "stop_shadow",
    "withdraw_proposal",
]
