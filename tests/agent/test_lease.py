"""How long an agent decides on its own, by clocks that nobody can turn back."""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aeterna_cedar_agent import lease as leases
from aeterna_cedar_agent.lease import FILE, Leases, Staleness
from aeterna_cedar_agent.trust import Key, Trust, TrustError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from .agent_process import MakeAgent, decision, synced
from .portal_double import Portal
from .samples import NOBODY_MAY, question, snapshot
from .signing import AGENT, FIRST, STRANGER, TENANT, lease

FRESH, STALE, EXPIRED = Staleness.FRESH, Staleness.STALE, Staleness.EXPIRED


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
    monkeypatch.setattr(leases, "now", lambda: turning.boot)
    monkeypatch.setattr(leases.time, "time", lambda: turning.wall)
    monkeypatch.setattr(leases, "boot", lambda: turning.boot_id)
    return turning


@pytest.fixture
def make(tmp_path: Path) -> Callable[[], Leases]:
    trust = Trust(directory=tmp_path)
    trust.accept(tenant=TENANT, keys=[Key(kid=FIRST.kid, x=FIRST.x)])
    return lambda: Leases(directory=tmp_path, trust=trust)


def grant(held: Leases, **claims: Any) -> None:
    held.take(lease(held.ask(), **claims), agent=AGENT)


def test_a_lease_is_fresh_then_stale_then_expired(clock: Clock, make: Callable[[], Leases]) -> None:
    held = make()
    assert held.staleness(held=1) is EXPIRED
    grant(held)
    seen = []
    for _ in range(7):
        seen.append(held.staleness(held=1))
        clock.wait(10)
    assert seen == [FRESH] * 3 + [STALE] * 3 + [EXPIRED]
    assert held.staleness(held=0) is Staleness.UNLOADED


def test_it_counts_from_the_question_not_from_the_answer(
    clock: Clock, make: Callable[[], Leases]
) -> None:
    held = make()
    nonce = held.ask()
    clock.wait(25)
    held.take(lease(nonce), agent=AGENT)
    assert (held.staleness(held=1), held.seconds_left) == (FRESH, 35)
    clock.wait(5)
    assert held.staleness(held=1) is STALE


def test_what_is_older_than_the_newest_heard_of_is_stale(
    clock: Clock, make: Callable[[], Leases]
) -> None:
    held = make()
    grant(held, revision=3)
    assert [held.staleness(held=number) for number in (2, 3, 4)] == [STALE, FRESH, FRESH]
    held.heard(5)
    assert held.staleness(held=4) is STALE


def test_single_actions_have_limits_of_their_own(clock: Clock, make: Callable[[], Leases]) -> None:
    held = make()
    grant(held, limits={"deploy": 15, "read": 600}, readable=["look"])
    clock.wait(15)
    assert held.staleness(held=1, action="deploy") is EXPIRED
    assert held.staleness(held=1, action="other") is FRESH
    clock.wait(100)
    found = {name: held.staleness(held=1, action=name) for name in ("other", "read", "look")}
    assert found == {"other": EXPIRED, "read": STALE, "look": EXPIRED}
    assert held.may_decide(EXPIRED, action="look")
    assert not held.may_decide(EXPIRED, action="other")


@pytest.mark.parametrize(
    ("token", "error"),
    [
        (lambda nonce: lease("another"), "answers nothing that was asked"),
        (lambda nonce: lease(nonce, by=STRANGER), "not trusted here"),
        (lambda nonce: lease(nonce, agent="another"), "granted to agent another"),
        (lambda nonce: lease(nonce, lease_seconds=-1), "lease_seconds"),
        (lambda nonce: lease(nonce, limits=[]), "limits"),
        (lambda nonce: lease(nonce, readable=[7]), "readable"),
    ],
    ids=["replayed", "stranger", "agent", "seconds", "limits", "readable"],
)
def test_a_lease_that_is_not_for_this_question_and_agent_is_refused(
    clock: Clock, make: Callable[[], Leases], token: Callable[[str], str], error: str
) -> None:
    held = make()
    with pytest.raises(TrustError, match=error):
        held.take(token(held.ask()), agent=AGENT)
    assert held.staleness(held=1) is EXPIRED


def test_a_lease_answers_once_and_an_older_one_does_not_replace_a_newer(
    clock: Clock, make: Callable[[], Leases]
) -> None:
    held = make()
    first, token = held.ask(), ""
    clock.wait(10)
    token = lease(held.ask(), revision=2)
    held.take(token, agent=AGENT)
    held.take(lease(first), agent=AGENT)
    assert held.seconds_left == 60
    with pytest.raises(TrustError, match="answers nothing"):
        held.take(token, agent=AGENT)


