"""Reads of identities, sessions, tokens and entries."""

from .companies import find_bootstrap, find_company_id, find_local_sign_ins, reserve_slug
from .entries import entries_of, find_entry
from .identities import find_identity, find_user_id
from .sessions import get_session, list_own_sessions, list_provider_sessions, list_user_sessions
from .tokens import find_token, get_token, list_own_tokens

__all__ = [
    "entries_of",
    "find_bootstrap",
    "find_company_id",
    "find_entry",
    "find_identity",
    "find_local_sign_ins",
    "find_token",
    "find_user_id",
    "get_session",
    "get_token",
    "list_own_sessions",
    "list_own_tokens",
    "list_provider_sessions",
    "list_user_sessions",
    "reserve_slug",
]
