"""Without a portal the agent serves what callers write, as cedar-agent 0.2.0 does, and keeps it."""

import http.client
import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .agent_process import AgentProcess, MakeAgent
from .conftest import SOURCES
from .samples import ENTITIES, NEEDS_MFA, OWNER_MAY, SCHEMA, TEAM_MAY, question

OWNER = {"id": "owner", "content": OWNER_MAY}
MFA = {"id": "mfa", "content": NEEDS_MFA}
TEAM = {"id": "a/b c", "content": TEAM_MAY}
JSON_SCHEMA = {
    "": {
        "entityTypes": {"User": {}, "Doc": {}},
        "actions": {"view": {"appliesTo": {"principalTypes": ["User"], "resourceTypes": ["Doc"]}}},
    }
}
ANY = {"id": "any", "content": 'permit(principal == User::"ann", action, resource);'}
BROKEN = {"id": "broken", "content": "permit(principal"}
MISFIT = {"id": "misfit", "content": "permit(principal, action, resource) when { principal.no };"}
BOB = {"__entity": {"type": "User", "id": "bob"}}


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    folder = tmp_path_factory.mktemp("standalone")
    running = AgentProcess(
        portal_url=None,
        state_dir=folder / "state",
        token_file=folder / "none",
        extra=("--max-body-bytes", "262144"),
        sources=SOURCES,
    )
    yield running
    running.end()


@pytest.fixture
def agent(process: AgentProcess) -> AgentProcess:
    """The running agent, emptied."""
    for path in ("/v1/data", "/v1/schema"):
        assert process.ask("DELETE", path) == (204, "")
    assert process.ask("PUT", "/v1/policies", []) == (200, [])
    return process


def content(agent: AgentProcess) -> list[Any]:
    """All that the agent serves, with the digest it gives it."""
    paths = ("/v1/policies", "/v1/data", "/v1/schema")
    digest = agent.ask("GET", "/v1/status")[1]["digest"]
    return [*(agent.ask("GET", path)[1] for path in paths), digest]


def decides(agent: AgentProcess, *question_: str, **more: Any) -> tuple[str, list[str]]:
    status, answer = agent.ask("POST", "/v1/is_authorized", {**question(*question_), **more})
    assert status == 200, answer
    return answer["decision"], answer["diagnostics"]["reason"]


def refused(agent: AgentProcess, method: str, path: str, body: object) -> tuple[int, str]:
    """Make a request that must fail and change nothing; return its code and description."""
    before = content(agent)
    status, answer = agent.ask(method, path, body)
    assert sorted(answer) == ["code", "description", "reason"]
    assert answer["code"] == status
    assert content(agent) == before
    return status, answer["description"]


def test_nothing_is_written_at_first_and_everything_denied(agent: AgentProcess) -> None:
    assert content(agent)[:3] == [[], [], {}]
    assert agent.ask("GET", "/health") == (200, "ok")
    assert agent.ask("GET", "/ready")[0] == 200
    assert decides(agent) == ("Deny", [])


def test_a_policy_is_added_replaced_and_removed_and_decides_meanwhile(agent: AgentProcess) -> None:
    assert agent.ask("PUT", "/v1/data", ENTITIES)[0] == 200
    assert agent.ask("POST", "/v1/policies", OWNER) == (200, OWNER)
    assert agent.ask("GET", "/v1/policies/owner") == (200, OWNER)
    assert decides(agent) == ("Allow", ["owner"])
    changed = {"content": "forbid(principal, action, resource);"}
    assert agent.ask("PUT", "/v1/policies/owner", changed) == (200, {"id": "owner", **changed})
    assert decides(agent) == ("Deny", ["owner"])
    assert agent.ask("PUT", "/v1/policies/a%2Fb%20c", {"content": TEAM_MAY}) == (200, TEAM)
    assert agent.ask("DELETE", "/v1/policies/owner") == (204, "")
    assert agent.ask("GET", "/v1/policies") == (200, [TEAM])
    assert decides(agent, "ann") == ("Allow", ["a/b c"])


def test_what_is_not_there_is_404_and_what_is_there_is_not_added_again(agent: AgentProcess) -> None:
    agent.ask("POST", "/v1/policies", OWNER)
    missing = (404, "no policy 'none' is served")
    assert refused(agent, "GET", "/v1/policies/none", None) == missing
    assert refused(agent, "DELETE", "/v1/policies/none", None) == missing
    again = {**OWNER, "content": TEAM_MAY}
    expected = (409, "a policy 'owner' exists already")
    assert refused(agent, "POST", "/v1/policies", again) == expected


