"""Keys of a company for tests, and what a portal signs with them."""

import base64
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.api_jws import PyJWS

TENANT = "0190a000-0000-7000-8000-000000000001"
AGENT = "0190a000-0000-7000-8000-0000000000a1"


class Signer:
    """One Ed25519 key of the company."""

    def __init__(self, number: int, *, endorsed_by: "Signer | None" = None) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        raw = self.private.public_key().public_bytes_raw()
        self.x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        self.endorsed_by = endorsed_by

    @property
    def kid(self) -> str:
        from aeterna_cedar_agent.trust import thumbprint

        return thumbprint(self.x)

    def sign(self, claims: dict[str, Any], *, kind: str, tenant: str = TENANT) -> str:
        """Return the JWS of some claims of one company."""
        from aeterna_cedar_agent.digest import canonical

        headers = {"kid": self.kid, "typ": f"aeterna-{kind}+jwt"}
        content = canonical({"tenant": tenant, **claims})
        return PyJWS().encode(content, self.private, algorithm="EdDSA", headers=headers)

    def as_json(self) -> dict[str, Any]:
        """Return the key as the `keys` frame writes it."""
        by = self.endorsed_by
        claims = {"kid": self.kid, "x": self.x}
        return {**claims, "endorsement": by.sign(claims, kind="key") if by else None}


FIRST = Signer(1)
SECOND = Signer(2, endorsed_by=FIRST)
THIRD = Signer(3, endorsed_by=SECOND)
STRANGER = Signer(9)


def keys_frame(*signers: Signer) -> dict[str, Any]:
    """Return the frame that names the company's keys, oldest first."""
    return {"type": "keys", "keys": [signer.as_json() for signer in signers]}


def manifest(
    revision: int, digest: str, *, by: Signer = FIRST, tenant: str = TENANT, **more: Any
) -> str:
    """Return the JWS that signs for a revision."""
    claims = {"revision": revision, "digest": digest, "minimum_engine": "4.12", **more}
    return by.sign(claims, kind="revision", tenant=tenant)


def lease(nonce: str, *, by: Signer = FIRST, revision: int = 1, **more: Any) -> str:
    """Return a lease that answers `nonce`."""
    claims = {
        "agent": AGENT,
        "nonce": nonce,
        "revision": revision,
        "iat": int(time.time()),
        "lease_seconds": 30,
        "limit_seconds": 60,
        "limits": {},
        "readable": [],
        **more,
    }
    return by.sign(claims, kind="lease")


def trusted_state(directory: Path, **claims: Any) -> None:
    """Leave in a state directory what an agent keeps that was connected just now."""
    from aeterna_cedar_agent.lease import Leases
    from aeterna_cedar_agent.trust import Key, Trust

    directory.mkdir(parents=True, exist_ok=True)
    trust = Trust(directory=directory)
    trust.accept(tenant=TENANT, keys=[Key(kid=FIRST.kid, x=FIRST.x)])
    leases = Leases(directory=directory, trust=trust)
    leases.take(lease(leases.ask(), **claims), agent=AGENT)
    leases.save()