class Granting(RuleBasedStateMachine):
    """Questions, answers of any age, waits, steps of the wall clock and restarts in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder, self.clock = Path(tempfile.mkdtemp()), Clock()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(leases, "now", lambda: self.clock.boot)
        self.patch.setattr(leases.time, "time", lambda: self.clock.wall)
        self.patch.setattr(leases, "boot", lambda: self.clock.boot_id)
        self.trust = Trust(directory=self.folder)
        self.trust.accept(tenant=TENANT, keys=[Key(kid=FIRST.kid, x=FIRST.x)])
        self.held = Leases(directory=self.folder, trust=self.trust)
        self.asked: dict[str, float] = {}
        self.answered: list[float] = []

    @rule()
    def ask(self) -> None:
        self.asked[self.held.ask()] = self.clock.boot

    @rule(place=st.integers(0, 9))
    def answer(self, place: int) -> None:
        if not self.asked:
            return
        nonce = list(self.asked)[place % len(self.asked)]
        with contextlib.suppress(TrustError):
            self.held.take(lease(nonce), agent=AGENT)
            self.held.save()
            self.answered.append(self.asked[nonce])

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        self.clock.wait(seconds)

    @rule(seconds=st.integers(-5_000, 5_000))
    def step_the_wall_clock(self, seconds: int) -> None:
        self.clock.wall += seconds

    @rule()
    def restart(self) -> None:
        self.held = Leases(directory=self.folder, trust=self.trust)
        self.held.restore()

    @invariant()
    def lasts_no_longer_than_it_was_granted(self) -> None:
        is_over = self.held.staleness(held=1) is EXPIRED
        assert is_over or self.clock.boot - max(self.answered) < 60

    def teardown(self) -> None:
        self.patch.undo()
        shutil.rmtree(self.folder)


Granting.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
test_nothing_makes_a_lease_last_longer_than_it_was_granted = Granting.TestCase


def test_an_earlier_run_s_lease_goes_on_for_what_is_left(
    clock: Clock, make: Callable[[], Leases]
) -> None:
    held = make()
    grant(held)
    clock.wait(20)
    held.save()
    clock.wait(20)
    clock.wall -= 5_000
    again = make()
    again.restore()
    assert (again.staleness(held=1), again.seconds_left) == (STALE, 20)


@pytest.mark.parametrize(("step", "left"), [(15, 5.0), (40, 0.0), (-5_000, 0.0)])
def test_after_a_reboot_the_wall_clock_counts_and_going_back_ends_it(
    clock: Clock, make: Callable[[], Leases], step: float, left: float
) -> None:
    held = make()
    grant(held)
    clock.wait(40)
    held.save()
    clock.boot, clock.boot_id, clock.wall = 7.0, "two", clock.wall + step
    again = make()
    again.restore()
    assert again.seconds_left == left
    assert again.staleness(held=1) is (STALE if left else EXPIRED)


@pytest.mark.parametrize(
    "change",
    [{"token": "a.b.c"}, {"token": lease("n", by=STRANGER)}, {"granted": "soon"}, None],
    ids=["no token", "stranger", "no time", "no JSON"],
)
def test_a_stored_lease_that_nobody_granted_counts_for_nothing(
    clock: Clock, make: Callable[[], Leases], tmp_path: Path, change: dict[str, Any] | None
) -> None:
    held = make()
    grant(held)
    held.save()
    kept = json.loads((tmp_path / FILE).read_text())
    (tmp_path / FILE).write_text("{" if change is None else json.dumps({**kept, **change}))
    again = make()
    again.restore()
    assert again.staleness(held=1) is EXPIRED


def test_an_agent_cut_off_says_so_denies_and_comes_back(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.heartbeat_seconds = 1
    portal.lease = {"lease_seconds": 1, "limit_seconds": 1, "readable": ["view"]}
    agent = synced(portal, make_agent)
    portal.lease = None
    while agent.ask("GET", "/ready")[0] == 200:
        pass
    assert agent.ask("GET", "/ready")[1]["description"].startswith("the portal was out of reach")
    asked = question(action="edit")
    _, answer = agent.ask("POST", "/v1/is_authorized", asked)
    assert (answer["decision"], answer["staleness"]) == ("Deny", "expired")
    assert answer["diagnostics"]["errors"][0].startswith("the portal was out of reach")
    _, answer = agent.ask("POST", "/v1/is_authorized", question())
    assert (answer["decision"], answer["staleness"]) == ("Allow", "expired")
    assert agent.ask("GET", "/v1/status")[1]["staleness"] == "expired"
    assert 'staleness{state="expired"} 1' in agent.ask("GET", "/metrics")[1]
    portal.lease = {}
    agent.wait_log("lease granted", limit_seconds=60)
    assert agent.ask("POST", "/v1/is_authorized", asked)[1]["staleness"] == "fresh"


def test_an_agent_that_refused_a_revision_decides_stale(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    portal.send(snapshot(2, policies=NOBODY_MAY, by=STRANGER))
    portal.wait_for_frame("nack")
    _, answer = agent.ask("POST", "/v1/is_authorized", question())
    assert (answer["decision"], answer["staleness"]) == ("Allow", "stale")
    portal.publish(snapshot(3, policies=NOBODY_MAY))
    portal.wait_for_frame("ack", revision=3)
    assert decision(agent) == ("Deny", 3)


def test_a_lease_is_asked_for_as_soon_as_there_is_one_to_be_had(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.lease = None
    agent = make_agent(portal_url=portal.url)
    portal.wait_for_frame("heartbeat")
    agent.wait_log("connected")
    portal.lease = {}
    portal.publish(snapshot(1))
    portal.wait_for_frame("ack", revision=1)
    agent.wait_log("lease granted")
    assert decision(agent) == ("Allow", 1)
