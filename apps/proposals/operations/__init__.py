"""Writes to proposals."""

from .deciding import approve_proposal, reject_proposal
from .following import comment_on_proposal, revise_proposal, withdraw_proposal
from .importing import import_policies, preview_import
from .proposing import propose_change, propose_policy
from .waiting import escalate_proposal, expire_proposal, nudge_approvers, remind_of_proposal

__all__ = [
    "approve_proposal",
    "comment_on_proposal",
    "escalate_proposal",
    "expire_proposal",
    "import_policies",
    "nudge_approvers",
    "preview_import",
    "propose_change",
    "propose_policy",
    "reject_proposal",
    "remind_of_proposal",
    "revise_proposal",
    "withdraw_proposal",
]
