"""The company's Ed25519 keys: what agents may believe is signed with the one that is active.

Keys are JWKs of RFC 8037, named by their RFC 7638 thumbprint; signatures are JWS of RFC 7515.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.api_jws import PyJWS

from apps.kernel import clock
from apps.kernel.sealing import seal, unseal
from apps.kernel.tenancy import current_tenant_id

from .digest import canonical
from .models import SigningKey
from .queries import find_signing_key, list_signing_keys

ALGORITHM = "EdDSA"
_JWS = PyJWS(algorithms=[ALGORITHM])


class Signed(StrEnum):
    """What a signature is for; one made for another kind is no signature."""

    REVISION = "aeterna-revision+jwt"
    LEASE = "aeterna-lease+jwt"
    KEY = "aeterna-key+jwt"


def sign(claims: Mapping[str, Any], *, kind: Signed, key: SigningKey) -> str:
    """Return the JWS of `claims`, with the tenant added, in its compact form."""
    content = canonical({**claims, "tenant": str(key.tenant_id)}).encode()
    headers = {"kid": key.kid, "typ": kind.value}
    private = _private(key.sealed_private_key, _purpose(key))
    return _JWS.encode(content, private, algorithm=ALGORITHM, headers=headers)


def active_key() -> SigningKey:
    """Return the key that signs now, made if there is none yet; within an operation."""
    return find_signing_key() or new_key(before=None)


def new_key(*, before: SigningKey | None) -> SigningKey:
    """Write a new key that `before` vouches for; retires nothing."""
    private = Ed25519PrivateKey.generate()
    raw = private.private_bytes_raw()
    x = _base64(private.public_key().public_bytes_raw())
    key = SigningKey(kid=thumbprint(x), x=x, created_at=clock.now(), tenant_id=current_tenant_id())
    key.sealed_private_key = seal(_base64(raw), purpose=_purpose(key))
    if before is not None:
        key.endorsement = sign({"kid": key.kid, "x": x}, kind=Signed.KEY, key=before)
    key.save(force_insert=True)
    return key


def key_chain() -> Sequence[dict[str, Any]]:
    """Return every key as agents are told of it, oldest first: each is vouched for by the last."""
    return [
        {"kid": key.kid, "x": key.x, "endorsement": key.endorsement or None}
        for key in list_signing_keys()
    ]


def thumbprint(x: str) -> str:
    """Return the RFC 7638 thumbprint of an Ed25519 public key."""
    jwk = canonical({"crv": "Ed25519", "kty": "OKP", "x": x})
    return _base64(hashlib.sha256(jwk.encode()).digest())


def _purpose(key: SigningKey) -> str:
    return f"signing_key.{key.tenant_id}.{key.kid}"


@lru_cache(maxsize=256)
def _private(sealed: str, purpose: str) -> Ed25519PrivateKey:
    # Sealed under the tenant and the key's own name: no other tenant's text opens it.
    raw = base64.urlsafe_b64decode(_padded(unseal(sealed, purpose=purpose)))
    return Ed25519PrivateKey.from_private_bytes(raw)


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)
