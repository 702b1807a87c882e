"""Writes to policies and revisions."""

from .analysis import analyze_policy, record_analysis, record_impact
from .break_glass import end_break_glass, open_break_glass, review_break_glass
from .checks import check_project, simulate_policy
from .exporting import export_policies
from .fit import require_fit
from .importing import require_askable, require_importable
from .policies import activate_policy, draft_policy, edit_policy, restore_version, retire_policy
from .policy_tests import MAX_TESTS, add_test, remove_test
from .revisions import publish_revision
from .rewordings import record_rewording, reword_intent
from .rollbacks import confirm_rollback, end_rollback, roll_back_policy
from .signing_keys import rotate_signing_key

__all__ = [
    "MAX_TESTS",
    "activate_policy",
    "add_test",
    "analyze_policy",
    "check_project",
    "confirm_rollback",
    "draft_policy",
    "edit_policy",
    "end_break_glass",
    "end_rollback",
    "export_policies",
    "open_break_glass",
    "publish_revision",
    "record_analysis",
    "record_impact",
    "record_rewording",
    "remove_test",
    "require_askable",
    "require_fit",
    "require_importable",
    "restore_version",
    "retire_policy",
    "review_break_glass",
    "reword_intent",
    "roll_back_policy",
    "rotate_signing_key",
    "simulate_policy",
]