def test_all_policies_are_replaced_or_none(agent: AgentProcess) -> None:
    assert agent.ask("PUT", "/v1/policies", [OWNER, MFA]) == (200, [OWNER, MFA])
    assert agent.ask("PUT", "/v1/policies", [MFA, TEAM]) == (200, [MFA, TEAM])
    code, text = refused(agent, "PUT", "/v1/policies", [OWNER, BROKEN])
    assert (code, text.split(": ")[0]) == (400, "policy 'broken'")
    twice = (400, "policy 'mfa': policy id occurs more than once")
    assert refused(agent, "PUT", "/v1/policies", [MFA, MFA]) == twice
    assert agent.ask("GET", "/v1/policies") == (200, [MFA, TEAM])


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("POST", "/v1/policies", BROKEN, "policy 'broken': "),
        ("PUT", "/v1/policies/x", {"content": ""}, "content: must not be empty"),
        ("PUT", "/v1/policies/x", {}, "content: is missing"),
        ("PUT", "/v1/policies/x", {"content": "// none"}, "policy 'x': holds no statement"),
        ("PUT", "/v1/policies/x", {"content": "permit(principal == ?principal, action, resource);"},
         "policy 'x': is a template"),
        ("POST", "/v1/policies", {"content": TEAM_MAY}, "id: is missing"),
        ("PUT", "/v1/policies", {}, "body: must be a list, not an object"),
        ("PUT", "/v1/policies", [OWNER, 5], "body[1]: must be an object, not a number"),
        ("PUT", "/v1/policies", b"[", "body: is not JSON: "),
        ("PUT", "/v1/data", {}, "body: must be a list, not an object"),
        ("PUT", "/v1/data", [{"uid": 5}], "body[0].uid: must be an object"),
        ("PUT", "/v1/data", [{**ENTITIES[0], "parents": [{"type": "", "id": "x"}]}],
         "body[0].parents[0].type: must not be empty"),
        ("PUT", "/v1/data", [{**ENTITIES[0], "attrs": {"a": 1.5}}], 'entity Team::"core": '),
        ("PUT", "/v1/schema", b"", "body: is empty"),
        ("PUT", "/v1/schema", b"entity", "schema: "),
        ("PUT", "/v1/schema", b"{", "body: is not JSON: "),
        ("PUT", "/v1/schema", {"": {"entityTypes": {}}}, "schema: "),
        ("PUT", "/v1/schema", {"format": "yaml", "content": ""}, "format: must be cedar"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_changes_nothing(
    agent: AgentProcess, method: str, path: str, body: object, named: str
) -> None:
    agent.ask("PUT", "/v1/policies", [MFA])
    code, text = refused(agent, method, path, body)
    assert (code, text[: len(named)]) == (400, named)


def test_a_schema_is_held_against_policies_and_entities(agent: AgentProcess) -> None:
    agent.ask("PUT", "/v1/policies", [ANY])
    assert agent.ask("PUT", "/v1/schema", JSON_SCHEMA) == (200, JSON_SCHEMA)
    assert agent.ask("GET", "/v1/schema") == (200, JSON_SCHEMA)
    for method, path, body in (
        ("POST", "/v1/policies", MISFIT),
        ("PUT", "/v1/policies/misfit", {"content": MISFIT["content"]}),
        ("PUT", "/v1/policies", [MISFIT]),
    ):
        code, text = refused(agent, method, path, body)
        assert (code, text.split(": ")[0]) == (400, "policy 'misfit'")
    code, text = refused(agent, "PUT", "/v1/data", [ENTITIES[0]])
    assert (code, text.split(": ")[0]) == (400, 'entity Team::"core"')
    assert agent.ask("DELETE", "/v1/schema") == (204, "")
    assert agent.ask("GET", "/v1/schema") == (200, {})
    assert agent.ask("POST", "/v1/policies", MISFIT)[0] == 200


def test_a_schema_that_stored_policies_or_entities_do_not_fit_is_refused(
    agent: AgentProcess,
) -> None:
    agent.ask("PUT", "/v1/policies", [MISFIT])
    code, text = refused(agent, "PUT", "/v1/schema", JSON_SCHEMA)
    named = "policy 'misfit': existing policies do not fit the new schema: "
    assert (code, text[: len(named)]) == (400, named)
    agent.ask("PUT", "/v1/policies", [])
    agent.ask("PUT", "/v1/data", [ENTITIES[0]])
    code, text = refused(agent, "PUT", "/v1/schema", JSON_SCHEMA)
    named = 'existing entities do not fit the new schema: entity Team::"core": '
    assert (code, text[: len(named)]) == (400, named)


def test_a_schema_in_cedars_own_syntax_comes_back_as_it_was_sent(agent: AgentProcess) -> None:
    shown = {"format": "cedar", "content": SCHEMA}
    assert agent.ask("PUT", "/v1/schema", SCHEMA.encode()) == (200, shown)
    assert agent.ask("GET", "/v1/schema") == (200, shown)
    assert agent.ask("DELETE", "/v1/schema") == (204, "")
    assert agent.ask("PUT", "/v1/schema", shown) == (200, shown)
    assert agent.ask("PUT", "/v1/schema", {}) == (200, {})


def test_what_only_a_schema_told_of_entities_outlives_it(agent: AgentProcess) -> None:
    agent.ask("PUT", "/v1/schema", SCHEMA.encode())
    bare = {**ENTITIES[3], "attrs": {"owner": {"type": "User", "id": "bob"}}}
    told = {**ENTITIES[3], "attrs": {"owner": BOB}}
    named = {**bare, "uid": {"__entity": bare["uid"]}}
    assert agent.ask("PUT", "/v1/data", [*ENTITIES[:3], named]) == (200, [*ENTITIES[:3], told])
    agent.ask("POST", "/v1/policies", OWNER)
    assert agent.ask("DELETE", "/v1/schema") == (204, "")
    assert agent.ask("GET", "/v1/data")[1][3] == told
    assert decides(agent) == ("Allow", ["owner"])
    assert agent.ask("DELETE", "/v1/data") == (204, "")
    assert agent.ask("GET", "/v1/data") == (200, [])
    assert decides(agent) == ("Deny", [])


def test_a_request_may_replace_the_entities_and_add_to_them(agent: AgentProcess) -> None:
    agent.ask("PUT", "/v1/data", ENTITIES)
    agent.ask("PUT", "/v1/policies", [OWNER, TEAM])
    assert decides(agent, entities=[]) == ("Deny", [])
    mine = {**ENTITIES[3], "uid": {"type": "Doc", "id": "mine"}}
    assert decides(agent, "bob", "view", "mine", entities=[mine]) == ("Allow", ["owner"])
    added = {"entities": ENTITIES[:1], "additional_entities": [ENTITIES[1]]}
    assert decides(agent, "ann", **added) == ("Allow", ["a/b c"])
    assert decides(agent, "bob", "view", "mine", additional_entities=[mine]) == ("Allow", ["owner"])
    nothing = {"entities": None, "additional_entities": None, "context": None, "policies": None}
    assert decides(agent, **nothing) == ("Allow", ["owner"])
    assert agent.ask("GET", "/v1/data") == (200, ENTITIES)
    code, text = refused(agent, "POST", "/v1/is_authorized", {**question(), "entities": {}})
    assert (code, text) == (400, "entities: must be a list, not an object")
    twice = {**question(), "additional_entities": [{**ENTITIES[0], "attrs": {"a": 1}}]}
    code, text = refused(agent, "POST", "/v1/is_authorized", twice)
    assert (code, text.split(":")[0]) == (400, "additional_entities")


def test_a_request_is_decided_although_the_schema_does_not_know_it(agent: AgentProcess) -> None:
    agent.ask("PUT", "/v1/schema", JSON_SCHEMA)
    agent.ask("PUT", "/v1/policies", [ANY])
    strange = {"principal": 'Robot::"r2"', "action": 'Action::"fly"', "resource": 'Sky::"blue"'}
    assert decides(agent, **strange, context={"x": {"y": [1]}}) == ("Deny", [])
    assert decides(agent, "ann", "view", "x", context={"unknown": 1}) == ("Allow", ["any"])


def test_a_batch_and_the_status_are_as_in_the_governed_mode(agent: AgentProcess) -> None:
    agent.ask("PUT", "/v1/data", ENTITIES)
    agent.ask("PUT", "/v1/policies", [OWNER])
    held = agent.ask("GET", "/v1/status")[1]
    assert (held["mode"], held["portal"], held["staleness"]) == ("standalone", None, "fresh")
    served = {"revision": held["revision"], "digest": held["digest"]}
    rows = {"requests": [{**question(), "entities": ENTITIES}, question("ann")]}
    told = {"staleness": "fresh", "diagnostics": {"reason": [], "errors": []}}
    status, answer = agent.ask("POST", "/v1/is_authorized/batch", rows)
    assert (status, answer) == (
        200,
        {
            "results": [
                {**told, "decision": "Allow", "diagnostics": {"reason": ["owner"], "errors": []}},
                {**told, "decision": "Deny"},
            ],
            **served,
        },
    )
    assert "lease_seconds_left" not in agent.ask("GET", "/metrics")[1]


def test_equal_content_has_an_equal_digest_and_every_change_a_higher_revision(
    agent: AgentProcess,
) -> None:
    before = agent.ask("GET", "/v1/status")[1]
    agent.ask("POST", "/v1/policies", OWNER)
    between = agent.ask("GET", "/v1/status")[1]
    agent.ask("DELETE", "/v1/policies/owner")
    after = agent.ask("GET", "/v1/status")[1]
    assert before["digest"] == after["digest"] != between["digest"]
    steps = [row["revision"] - before["revision"] for row in (before, between, after)]
    assert steps == [0, 1, 2]


def test_what_was_answered_outlives_a_kill(make_agent: MakeAgent) -> None:
    agent = make_agent(portal_url=None)
    agent.ask("PUT", "/v1/schema", SCHEMA.encode())
    agent.ask("PUT", "/v1/data", ENTITIES)
    agent.ask("POST", "/v1/policies", OWNER)
    before = content(agent)
    agent.kill()
    again = make_agent(portal_url=None)
    assert content(again) == before
    assert decides(again) == ("Allow", ["owner"])
    assert again.ask("GET", "/v1/status")[1]["revision"] == 3
    assert again.stop() == 0


def test_a_kill_among_writes_loses_none_that_was_answered(make_agent: MakeAgent) -> None:
    agent = make_agent(portal_url=None)
    answered: list[str] = []
    enough = threading.Event()

    def write() -> None:
        for number in itertools.count():
            added = {**OWNER, "id": f"owner-{number}"}
            try:
                if agent.ask("POST", "/v1/policies", added)[0] == 200:
                    answered.append(added["id"])
            except (OSError, http.client.HTTPException):
                return
            if number == 20:
                enough.set()

    assert agent.address
    writing = threading.Thread(target=write)
    writing.start()
    assert enough.wait(30)
    agent.kill()
    writing.join(30)
    kept = [row["id"] for row in make_agent(portal_url=None).ask("GET", "/v1/policies")[1]]
    # The last may have been kept although its answer never arrived.
    assert kept[: len(answered)] == answered
    assert len(kept) - len(answered) in {0, 1}


def test_what_cannot_be_kept_is_not_served(make_agent: MakeAgent, tmp_path: Path) -> None:
    agent = make_agent(portal_url=None)
    agent.ask("POST", "/v1/policies", OWNER)
    (tmp_path / "state" / "written.content.tmp").mkdir()
    code, text = refused(agent, "DELETE", "/v1/policies/owner", None)
    assert (code, text) == (
        503,
        f"not kept and not served: state directory {tmp_path}/state: Is a directory",
    )
    (tmp_path / "state" / "written.content.tmp").rmdir()
    assert agent.ask("DELETE", "/v1/policies/owner") == (204, "")


@pytest.mark.parametrize("damage", [b"", b"junk", b"sha256:0\n{}"])
def test_a_file_that_is_not_whole_is_not_passed_over(
    make_agent: MakeAgent, tmp_path: Path, damage: bytes
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "written.content").write_bytes(damage)
    agent = make_agent(portal_url=None)
    assert agent.wait_exit() == 1
    expected = f"{tmp_path}/state/written.content: file does not match its own digest"
    assert agent.wait_log("cannot start")["error"] == expected
    assert (tmp_path / "state" / "written.content").read_bytes() == damage


def test_a_governed_state_is_not_opened_to_callers_nor_theirs_to_a_portal(
    make_agent: MakeAgent, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "keys.json").write_text("{}")
    lost = make_agent(portal_url=None)
    assert lost.wait_exit() == 1
    expected = f"state directory {state} is a portal's: --portal is missing"
    assert lost.wait_log("cannot start")["error"] == expected
    (state / "keys.json").unlink()
    (state / "written.content").write_text(json.dumps({}))
    taken = make_agent(portal_url="ws://127.0.0.1:1")
    assert taken.wait_exit() == 1
    expected = f"state directory {state} holds what callers wrote without a portal"
    assert taken.wait_log("cannot start")["error"] == expected
