"""A caller of the REST interface, and what its refusals must look like."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.test import Client

from apps.identity.operations import create_token
from apps.kernel import clock
from apps.kernel.tenancy import acting_as
from tests.factories.company import TestCompany

PROBLEM = "application/problem+json"
PREFIX = "/api/v1/"


@dataclass
class Caller:
    """Sends requests with a token, or with none."""

    token: str = ""
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        headers = dict(options.pop("headers", {}))
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        raw = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        kind = options.pop("content_type", "application/json" if raw else "")
        url = path if path.startswith("/") else PREFIX + path
        return self.client.generic(
            method, url, raw, content_type=kind, headers=headers, query_params=options or None
        )

    def get(self, path: str, **options: Any) -> Any:
        return self.send("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.send("POST", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.send("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> Any:
        return self.send("DELETE", path, **options)


def caller(company: TestCompany, role: str, **limits: Any) -> Caller:
    """Return a caller with a token of the person in `role`."""
    values = {"name": "test", "expires_at": clock.now() + timedelta(days=1), **limits}
    with acting_as(company.actor(role)):
        _, text = create_token(**values)
    return Caller(token=text)


def refused(response: Any, status: int, *fields: str) -> dict[str, Any]:
    """Assert that an answer is a problem of `status` naming exactly `fields`; return it."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == PROBLEM
    document = response.json()
    assert document["status"] == status
    assert document["type"] == f"urn:aeterna:problem:{document['code']}"
    assert document["request_id"] == response.headers["X-Request-Id"]
    assert sorted(document["fields"]) == sorted(fields), document
    assert all(text for texts in document["fields"].values() for text in texts)
    return document


def done(response: Any, status: int = 200) -> Any:
    """Assert that an answer has `status`; return its body."""
    assert response.status_code == status, response.content
    return response.json() if response.content else None
