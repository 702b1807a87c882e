"""Writes to identities, sessions, tokens and entries."""

from .bootstrap import bootstrap_portal
from .entries import enter_tenant, leave_tenant
from .identities import link_identity
from .passwords import set_password
from .sessions import end_session, start_session
from .tokens import create_token, revoke_token, rotate_token

__all__ = [
    "bootstrap_portal",
    "create_token",
    "end_session",
    "enter_tenant",
    "leave_tenant",
    "link_identity",
    "revoke_token",
    "rotate_token",
    "set_password",
    "start_session",
]
