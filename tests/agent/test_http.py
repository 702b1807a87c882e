"""The HTTP interface answers, refuses by field, only reads, and never fails whatever it is sent."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aeterna_cedar_agent.revision import read_revision
from aeterna_cedar_agent.store import Identity, Store, Stored
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .agent_process import AgentProcess, decode
from .conftest import SOURCES
from .samples import ENTITIES, OWNER_MAY, POLICIES, SCHEMA, TEAM_MAY, policy, question, snapshot
from .signing import AGENT, TENANT, trusted_state

REVISION = snapshot(7, policies=[*POLICIES, policy("a/b c", f"{OWNER_MAY}\n{TEAM_MAY}")])
SERVED = {"revision": 7, "digest": REVISION["digest"]}
MAX_BODY = 262_144
LEASE = "aeterna_agent_lease_seconds_left"


def start(folder: Path, *extra: str) -> AgentProcess:
    """Start an agent that serves REVISION from disk and has no portal."""
    store = Store(directory=folder / "state")
    store.open()
    identity = Identity(tenant=TENANT, agent=AGENT, name="build-farm")
    store.save(Stored(identity=identity, revision=read_revision(REVISION)))
    store.close()
    trusted_state(folder / "state", lease_seconds=3_600, limit_seconds=3_600)
    (folder / "token").write_text("token")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead_port = unused.getsockname()[1]
    return AgentProcess(
        portal_url=f"http://127.0.0.1:{dead_port}",
        state_dir=folder / "state",
        token_file=folder / "token",
        extra=("--max-body-bytes", str(MAX_BODY), *extra),
        sources=SOURCES,
    )


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    running = start(tmp_path_factory.mktemp("agent"))
    yield running
    running.end()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "api-token").write_text("api-key\n")
    running = start(folder, "--api-token-file", str(folder / "api-token"))
    yield running
    running.end()


@pytest.mark.parametrize("path", ["/", "/health", "/healthz", "/v1/", "/v1"])
def test_probes_answer_ok(agent: AgentProcess, path: str) -> None:
    assert agent.ask("GET", path) == (200, "ok")


def test_ready_names_what_is_served(agent: AgentProcess) -> None:
    assert agent.ask("GET", "/ready") == (200, {"status": "ready", "staleness": "fresh", **SERVED})


def test_a_decision_names_revision_and_reason(agent: AgentProcess) -> None:
    status, answer = agent.ask("POST", "/v1/is_authorized", question("ann"))
    assert status == 200
    diagnostics = {"reason": ["a/b c#1", "team"], "errors": []}
    told = {"decision": "Allow", "diagnostics": diagnostics, "staleness": "fresh"}
    assert answer == {**told, **SERVED}


def test_a_batch_is_answered_in_order_from_one_revision(agent: AgentProcess) -> None:
    rows = [question("bob"), question("bob", "edit", mfa=False), question("nobody")]
    status, answer = agent.ask("POST", "/v1/is_authorized/batch", {"requests": rows})
    assert status == 200
    assert [row["decision"] for row in answer["results"]] == ["Allow", "Deny", "Deny"]
    assert [row["diagnostics"]["reason"] for row in answer["results"]] == [
        ["a/b c#0", "owner"],
        ["mfa"],
        [],
    ]
    assert {key: answer[key] for key in SERVED} == SERVED


def test_a_full_batch_is_answered_and_an_empty_one_too(agent: AgentProcess) -> None:
    status, answer = agent.ask(
        "POST", "/v1/is_authorized/batch", {"requests": [question()] * 1_000}
    )
    assert (status, len(answer["results"])) == (200, 1_000)
    assert agent.ask("POST", "/v1/is_authorized/batch", {"requests": []})[1]["results"] == []


def test_additional_entities_count_for_one_request(agent: AgentProcess) -> None:
    extra = {
        "uid": {"type": "Doc", "id": "new"},
        "attrs": {"owner": {"type": "User", "id": "bob"}},
        "parents": [],
    }
    body = {**question(resource="new"), "additional_entities": [extra]}
    assert agent.ask("POST", "/v1/is_authorized", body)[1]["decision"] == "Allow"
    assert agent.ask("GET", "/v1/data") == (200, ENTITIES)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"principal": 5}, "principal"),
        ({"principal": "bob"}, "principal"),
        ({"principal": 'Robot::"r2"'}, "principal"),
        ({"action": 'Action::"fly"'}, "action"),
        ({"resource": None}, "resource"),
        ({"resource": 'User::"bob"'}, "resource"),
        ({"context": []}, "context"),
        ({"context": {"mfa": "yes"}}, "context"),
        ({"context": {"mfa": True, "depth": 2**70}}, "context"),
        ({"additional_entities": {}}, "additional_entities"),
        ({"additional_entities": [{**ENTITIES[1], "parents": []}]}, "additional_entities"),
        ({"entities": []}, "entities"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_wrong_field_is_named_alone_and_in_a_batch(
    agent: AgentProcess, change: dict[str, Any], field: str
) -> None:
    body = {**question(), **change}
    status, answer = agent.ask("POST", "/v1/is_authorized", body)
    assert (status, answer["reason"], answer["code"]) == (400, "Bad Request", 400)
    assert sorted(answer) == ["code", "description", "reason"]
    assert answer["description"].startswith(f"{field}: ")
    batch = {"requests": [question(), body]}
    status, answer = agent.ask("POST", "/v1/is_authorized/batch", batch)
    assert status == 400
    assert answer["description"].startswith(f"requests[1].{field}: ")


@pytest.mark.parametrize("path", ["/v1/is_authorized", "/v1/is_authorized/batch"])
@pytest.mark.parametrize("body", [b"", b"{", b"null", b"\xff\xfe", b"[" * 100_000, b"{}"])
def test_a_malformed_body_is_refused(agent: AgentProcess, path: str, body: bytes) -> None:
    status, answer = agent.ask("POST", path, body)
    assert (status, answer["code"]) == (400, 400)
    assert answer["description"].split(":")[0] in {"body", "principal", "requests"}


def test_an_oversized_body_is_refused(agent: AgentProcess) -> None:
    assert agent.ask("POST", "/v1/is_authorized", b"x" * (MAX_BODY + 1)) == (
        413,
        {
            "reason": "Request Entity Too Large",
            "description": f"body: is larger than {MAX_BODY} bytes",
            "code": 413,
        },
    )


def test_a_body_that_is_not_what_its_encoding_says_is_refused(agent: AgentProcess) -> None:
    status, answer = agent.ask(
        "POST", "/v1/is_authorized", b"{}", headers={"Content-Encoding": "gzip"}
    )
    assert (status, answer["code"]) == (400, 400)


def test_policies_are_listed_and_found_by_policy_or_statement_id(agent: AgentProcess) -> None:
    status, rows = agent.ask("GET", "/v1/policies")
    assert status == 200
    assert [row["id"] for row in rows] == ["owner", "team", "mfa", "a/b c"]
    expected = {
        "id": "a/b c",
        "content": f"{OWNER_MAY}\n{TEAM_MAY}",
        "name": "name of a/b c",
        "version": 1,
        "statements": ["a/b c#0", "a/b c#1"],
    }
    for path in ("/v1/policies/a/b%20c", "/v1/policies/a%2Fb%20c%231"):
        assert agent.ask("GET", path) == (200, expected)
    assert agent.ask("GET", "/v1/policies/none") == (
        404,
        {"reason": "Not Found", "description": "no policy 'none' is served", "code": 404},
    )


def test_schema_and_data_are_shown_as_published(agent: AgentProcess) -> None:
    assert agent.ask("GET", "/v1/schema") == (200, {"format": "cedar", "content": SCHEMA})
    assert agent.ask("GET", "/v1/data") == (200, ENTITIES)


@pytest.mark.parametrize("path", ["/v1/policies", "/v1/policies/owner", "/v1/schema", "/v1/data"])
@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
def test_writes_are_refused_because_the_portal_governs(
    agent: AgentProcess, method: str, path: str
) -> None:
    status, answer = agent.ask(method, path, {})
    assert (status, answer["reason"], answer["code"]) == (405, "Method Not Allowed", 405)
    assert answer["description"].startswith("the portal governs")
    assert agent.ask("GET", "/ready") == (200, {"status": "ready", "staleness": "fresh", **SERVED})


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("GET", "/v1/nope", 404), ("GET", "/v1/is_authorized", 405), ("DELETE", "/", 405)],
)
def test_an_unknown_path_or_method_is_answered_in_the_same_form(
    agent: AgentProcess, method: str, path: str, code: int
) -> None:
    status, answer = agent.ask(method, path)
    assert (status, answer["code"], sorted(answer)) == (
        code,
        code,
        ["code", "description", "reason"],
    )


def test_metrics_count_decisions(agent: AgentProcess) -> None:
    agent.ask("POST", "/v1/is_authorized", question())
    before = figures(agent)
    agent.ask("POST", "/v1/is_authorized", question())
    agent.ask("POST", "/v1/is_authorized", question("nobody"))
    after = figures(agent)
    allow, deny = (
        f'aeterna_agent_decisions_total{{decision="{word}"}}' for word in ("Allow", "Deny")
    )
    assert after[allow] - before[allow] == 1
    assert after[deny] - before.get(deny, 0) == 1
    assert (after["aeterna_agent_revision"], after["aeterna_agent_connected"]) == (7, 0)


def test_a_preview_is_told_apart_from_a_decision(agent: AgentProcess) -> None:
    known = {"principal": 'User::"bob"', "action": 'Action::"edit"', "resource": 'Doc::"plan"'}
    decided = figures(agent)
    status, answer = agent.ask("POST", "/v1/is_authorized/partial", known)
    assert (status, answer["decision"], answer["staleness"]) == (200, "NoDecision", "fresh")
    assert (list(answer["residuals"]), answer["revision"]) == (["mfa"], 7)
    status, answer = agent.ask("POST", "/v1/is_authorized/partial", {**known, "entities": []})
    assert (status, answer["description"].split(":")[0]) == (400, "entities")
    assert figures(agent) == {**decided, LEASE: figures(agent)[LEASE]}


def test_the_routes_are_described_to_everybody(guarded: AgentProcess) -> None:
    status, told = guarded.ask("GET", "/v1/openapi.json")
    assert (status, told["openapi"]) == (200, "3.1.0")
    assert list(told["paths"]["/v1/policies"]) == ["get"]


def test_an_api_token_guards_everything_but_the_probes(guarded: AgentProcess) -> None:
    right = {"Authorization": "Bearer api-key"}
    for path in ("/v1/policies", "/v1/status", "/v1/data", "/v1/schema", "/metrics", "/v1/nope"):
        for wrong in ({}, {"Authorization": "Bearer api-kex"}, {"Authorization": ""}):
            status, answer = guarded.ask("GET", path, headers=wrong)
            assert (status, answer["code"]) == (401, 401)
    assert guarded.ask("POST", "/v1/is_authorized", question())[0] == 401
    assert guarded.ask("POST", "/v1/is_authorized", question(), headers=right)[0] == 200
    assert guarded.ask("GET", "/v1/policies", headers={"Authorization": "api-key"})[0] == 200
    for path in ("/", "/health", "/healthz", "/ready", "/v1/"):
        assert guarded.ask("GET", path)[0] == 200


def test_the_api_token_is_in_no_log_line(guarded: AgentProcess) -> None:
    guarded.ask("GET", "/v1/status", headers={"Authorization": "Bearer api-key"})
    assert "api-key" not in "".join(guarded.lines)


def test_a_client_that_leaves_in_the_middle_of_a_body_harms_nobody(agent: AgentProcess) -> None:
    host, port = agent.address.split(":")
    with socket.create_connection((host, int(port))) as leaver:
        leaver.sendall(b"POST /v1/is_authorized HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
        leaver.shutdown(socket.SHUT_WR)
        while leaver.recv(4_096):
            pass
    assert agent.ask("GET", "/healthz") == (200, "ok")
    assert not [row for row in agent.log if row["event"] == "request failed"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
entity_texts = (
    st.sampled_from(['User::"bob"', 'Action::"view"', 'Doc::"plan"', 'Team::"core"', "User::"])
    | st.text()
    | st.builds('{}::"{}"'.format, st.sampled_from(["User", "Doc", "A::B", "in", ""]), st.text())
)
entities = st.fixed_dictionaries(
    {"uid": st.fixed_dictionaries({"type": st.sampled_from(["User", "Doc", "X"]), "id": st.text()})
     | json_values, "attrs": json_values, "parents": json_values},
)  # fmt: skip
near_questions = st.fixed_dictionaries(
    {},
    optional={
        "principal": entity_texts | json_values,
        "action": st.just('Action::"view"') | entity_texts | json_values,
        "resource": entity_texts | json_values,
        "context": st.fixed_dictionaries({"mfa": st.booleans() | json_values}) | json_values,
        "additional_entities": st.lists(entities | json_values, max_size=3) | json_values,
        "entities": json_values,
    },
)
bodies = (
    st.builds(json.dumps, near_questions | json_values).map(str.encode)
    | st.builds(
        json.dumps, st.fixed_dictionaries({"requests": st.lists(near_questions, max_size=3)})
    ).map(str.encode)
    | st.binary(max_size=300)
)


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(path=st.sampled_from(["/v1/is_authorized", "/v1/is_authorized/batch"]), body=bodies)
def test_no_body_makes_the_agent_fail(agent: AgentProcess, path: str, body: bytes) -> None:
    status, answer = agent.ask("POST", path, body)
    if status == 200:
        answers = answer["results"] if path.endswith("batch") else [answer]
        assert {row["decision"] for row in answers} <= {"Allow", "Deny"}
    else:
        assert (status, sorted(answer)) == (400, ["code", "description", "reason"])
        assert ": " in answer["description"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "X"]),
    path=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
)
def test_no_path_makes_the_agent_fail(agent: AgentProcess, method: str, path: str) -> None:
    connection = http.client.HTTPConnection(agent.address, timeout=30)
    try:
        connection.request(method, f"/v1/policies/{path}")
        answer = connection.getresponse()
        assert answer.status < 500, decode(answer.read())
    finally:
        connection.close()


def figures(agent: AgentProcess) -> dict[str, float]:
    text = agent.ask("GET", "/metrics")[1]
    rows = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in rows}
