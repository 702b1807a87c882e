"""A temporary entry decides until its end, and not a second longer, whatever clocks are told."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aeterna_cedar_agent import lease
from aeterna_cedar_agent.engine import Loaded, decide, load_revision
from aeterna_cedar_agent.question import read_question
from aeterna_cedar_agent.revision import read_revision
from aeterna_cedar_agent.shape import ShapeError
from aeterna_cedar_agent.store import Identity, Store, Stored
from aeterna_cedar_agent.temporary import Temporary, read_temporary
from jsonschema import Draft202012Validator

from .agent_process import AgentProcess, MakeAgent, decision, synced
from .portal_double import Portal
from .samples import POLICIES, policy, question, snapshot
from .signing import TENANT

END = 50_060
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/agent-protocol/manifest.schema.json"
ANN_MAY = 'permit(principal == User::"ann", action == Action::"edit", resource == Doc::"plan");'
BOB_MAY = 'permit(principal == User::"bob", action == Action::"edit", resource == Doc::"plan");'
WITH_ANN = [*POLICIES, policy("glass", ANN_MAY)]


class Clock:
    """Both clocks of a machine: one that never steps, and the wall's."""

    def __init__(self) -> None:
        self.boot, self.wall, self.boot_id = 1_000.0, 50_000.0, "one"

    def wait(self, seconds: float) -> None:
        self.boot += seconds
        self.wall += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    turning = Clock()
    monkeypatch.setattr(lease, "now", lambda: turning.boot)
    monkeypatch.setattr(lease, "boot", lambda: turning.boot_id)
    monkeypatch.setattr(time, "time", lambda: turning.wall)
    return turning


def take(
    *ends: tuple[str, int], iat: int = 50_000, before: tuple[Temporary, ...] = ()
) -> tuple[Temporary, ...]:
    rows = [{"id": name, "not_after": end} for name, end in ends]
    claims = {"iat": iat, "temporary": rows}
    return read_temporary(claims, known={name for name, _ in ends}, before=before)


def loaded_with(*ends: tuple[str, int], rows: list[dict[str, Any]] = WITH_ANN) -> Loaded:
    return load_revision(read_revision(snapshot(policies=rows)), temporary=take(*ends))


def answer(loaded: Loaded, principal: str = "ann") -> tuple[str, tuple[str, ...]]:
    found = decide(read_question(question(principal, "edit")), loaded=loaded)
    return found.decision, found.reason


def test_it_decides_until_its_end_to_the_second(clock: Clock) -> None:
    loaded = loaded_with(("glass", END))
    clock.wait(59.999)
    assert answer(loaded) == ("Allow", ("glass",))
    clock.wait(0.001)
    assert answer(loaded) == ("Deny", ())
    assert [row.id for row in loaded.policies] == ["owner", "team", "mfa"]
    assert answer(loaded, "bob") == ("Allow", ("owner",))


def test_a_clock_that_is_set_back_prolongs_nothing(clock: Clock) -> None:
    loaded = loaded_with(("glass", END))
    clock.wall -= 3_600
    clock.wait(59)
    assert answer(loaded) == ("Allow", ("glass",))
    clock.wait(1)
    assert answer(loaded) == ("Deny", ())


def test_a_clock_that_was_slow_all_along_prolongs_nothing_either(clock: Clock) -> None:
    clock.wall -= 3_600
    loaded = loaded_with(("glass", END))
    clock.wait(60)
    assert answer(loaded) == ("Deny", ())


def test_a_forbid_stands_above_a_temporary_entry(clock: Clock) -> None:
    loaded = loaded_with(("glass", END))
    found = decide(read_question(question("ann", "edit", mfa=False)), loaded=loaded)
    assert (found.decision, found.reason) == ("Deny", ("mfa",))


def test_several_end_each_in_its_own_time(clock: Clock) -> None:
    rows = [policy("late", BOB_MAY), policy("glass", ANN_MAY)]
    loaded = loaded_with(("late", END + 10), ("glass", END), rows=rows)
    seen = []
    for seconds in (0, 60, 10):
        clock.wait(seconds)
        seen.append((answer(loaded)[0], answer(loaded, "bob")[0]))
    assert seen == [("Allow", "Allow"), ("Deny", "Allow"), ("Deny", "Deny")]


def test_a_later_revision_and_a_restart_keep_the_end(clock: Clock, tmp_path: Path) -> None:
    first = take(("glass", END))
    revision = read_revision(snapshot(policies=WITH_ANN))
    identity = Identity(tenant="t", agent="a", name="n")
    store = Store(directory=tmp_path)
    store.save(Stored(identity=identity, revision=revision, temporary=first))
    clock.wall -= 3_600
    clock.wait(59)
    (kept,) = store.candidates()
    (again,) = take(("glass", END), iat=50_030, before=kept.temporary)
    assert again == first[0]
    assert not again.is_over
    clock.wait(1)
    assert again.is_over


