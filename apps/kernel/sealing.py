"""Secrets that the portal must be able to read again: unreadable in the database alone."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from .errors import ProgrammingError


def seal(text: str, *, purpose: str) -> str:
    """Return `text` encrypted under SECRET_KEY, for `unseal` with the same purpose only."""
    return _cipher(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Return what was sealed, also under a key of SECRET_KEY_FALLBACKS; ProgrammingError else."""
    try:
        return _cipher(purpose).decrypt(sealed).decode()
    except InvalidToken as error:
        raise ProgrammingError("what is sealed was sealed under a key that is gone") from error


def _cipher(purpose: str) -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key, purpose)) for key in keys])


def _derived(key: str, purpose: str) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"aeterna.{purpose}".encode())
    return base64.urlsafe_b64encode(derive.derive(key.encode()))
