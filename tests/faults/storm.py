"""Faults of every kind thrown at a portal and its agents, and what must hold after each.

`Storm.strike` publishes, breaks something, mends it, and waits until every agent serves the newest
revision. Meanwhile each agent is asked without pause; `Storm.judge` looks at all it answered.
"""

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from apps.fleet.models import Decision
from apps.policies.models import Revision
from apps.policies.operations import activate_policy
from apps.policies.queries import get_head, load_bundle
from tests.factories.company import TestCompany
from tests.fleet.test_live import enroll
from tests.journeys.stack import free_port, wait_until
from tests.journeys.test_agents_follow import PERMIT, put_in_force

from .conftest import Ruin
from .stepped_agent import step
from .wire import Wire

FORBID = PERMIT + 'forbid (principal, action == Action::"run_tool", resource);\n'
TEXTS = (PERMIT, FORBID)
PAUSE = 0.02
HELD_UP = 0.5
HOUR = 3_600
QUESTION = {
    "principal": 'User::"nobody"',
    "action": 'Action::"run_tool"',
    "resource": 'Tool::"hammer"',
}
# An agent waits as long as a test can: how it spreads out is proven elsewhere.
IMPATIENT = ("--backoff-cap-seconds", "0.5", "--auth-retry-seconds", "0.5")


