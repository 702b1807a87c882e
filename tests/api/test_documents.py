"""The OpenAPI document says all there is, and the reference page shows it."""

import json
import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from apps.api.documents import openapi_document, openapi_text
from apps.api.urls import ROUTES
from apps.kernel.operation import OPERATIONS
from tests.api.rest import Caller, done
from tests.environment import ROOT

# Not offered over HTTP, each with the reason.
NOT_OFFERED = {
    "policy.activate": "happens when a proposal is approved by somebody else",
    "policy.retire": "happens when a proposal is approved by somebody else",
    "company.configure": "happens when a proposal is approved by somebody else",
    "governance.configure": "happens when a proposal is approved by somebody else",
    "notification.send": "only the portal's own services do",
    "proposal.remind": "time does",
    "proposal.escalate": "time does",
    "proposal.expire": "time does",
    "analysis.record": "only the portal's own services do",
    "impact.record": "only the portal's own services do",
    "replay.advance": "the portal says how far its own replay is",
    "replay.finish": "the portal keeps what its own replay found",
    "shadow.advance": "the portal keeps what its own shadows find",
    "rewording.record": "only the portal's own services do",
    "policy.reword": "translating an intent does, where the grammar cannot read it",
    "notification.digest": "only the portal's own services do",
    "webhook.suspend": "only the portal's own services do",
    "revision.publish": "only the portal's own services do",
    "cedar_agent.connect": "agents speak over their socket",
    "cedar_agent.acknowledge": "agents speak over their socket",
    "cedar_agent.refuse": "agents speak over their socket",
    "decision.record": "agents speak over their socket",
    "decision.remove_old": "the clock does it",
    "cedar_agent.judge": "the clock does it",
    "session.start": "signing in happens in a browser",
    "identity.link": "signing in happens in a browser",
    "password.set": "only the command line does",
    "portal.bootstrap": "only the command line does, once",
}


def operations():
    for path, methods in openapi_document()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_in_docs_is_the_present_one():
    written = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert written.strip() == openapi_text().strip(), "run make openapi"


def test_every_operation_is_offered_under_its_name():
    offered = {route.name for route in ROUTES}
    assert set(OPERATIONS) - offered == set(NOT_OFFERED)


def test_names_are_unique_and_in_the_document():
    names = [operation["operationId"] for _, _, operation in operations()]
    assert sorted(names) == sorted({route.name for route in ROUTES})


def test_every_operation_says_who_it_is_for_and_how_it_refuses():
    for path, method, operation in operations():
        statuses = set(operation["responses"])
        assert {"401", "403", "406", "422", "429"} <= statuses, (path, method)
        assert operation["security"] == [{"bearer": []}, {"session": []}], (path, method)
        assert operation["summary"].endswith("."), (path, method)
        assert ("404" in statuses) == ("{" in path), (path, method)
        if method != "get":
            assert {"400", "409", "413"} <= statuses, (path, method)
        assert ("415" in statuses) == ("requestBody" in operation), (path, method)
        headers = {p["name"] for p in operation["parameters"] if p["in"] == "header"}
        assert ("412" in statuses) == ("If-Match" in headers), (path, method)


def test_every_reference_leads_somewhere():
    document = openapi_document()
    assert document["openapi"] == "3.1.0"
    for place in set(re.findall(r'"#/([^"]+)"', json.dumps(document))):
        found = document
        for part in place.split("/"):
            found = found[part]
        assert found


@pytest.mark.django_db
def test_the_document_is_served_to_everybody():
    answer = Caller().get("openapi.json")
    assert done(answer) == json.loads(openapi_text())
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["docs", "docs/"])
def test_the_reference_shows_every_operation_and_needs_no_script_of_its_own(path):
    answer = Caller().get(path)
    assert answer.status_code == 200
    text = answer.content.decode()
    for route in ROUTES:
        assert f">{route.name}<" in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\s(style|onclick|onload)=", text)
    assert "//" not in "".join(re.findall(r'(?:src|href)="([^"]*)"', text))


def test_no_two_models_share_a_name_and_so_a_schema():
    names = [model.__name__ for model in set(_models(BaseModel))]

    assert len(names) > 100
    assert sorted(names) == sorted(set(names))


def _models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        if model.__module__.startswith("apps.") and ".entrypoints." in model.__module__:
            yield model
        yield from _models(model)
