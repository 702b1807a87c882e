"""Writes to identities, sessions and tokens."""

from .bootstrap import bootstrap_portal
from .identities import link_identity
from .passwords import set_password
from .sessions import end_session, start_session
from .tokens import create_token, revoke_token, rotate_token

__all__ = [
    "bootstrap_portal",
    "create_token",
    "end_session",
    "link_identity",
    "revoke_token",
    "rotate_token",
    "set_password",
    "start_session",
]