@dataclass
class Edge:
    """One agent: its process, its wire to the portal, and all it answered."""

    storm: "Storm"
    name: str
    token: str
    wire: Wire
    port: int = field(default_factory=free_port)
    answers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.storm.ruin.stack.folder / self.name

    @property
    def process(self) -> subprocess.Popen[bytes]:
        return self.storm.ruin.stack.children[self.name]

    def start(self) -> None:
        self.home.mkdir(exist_ok=True)
        (self.home / "token").write_text(self.token)
        if not (self.home / "clock").exists():
            step(self.home / "clock", 0)
        self.storm.ruin.stack.start(
            self.name,
            *(sys.executable, "-m", "tests.faults.stepped_agent", str(self.home / "clock"), "run"),
            *("--portal", self.wire.url, "--token-file", str(self.home / "token")),
            *("--state-dir", str(self.home), "--listen", f"127.0.0.1:{self.port}"),
            *IMPATIENT,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def get(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5).json()
        return found

    def ask(self, client: httpx.Client, **changes: str) -> None:
        url = f"http://127.0.0.1:{self.port}/v1/is_authorized"
        self.answers.append(client.post(url, json={**QUESTION, **changes}).json())


class Storm:
    """A company with agents under `ruin`, and the dice that choose what befalls them."""

    def __init__(self, ruin: Ruin, *, seed: int, edges: int = 2) -> None:
        self.ruin = ruin
        self.dice = random.Random(seed)
        self.company: TestCompany = ruin.company()
        self.told: list[str] = []
        self._turn = 0
        self._stack = contextlib.ExitStack()
        self._ended = threading.Event()
        self.edges = [self._edge(f"edge-{number}") for number in range(edges)]

    def __enter__(self) -> "Storm":
        put_in_force(self.company, "tools", PERMIT)
        with self.company.acting("architect"):
            from apps.policies.models import Policy

            self._policy = Policy.objects.get(name="tools").id
        for edge in self.edges:
            edge.start()
        self.wait_for_all()
        threads = [threading.Thread(target=self._poll, args=[edge]) for edge in self.edges]
        for thread in threads:
            thread.start()
            self._stack.callback(thread.join)
        self._stack.callback(self._ended.set)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()
        for edge in self.edges:
            edge.kill()

    def strike(self) -> None:
        """Let one fault happen around a new revision, then wait until all is well."""
        name = self.dice.choice(sorted(FAULTS))
        self.told.append(name)
        edge = self.dice.choice(self.edges)
        with FAULTS[name](self, edge):
            self.publish()
        self.wait_for_all()

    def publish(self) -> None:
        """Turn the answer to the question around, in a new revision."""
        self._turn += 1
        with self.company.acting("architect"):
            text = TEXTS[self._turn % 2]
            activate_policy(policy_id=self._policy, cedar=text, reason=f"Turn {self._turn}.")

    def wait_for_all(self) -> None:
        with self.company.acting("viewer"):
            head = get_head()
        wanted = [(head.number, head.digest)] * len(self.edges)

        def agree() -> bool:
            statuses = [edge.get("/v1/status") for edge in self.edges]
            return [(one["revision"], one["digest"]) for one in statuses] == wanted

        last = ", ".join(self.told[-3:])
        wait_until(agree, what=f"all agents at revision {head.number} after {last}", seconds=60)

    def judge(self) -> None:
        """Require that each answer was that of a whole published revision, or a denial."""
        with self.company.acting("viewer"):
            numbers = list(Revision.objects.order_by("number").values_list("number", flat=True))
            truth = {}
            for number in numbers:
                bundle = load_bundle(number)
                is_forbidden = any("forbid" in policy["cedar"] for policy in bundle.policies)
                truth[number, bundle.digest] = "Deny" if is_forbidden else "Allow"
        assert numbers == list(range(1, len(numbers) + 1))
        for edge in self.edges:
            assert edge.answers
            for answer in edge.answers:
                self._judge(answer, truth)

    def require_log(self) -> None:
        """Require that the log of each agent arrived without a gap, to its last decision."""
        with httpx.Client() as client:
            for edge in self.edges:
                edge.ask(client, resource='Tool::"last"')
        wait_until(self._is_log_whole, what="the last decisions", seconds=60)
        with self.company.acting("admin"):
            rows = list(Decision.objects.values_list("agent_id", "log", "sequence"))
        runs: dict[tuple[Any, str], list[int]] = {}
        for agent, log, sequence in rows:
            runs.setdefault((agent, log), []).append(sequence)
        for found in runs.values():
            assert sorted(found) == list(range(1, len(found) + 1))

    def _is_log_whole(self) -> bool:
        with self.company.acting("admin"):
            rows = Decision.objects.filter(resource='Tool::"last"').values("agent_id").distinct()
            return int(rows.count()) == len(self.edges)

    def _judge(self, answer: dict[str, Any], truth: dict[tuple[int, str], str]) -> None:
        if answer["staleness"] in ("expired", "unloaded"):
            assert answer["decision"] == "Deny", answer
        else:
            assert truth[answer["revision"], answer["digest"]] == answer["decision"], answer

    def _edge(self, name: str) -> Edge:
        wire = self._stack.enter_context(Wire(self.ruin.stack.port))
        _, token = enroll(self.company, name)
        return Edge(self, f"{self.company.slug}-{name}", token, wire)

    def _poll(self, edge: Edge) -> None:
        with httpx.Client(timeout=5) as client:
            while not self._ended.wait(PAUSE):
                with contextlib.suppress(httpx.HTTPError, ValueError):
                    edge.ask(client)


Fault = Callable[[Storm, Edge], contextlib.AbstractContextManager[None]]
FAULTS: dict[str, Fault] = {}


def fault(function: Callable[[Storm, Edge], Iterator[None]]) -> None:
    """List a fault: what it does before and after a revision is published."""
    FAULTS[function.__name__.replace("_", " ")] = contextlib.contextmanager(function)


@fault
def the_wire_is_cut(_storm: Storm, edge: Edge) -> Iterator[None]:
    edge.wire.cut()
    yield


@fault
def the_wire_is_down(_storm: Storm, edge: Edge) -> Iterator[None]:
    edge.wire.is_down = True
    edge.wire.cut()
    yield
    time.sleep(HELD_UP)
    edge.wire.mend()


@fault
def the_wire_is_slow(_storm: Storm, edge: Edge) -> Iterator[None]:
    edge.wire.delay = HELD_UP / 5
    yield
    time.sleep(HELD_UP)
    edge.wire.mend()


@fault
def the_wire_stands_still(_storm: Storm, edge: Edge) -> Iterator[None]:
    edge.wire.freeze()
    yield
    time.sleep(HELD_UP)
    edge.wire.mend()


@fault
def a_byte_is_wrong(storm: Storm, edge: Edge) -> Iterator[None]:
    place, bit = storm.dice.random(), 1 << storm.dice.randrange(8)

    def flip(data: bytes) -> bytes:
        changed = bytearray(data)
        changed[int(place * len(changed))] ^= bit
        return bytes(changed)

    edge.wire.spoil = flip
    yield


@fault
def a_part_is_lost(_storm: Storm, edge: Edge) -> Iterator[None]:
    edge.wire.spoil = lambda data: data[: len(data) // 2]
    yield


@fault
def the_end_is_cut_off(_storm: Storm, edge: Edge) -> Iterator[None]:
    edge.wire.spoil = lambda _data: None
    yield


@fault
def parts_change_places(_storm: Storm, edge: Edge) -> Iterator[None]:
    edge.wire.spoil = lambda data: data[len(data) // 2 :] + data[: len(data) // 2]
    yield


@fault
def a_part_comes_twice(_storm: Storm, edge: Edge) -> Iterator[None]:
    edge.wire.spoil = lambda data: data + data
    yield


@fault
def an_agent_is_killed(_storm: Storm, edge: Edge) -> Iterator[None]:
    edge.kill()
    yield
    edge.start()


@fault
def an_agent_is_killed_as_it_applies(_storm: Storm, edge: Edge) -> Iterator[None]:
    yield
    edge.kill()
    edge.start()


@fault
def an_agent_stands_still(_storm: Storm, edge: Edge) -> Iterator[None]:
    edge.process.send_signal(signal.SIGSTOP)
    yield
    time.sleep(HELD_UP)
    edge.process.send_signal(signal.SIGCONT)


@fault
def an_agents_disk_is_full(_storm: Storm, edge: Edge) -> Iterator[None]:
    _, most = resource.prlimit(edge.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(edge.process.pid, resource.RLIMIT_FSIZE, (0, most))
    yield
    time.sleep(HELD_UP)
    resource.prlimit(edge.process.pid, resource.RLIMIT_FSIZE, (most, most))


@fault
def an_agents_file_is_damaged(storm: Storm, edge: Edge) -> Iterator[None]:
    edge.kill()
    file = edge.home / "current.revision"
    content = bytearray(file.read_bytes())
    content[storm.dice.randrange(len(content))] ^= 1 << storm.dice.randrange(8)
    file.write_bytes(content)
    yield
    edge.start()


@fault
def an_agents_file_is_cut_short(storm: Storm, edge: Edge) -> Iterator[None]:
    edge.kill()
    file = edge.home / "current.revision"
    os.truncate(file, storm.dice.randrange(file.stat().st_size))
    yield
    edge.start()


@fault
def an_agents_clock_is_stepped(storm: Storm, edge: Edge) -> Iterator[None]:
    step(edge.home / "clock", storm.dice.choice([-HOUR, -30, 30, HOUR, 0]))
    yield


@fault
def the_portal_is_killed(storm: Storm, _edge: Edge) -> Iterator[None]:
    web = storm.ruin.stack.children["web"]
    web.kill()
    web.wait(10)
    yield
    storm.ruin.stack.start_web()


@fault
def the_portal_stands_still(storm: Storm, _edge: Edge) -> Iterator[None]:
    web = storm.ruin.stack.children["web"]
    web.send_signal(signal.SIGSTOP)
    yield
    time.sleep(HELD_UP)
    web.send_signal(signal.SIGCONT)


@fault
def the_relay_is_killed(storm: Storm, _edge: Edge) -> Iterator[None]:
    relay = storm.ruin.stack.children["relay"]
    relay.kill()
    relay.wait(10)
    yield
    storm.ruin.stack.start_relay()


@fault
def redis_is_killed(storm: Storm, _edge: Edge) -> Iterator[None]:
    storm.ruin.end(storm.ruin.redis, signal.SIGKILL)
    yield
    storm.ruin.redis.revive()


@fault
def postgres_crashes(storm: Storm, _edge: Edge) -> Iterator[None]:
    storm.ruin.crash_postgres()
    yield


@fault
def postgres_restarts(storm: Storm, _edge: Edge) -> Iterator[None]:
    yield
    storm.ruin.crash_postgres(how=signal.SIGINT)
