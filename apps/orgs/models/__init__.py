"""Tables of the organization."""

from .agent import Agent
from .company import Company
from .grant import Membership, RoleGrant, ScopeShare
from .scope import Scope
from .user import User

__all__ = ["Agent", "Company", "Membership", "RoleGrant", "Scope", "ScopeShare", "User"]
