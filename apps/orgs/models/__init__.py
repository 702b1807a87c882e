"""Tables of the organization."""

from .agent import Agent
from .company import Company
from .governance import GovernanceRule
from .grant import Membership, RoleGrant, ScopeShare
from .scope import Scope
from .user import User

__all__ = [
    "Agent",
    "Company",
    "GovernanceRule",
    "Membership",
    "RoleGrant",
    "Scope",
    "ScopeShare",
    "User",
]
