"""What a provider says about itself: its endpoints and its keys, cached, with key rotation."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import structlog
from django.conf import settings

from apps.kernel.environment import OidcProvider

from .errors import BadToken, ProviderUnavailable
from .providers import issuer_of

logger = structlog.get_logger(__name__)
TIMEOUT_SECONDS = 5
FRESH_SECONDS = 3600
ROTATION_SECONDS = 30
"""An unknown key id makes us ask again at most this often, whoever invents such ids."""
PATIENCE_SECONDS = 5
"""How long a provider that did not answer is not asked again, so that nobody queues for it."""
MAX_DOCUMENT_BYTES = 1_000_000
SILENT = "It is down, or its settings here are wrong. Trying again later may help."
ALGORITHMS = ("RS256", "ES256", "PS256")
KEY_TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of a discovery document that sign-in uses; `issuer` is what tokens must say."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    sends_issuer: bool


@dataclass(slots=True)
class Directory:
    """One issuer's metadata and keys; the methods are safe to call from many threads."""

    issuer: str
    _metadata: Metadata | None = None
    _metadata_at: float = 0
    _keys: list[dict[str, Any]] = field(default_factory=list)
    _keys_at: float = 0
    _rotation_at: float = 0
    _silent_until: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def metadata(self) -> Metadata:
        """Return the metadata, at most an hour old; ProviderUnavailable if it was never read."""
        with self._lock:
            return self._fresh_metadata()

    def key(self, header: dict[str, Any]) -> jwt.PyJWK:
        """Return the key that a token's header names; BadToken if the provider has none such."""
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise BadToken("The token is signed with an algorithm that is not accepted.")
        with self._lock:
            self._refresh_keys()
            found = _match(self._keys, header)
            if found is None and self._may_ask_again():
                self._rotation_at = time.monotonic()
                self._read_keys()
                found = _match(self._keys, header)
        if found is None:
            raise BadToken("The token is signed with a key the provider does not publish.")
        try:
            return jwt.PyJWK(found, algorithm=algorithm)
        except jwt.PyJWTError as error:
            raise BadToken("The provider's key cannot be used.") from error

    def _fresh_metadata(self) -> Metadata:
        age = time.monotonic() - self._metadata_at
        if self._metadata is not None and age < FRESH_SECONDS:
            return self._metadata
        try:
            document = self._ask(f"{self.issuer}/.well-known/openid-configuration")
            self._metadata = _read_metadata(document, self.issuer)
        except ProviderUnavailable:
            if self._metadata is None:
                raise
            logger.warning("metadata kept past its time", issuer=self.issuer)
        self._metadata_at = time.monotonic()
        return self._metadata

    def _refresh_keys(self) -> None:
        if self._keys and time.monotonic() - self._keys_at < FRESH_SECONDS:
            return
        try:
            self._read_keys()
        except ProviderUnavailable:
            if not self._keys:
                raise
            logger.warning("keys kept past their time", issuer=self.issuer)
            self._keys_at = time.monotonic()

    def _may_ask_again(self) -> bool:
        return time.monotonic() - self._rotation_at >= ROTATION_SECONDS or not self._rotation_at

    def _ask(self, url: str) -> dict[str, Any]:
        if time.monotonic() < self._silent_until:
            raise ProviderUnavailable(SILENT)
        try:
            return _fetch(url)
        except ProviderUnavailable:
            self._silent_until = time.monotonic() + PATIENCE_SECONDS
            raise

    def _read_keys(self) -> None:
        keys = self._ask(self._fresh_metadata().jwks_uri).get("keys")
        if not isinstance(keys, list):
            raise ProviderUnavailable("The provider publishes no keys.")
        self._keys = [key for key in keys if isinstance(key, dict) and key.get("use") != "enc"]
        self._keys_at = time.monotonic()


_directories: dict[str, Directory] = {}


def directory_of(provider: OidcProvider) -> Directory:
    """Return the directory of the provider's issuer, shared by everything in this process."""
    issuer = issuer_of(provider)
    return _directories.setdefault(issuer, Directory(issuer=issuer))


def forget_directories() -> None:
    """Drop everything that is cached about providers."""
    _directories.clear()


def _match(keys: list[dict[str, Any]], header: dict[str, Any]) -> dict[str, Any] | None:
    algorithm, kid = header["alg"], header.get("kid")
    fitting = [
        key
        for key in keys
        if key.get("kty") == KEY_TYPES[algorithm] and key.get("alg", algorithm) == algorithm
    ]
    if kid is not None:
        fitting = [key for key in fitting if key.get("kid") == kid]
    return fitting[0] if len(fitting) == 1 else None


def _fetch(url: str) -> dict[str, Any]:
    try:
        answer = httpx.get(url, timeout=TIMEOUT_SECONDS, headers={"Accept": "application/json"})
        answer.raise_for_status()
        if len(answer.content) > MAX_DOCUMENT_BYTES:
            raise ProviderUnavailable("The provider's answer is too large.")
        document = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        logger.warning("provider does not answer", url=url, error=str(error))
        raise ProviderUnavailable(SILENT) from error
    if not isinstance(document, dict):
        raise ProviderUnavailable("The provider's answer is not a JSON object.")
    return document


def _read_metadata(document: dict[str, Any], issuer: str) -> Metadata:
    stated = document.get("issuer")
    if not isinstance(stated, str) or stated.rstrip("/") != issuer:
        raise ProviderUnavailable("The provider calls itself by another issuer than configured.")
    return Metadata(
        issuer=stated,
        authorization_endpoint=_endpoint(document, "authorization_endpoint"),
        token_endpoint=_endpoint(document, "token_endpoint"),
        jwks_uri=_endpoint(document, "jwks_uri"),
        userinfo_endpoint=_optional_endpoint(document, "userinfo_endpoint"),
        end_session_endpoint=_optional_endpoint(document, "end_session_endpoint"),
        sends_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _optional_endpoint(document: dict[str, Any], name: str) -> str | None:
    return _endpoint(document, name) if document.get(name) else None


def _endpoint(document: dict[str, Any], name: str) -> str:
    url = document.get(name)
    schemes = ("https://",) if settings.IS_PRODUCTION else ("https://", "http://")
    if not isinstance(url, str) or not url.startswith(schemes):
        raise ProviderUnavailable(f"The provider's {name} is missing or not https.")
    return url
