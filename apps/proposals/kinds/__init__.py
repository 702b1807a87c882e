"""What can be proposed: one record for each kind of change, found by its name.

An app above this one adds a kind of its own with `register` when Django starts.
"""

from .base import Kind, Row
from .governance import GovernanceSetting
from .policy import ActivatePolicy, RetirePolicy, RollbackPolicy
from .registry import find_kind, get_kind, list_kinds, list_ruled_kinds, register
from .role import GrantRole, RevokeRole

KINDS = (
    ActivatePolicy(),
    RetirePolicy(),
    RollbackPolicy(),
    GrantRole(),
    RevokeRole(),
    GovernanceSetting(),
)
for kind in KINDS:
    register(kind)

__all__ = ["Kind", "Row", "find_kind", "get_kind", "list_kinds", "list_ruled_kinds", "register"]