@pytest.mark.parametrize(("_case", "wall", "is_over"), [("on", 50_059, False), ("back", 0, True)])
def test_after_a_reboot_the_wall_clock_counts_unless_it_went_back(
    clock: Clock, _case: str, wall: int, is_over: bool
) -> None:
    first = take(("glass", END))
    clock.boot, clock.wall, clock.boot_id = 5.0, float(wall), "two"
    (again,) = take(("glass", END), before=first)
    assert again.is_over is is_over
    clock.wait(1)
    assert again.is_over


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "temporary: must be a list, not an object"),
        (["glass"], "temporary[0]: must be an object, not a string"),
        ([{"id": "other", "not_after": 1}], "temporary[0].id: names no policy of the revision"),
        ([{"id": "glass"}], "temporary[0].not_after: is missing"),
        ([{"id": "glass", "not_after": "x"}], "not_after: must be a whole number, not a string"),
        ([{"id": "glass", "not_after": 1}] * 2, "temporary[1].id: occurs more than once"),
    ],
)
def test_a_temporary_entry_that_is_unknown_or_endless_is_refused(rows: Any, message: str) -> None:
    with pytest.raises(ShapeError) as refused:
        read_temporary({"iat": 1, "temporary": rows}, known={"glass"})
    assert message in str(refused.value)


def test_a_manifest_that_names_an_unknown_entry_changes_nothing(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    ends = [{"id": "glass", "not_after": END}]
    portal.publish(snapshot(2, policies=[], iat=1, temporary=ends))
    refused = portal.wait_for_frame("nack", revision=2)
    assert refused["stage"] == "verify"
    assert refused["error"] == "manifest: temporary[0].id: names no policy of the revision"
    assert decision(agent) == ("Allow", 1)


def ask(agent: AgentProcess) -> tuple[str, list[str]]:
    """Ask whether ann may edit; returns the decision and its reason."""
    _, found = agent.ask("POST", "/v1/is_authorized", question("ann", "edit"))
    return found["decision"], found["diagnostics"]["reason"]


def test_a_restarted_agent_keeps_the_end_and_ends_it_without_a_portal(
    portal: Portal, make_agent: MakeAgent, tmp_path: Path
) -> None:
    synced(portal, make_agent).end()
    signed_at = int(time.time())
    ends = [{"id": "glass", "not_after": signed_at + 3_600}]
    portal.head = snapshot(2, policies=WITH_ANN, iat=signed_at, temporary=ends)
    first = make_agent(portal_url=portal.url)
    portal.wait_for_frame("ack", revision=2)
    first.kill()
    portal.stop()
    second = make_agent(portal_url=portal.url)
    assert ask(second) == ("Allow", ["glass"])
    _, listed = second.ask("GET", "/v1/policies/glass")
    assert listed["not_after"] == signed_at + 3_600
    second.kill()

    # An hour later by the clock that never steps, though the wall clock was set back meanwhile.
    store = Store(directory=tmp_path / "state")
    held = next(store.candidates())
    (entry,) = held.temporary
    store.save(replace(held, temporary=(replace(entry, deadline=lease.now()),)))
    third = make_agent(portal_url=portal.url)
    assert ask(third) == ("Deny", [])
    assert third.ask("GET", "/v1/policies/glass")[0] == 404
    assert decision(third) == ("Allow", 2)


@pytest.mark.parametrize(
    ("rows", "iat", "is_right"),
    [
        ([], {}, True),
        ([{"id": "glass", "not_after": END}], {"iat": 50_000}, True),
        ([{"id": "glass", "not_after": END}], {}, False),
        ([{"id": "glass"}], {"iat": 50_000}, False),
        ([{"id": "", "not_after": END}], {"iat": 50_000}, False),
        ([{"id": "glass", "not_after": -1}], {"iat": 50_000}, False),
        ("glass", {"iat": 50_000}, False),
    ],
)
def test_the_agent_takes_what_the_schema_of_manifests_takes(
    clock: Clock, rows: Any, iat: dict[str, int], is_right: bool
) -> None:
    signed = {"tenant": TENANT, "revision": 1, "digest": snapshot()["digest"], "temporary": rows}
    schema = json.loads(DOCUMENT.read_text())
    assert Draft202012Validator(schema).is_valid(signed | iat) is is_right
    try:
        read_temporary(signed | iat, known={"glass", ""})
    except ShapeError:
        assert not is_right
    else:
        assert is_right
