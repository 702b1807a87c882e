"""Writes to policies and revisions."""

from .fit import require_fit
from .policies import activate_policy, draft_policy, edit_policy, restore_version, retire_policy
from .revisions import publish_revision

__all__ = [
    "activate_policy",
    "draft_policy",
    "edit_policy",
    "publish_revision",
    "require_fit",
    "restore_version",
    "retire_policy",
]
