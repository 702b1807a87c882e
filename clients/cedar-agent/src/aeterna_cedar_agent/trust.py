"""Whose signatures this agent believes: its company's keys, each vouched for by the one before."""

import base64
import binascii
import itertools
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.api_jws import PyJWS
from jwt.exceptions import InvalidTokenError

from aeterna_cedar_agent.digest import canonical, digest_bytes
from aeterna_cedar_agent.durable import replace_file
from aeterna_cedar_agent.shape import need_list, need_object, take_text

FILE = "keys.json"
ALGORITHM = "EdDSA"
REVISION = "aeterna-revision+jwt"
LEASE = "aeterna-lease+jwt"
KEY = "aeterna-key+jwt"

_JWS = PyJWS(algorithms=[ALGORITHM])

logger = logging.getLogger(__name__)


class TrustError(Exception):
    """A key or signature that does not go back to the key this agent trusts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One Ed25519 key of the company; `endorsement` is a JWS by the key before, if there was one.

    `kid` is the key's RFC 7638 thumbprint, `x` the public key as RFC 8037 writes it.
    """

    kid: str
    x: str
    endorsement: str | None = None


class Trust:
    """The keys of one company, kept on disk; the first contact, or a setting, pins the first."""

    def __init__(self, *, directory: Path, pin: str | None = None) -> None:
        self._file = directory / FILE
        self._pin = pin
        self._tenant = ""
        self._known: dict[str, str] = {}
        self._active = ""

    def open(self) -> None:
        """Read the keys kept by an earlier run; raises TrustError where they cannot be read."""
        try:
            source = need_object(json.loads(self._file.read_bytes()), field="file")
            known = [_read_kept(row) for row in need_list(source.get("keys"), field="keys")]
            tenant, active = take_text(source, "tenant"), take_text(source, "active")
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as error:
            raise TrustError(f"{self._file}: {error}") from error
        self._tenant, self._known, self._active = tenant, dict(known), active

    @property
    def active(self) -> str:
        """The id of the key that signs now, empty before the first contact."""
        return self._active

    def accept(self, *, tenant: str, keys: Sequence[Key]) -> None:
        """Take over the company's keys, oldest first, where each follows from one known already.

        Raises TrustError and then keeps what was known.
        """
        if self._tenant and self._tenant != tenant:
            raise TrustError(f"keys are those of tenant {self._tenant}")
        # Without a pin the first contact decides, by the key that signs then.
        start = self._active or self._pin or (keys[-1].kid if keys else "")
        place = next((place for place, key in enumerate(keys) if key.kid == start), None)
        if place is None:
            raise TrustError(f"key {start}, which is trusted here, is not among the portal's")
        known = {**self._known, start: _checked(keys[place]).x}
        for before, key in itertools.pairwise(keys[place:]):
            # Only the key that signed until then may name the next: one long retired may not.
            _require_endorsed(_checked(key), by=before, tenant=tenant)
            known[key.kid] = key.x
        self._keep(tenant=tenant, known=known, active=keys[-1].kid)

    def read(self, token: str, *, kind: str) -> dict[str, Any]:
        """Return the claims of a JWS that a key of the company signed; raises TrustError.

        What is made to last must be signed by the key that signs now; see `read_stored`.
        """
        claims, kid = self._verified(token, kind=kind)
        if kid != self._active:
            raise TrustError(f"signed by key {kid}, which signs no longer")
        return claims

    def read_stored(self, token: str, *, kind: str) -> dict[str, Any]:
        """Return the claims of what was taken over before, though a newer key may sign now."""
        return self._verified(token, kind=kind)[0]

    def _verified(self, token: str, *, kind: str) -> tuple[dict[str, Any], str]:
        return _verified(token, kind=kind, known=self._known, tenant=self._tenant)

    def _keep(self, *, tenant: str, known: dict[str, str], active: str) -> None:
        if (tenant, known, active) == (self._tenant, self._known, self._active):
            return
        rows = [{"kid": kid, "x": x} for kid, x in known.items()]
        value = {"tenant": tenant, "active": active, "keys": rows}
        try:
            replace_file(self._file, content=json.dumps(value).encode())
        except OSError as error:
            raise TrustError(f"{self._file}: {error.strerror}") from error
        self._tenant, self._known, self._active = tenant, known, active
        logger.info("trusting the portal's key", extra={"kid": active})


def thumbprint(x: str) -> str:
    """Return the RFC 7638 thumbprint of an Ed25519 key written as RFC 8037 does."""
    jwk = canonical({"crv": "Ed25519", "kty": "OKP", "x": x})
    raw = bytes.fromhex(digest_bytes(jwk).removeprefix("sha256:"))
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _checked(key: Key) -> Key:
    if thumbprint(key.x) != key.kid:
        raise TrustError(f"key {key.kid} is not the key of that name")
    _public(key.x)
    return key


def _require_endorsed(key: Key, *, by: Key, tenant: str) -> None:
    claims, _ = _verified(key.endorsement or "", kind=KEY, known={by.kid: by.x}, tenant=tenant)
    if (claims.get("kid"), claims.get("x")) != (key.kid, key.x):
        raise TrustError(f"key {key.kid} comes with the endorsement of another key")


def _verified(
    token: str, *, kind: str, known: Mapping[str, str], tenant: str
) -> tuple[dict[str, Any], str]:
    try:
        header = _JWS.get_unverified_header(token)
        kid = header.get("kid")
        if header.get("typ") != kind:
            raise TrustError(f"is a {header.get('typ')}, not a {kind}")
        if not isinstance(kid, str) or kid not in known:
            raise TrustError(f"signed by key {kid}, which is not trusted here")
        payload = _JWS.decode(token, _public(known[kid]), algorithms=[ALGORITHM])
        claims = need_object(json.loads(payload), field="claims")
    except (InvalidTokenError, ValueError, RecursionError) as error:
        raise TrustError(f"signature: {error}") from error
    if claims.get("tenant") != tenant:
        raise TrustError(f"signed for tenant {claims.get('tenant')}")
    return claims, kid


def _public(x: str) -> Ed25519PublicKey:
    try:
        raw = base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))
        return Ed25519PublicKey.from_public_bytes(raw)
    except (ValueError, binascii.Error) as error:
        raise TrustError(f"no Ed25519 key: {error}") from error


def _read_kept(value: object) -> tuple[str, str]:
    row = need_object(value, field="keys")
    kid, x = take_text(row, "kid"), take_text(row, "x")
    if thumbprint(x) != kid:
        raise ValueError(f"key {kid} is not the key of that name")
    return kid, x
