"""What can be proposed: one record for each kind of change, found by its name.

An app above this one adds a kind of its own with `register` when Django starts.
"""

from .base import Kind, Row
from .governance import GovernanceSetting
from .policy import ActivatePolicy, RetirePolicy
from .registry import find_kind, get_kind, list_kinds, register
from .role import GrantRole, RevokeRole

for kind in (ActivatePolicy(), RetirePolicy(), GrantRole(), RevokeRole(), GovernanceSetting()):
    register(kind)

__all__ = ["Kind", "Row", "find_kind", "get_kind", "list_kinds", "register"]
