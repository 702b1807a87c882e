"""An identity provider in a thread, which signs whatever a test tells it to."""

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT_ID = "portal"
CLIENT_SECRET = "provider-secret-0123456789"
API = "https://portal.example/api"


@dataclass
class Key:
    """A signing key and how it is published."""

    kid: str
    alg: str = "RS256"
    private: Any = None

    def __post_init__(self) -> None:
        if self.private is None and self.alg == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
        elif self.private is None:
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public(self) -> dict[str, Any]:
        algorithm = ECAlgorithm if self.alg == "ES256" else RSAAlgorithm
        jwk = json.loads(algorithm.to_jwk(self.private.public_key()))
        return {**jwk, "kid": self.kid, "alg": self.alg, "use": "sig"}


SHARED = Key("one")  # making one takes longer than most tests


@dataclass
class Provider:
    """What the provider publishes and answers; `calls` counts requests by path."""

    issuer: str = ""
    keys: list[Key] = field(default_factory=lambda: [SHARED])
    calls: Counter[str] = field(default_factory=Counter)
    metadata: dict[str, Any] = field(default_factory=dict)
    token_answer: Any = None
    token_status: int = 200
    userinfo: Any = None
    asked: dict[str, list[str]] = field(default_factory=dict)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return good claims; a change to None leaves the claim out."""
        now = int(time.time())
        good = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "alice",
            "iat": now,
            "exp": now + 300,
            "email": "alice@corp.example",
            "name": "Alice Example",
        }
        return {k: v for k, v in {**good, **changes}.items() if v is not None}

    def mint(
        self,
        *,
        key: Key | None = None,
        alg: str | None = None,
        headers: dict[str, Any] | None = None,
        secret: Any = None,
        **changes: Any,
    ) -> str:
        """Return a token of `claims(**changes)` signed by `key`, or by `secret` under `alg`."""
        key = key or self.keys[0]
        return jwt.encode(
            self.claims(**changes),
            secret if secret is not None else key.private,
            algorithm=alg or key.alg,
            headers={"kid": key.kid, **(headers or {})},
        )

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            **({"userinfo_endpoint": f"{self.issuer}/userinfo"} if self.userinfo else {}),
            "end_session_endpoint": f"{self.issuer}/logout",
            **self.metadata,
        }

    def answer(self, path: str, body: dict[str, list[str]]) -> tuple[int, Any]:
        self.calls[path] += 1
        if path == "/.well-known/openid-configuration":
            return 200, self.document()
        if path == "/jwks":
            return 200, {"keys": [key.public() for key in self.keys]}
        if path == "/token":
            self.asked = body
            return self.token_status, self.token_answer
        if path == "/userinfo" and self.userinfo is not None:
            return 200, self.userinfo
        return 404, {}


class ProviderServer:
    """A provider that can be reached at `provider.issuer`."""

    def __init__(self) -> None:
        self.provider = provider = Provider()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                self._answer(parse_qs(self.rfile.read(length).decode()))

            def _answer(self, body: dict[str, list[str]]) -> None:
                status, answer = provider.answer(urlsplit(self.path).path, body)
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        provider.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
