"""Servers that restart under a running portal: everybody comes back, and nothing was lost."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from typing import Any

import httpx
import psycopg
import pytest
from celery import Celery
from django.conf import settings
from django.db import connections
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from apps.events.models import Delivery, Event
from apps.events.types import DeliveryState
from apps.fleet.queries import fleet
from apps.fleet.types import SUBPROTOCOL
from apps.orgs.models import Scope
from apps.orgs.operations import create_organization
from apps.policies.models import Revision
from tests.factories.company import TestCompany
from tests.fleet.test_live import enroll, hello
from tests.journeys.stack import free_port, wait_until
from tests.journeys.test_agents_follow import PERMIT, put_in_force
from tests.web.sign_in import session_of

from .balancer import Balancer
from .conftest import Ruin, drop_connections

BURST = 100


async def ask(url: str, key: str, count: int) -> Counter[int]:
    """Return the statuses of `count` requests made at once by somebody signed in."""
    limits = httpx.Limits(max_connections=count)
    cookies = {settings.SESSION_COOKIE_NAME: key}
    async with httpx.AsyncClient(limits=limits, cookies=cookies, timeout=60) as client:
        answers = await asyncio.gather(*(client.get(url) for _ in range(count)))
    return Counter(answer.status_code for answer in answers)


def key_of(company: TestCompany) -> str:
    return session_of(company, "admin").session_key


def sessions(ruin: Ruin) -> list[tuple[str, str]]:
    """Return role and state of every database session of the portal's processes."""
    mine = [c.connection.info.backend_pid for c in connections.all() if c.connection is not None]
    with psycopg.connect(ruin.postgres.superuser_url) as watcher:
        return watcher.execute(
            "select usename, state from pg_stat_activity"
            " where datname = 'ruin' and not pid = any(%s)",
            [mine],
        ).fetchall()


def is_current(company: TestCompany) -> bool:
    with company.acting("admin"):
        standing = fleet()
        return standing.head > 0 and standing.current == len(standing.standings)


def all_delivered(company: TestCompany) -> bool:
    with company.acting("admin"):
        return not Delivery.objects.exclude(state=DeliveryState.DONE).exists()


def start_agent(ruin: Ruin, company: TestCompany) -> str:
    _, token = enroll(company)
    return ruin.stack.start_agent(f"agent-{company.slug}", token)


def test_a_burst_of_requests_waits_for_connections_and_gives_them_back(ruin: Ruin):
    key = key_of(ruin.company())
    for count in (BURST, 8):
        assert asyncio.run(ask(f"{ruin.stack.url}/", key, count)) == {200: count}
    found = Counter(role for role, _ in sessions(ruin))
    assert found["aeterna_app"] <= 2 * 8
    wait_until(
        lambda: not any((state or "").startswith("idle in") for _, state in sessions(ruin)),
        what="no transaction left open",
    )


def test_postgres_restarts_and_nobody_notices_for_long(ruin: Ruin):
    company = ruin.company()
    start_agent(ruin, company)
    put_in_force(company, "tools", PERMIT)
    wait_until(lambda: is_current(company), what="the agent current")
    key = key_of(company)
    assert asyncio.run(ask(f"{ruin.stack.url}/", key, 8)) == {200: 8}

    ruin.end(ruin.postgres, signal.SIGINT)
    drop_connections()
    assert httpx.get(f"{ruin.stack.url}/healthz").status_code == 200
    ruin.postgres.revive()

    assert asyncio.run(ask(f"{ruin.stack.url}/", key, 16)) == {200: 16}
    put_in_force(company, "after", PERMIT.replace("run_tool", "read_file"))
    wait_until(lambda: all_delivered(company), what="the relay delivering")
    wait_until(lambda: is_current(company), what="the agent current again", seconds=60)
    assert ruin.stack.children["relay"].poll() is None
    assert ruin.stack.children["web"].poll() is None


def test_the_relay_outlives_a_crash_in_the_middle_of_its_work(ruin: Ruin):
    company, relay = ruin.company(), ruin.stack.children["relay"]
    with company.acting("admin"):
        for number in range(30):
            create_organization(name="More", slug=f"crash-{number}")
    wait_until(lambda: not pending(company, at_least=60), what="the relay at work")
    ruin.end(ruin.postgres, signal.SIGQUIT)
    drop_connections()
    ruin.postgres.revive()
    wait_until(lambda: all_delivered(company), what="the rest delivered")
    with company.acting("admin"):
        create_organization(name="More", slug="crash-after")
    wait_until(lambda: all_delivered(company), what="what came after delivered")
    assert ruin.stack.children["relay"] is relay
    assert relay.poll() is None


@pytest.mark.slow
def test_the_relay_goes_on_when_it_may_only_read_for_a_while(ruin: Ruin):
    """As after a failover to a copy that is not promoted yet."""
    company, relay = ruin.company(), ruin.stack.children["relay"]
    with company.acting("admin"):
        for number in range(30):
            create_organization(name="More", slug=f"read-{number}")
    wait_until(lambda: not pending(company, at_least=60), what="the relay at work")
    only_read(ruin, True)
    try:
        wait_until(
            lambda: "aeterna_platform" in dict(sessions(ruin)), what="the relay looking again"
        )
        assert pending(company, at_least=1)
    finally:
        only_read(ruin, False)
    wait_until(lambda: all_delivered(company), what="the relay delivering")
    assert ruin.stack.children["relay"] is relay
    assert relay.poll() is None


def only_read(ruin: Ruin, is_on: bool) -> None:
    """Make every new transaction of new sessions read-only, or writable again."""
    with psycopg.connect(ruin.postgres.superuser_url, autocommit=True) as connection:
        word = "on" if is_on else "off"
        connection.execute(f"alter database ruin set default_transaction_read_only = {word}")
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'ruin'"
        )
    drop_connections()


def test_redis_restarts_and_agents_and_relay_go_on(ruin: Ruin):
    company = ruin.company()
    start_agent(ruin, company)
    put_in_force(company, "tools", PERMIT)
    wait_until(lambda: is_current(company), what="the agent current")
    ruin.end(ruin.redis, signal.SIGKILL)
    put_in_force(company, "without-hints", PERMIT.replace("run_tool", "read_file"))
    wait_until(lambda: all_delivered(company), what="the relay delivering without Redis")
    wait_until(lambda: is_current(company), what="a heartbeat healing the lost hint")
    ruin.redis.revive()
    put_in_force(company, "with-hints", PERMIT.replace("run_tool", "write_file"))
    wait_until(lambda: all_delivered(company), what="the relay delivering with Redis")
    wait_until(lambda: is_current(company), what="the agent current again")
    assert ruin.stack.children["relay"].poll() is None


@pytest.mark.gap("UX-C1")
def test_decisions_go_on_while_any_and_while_all_of_the_portal_is_killed(ruin: Ruin):
    company, second = ruin.company(), free_port()
    _, token = enroll(company)
    name = f"agent-{company.slug}"
    ruin.stack.start_web("second", port=second)
    with Balancer([ruin.stack.port, second]) as balancer:
        wait_until(lambda: answers_at(second), what="the second portal")
        agent = ruin.stack.start_agent(name, token, portal=balancer.url)
        put_in_force(company, "tools", PERMIT)
        # An agent is current a moment before it has its first lease.
        wait_until(lambda: decides(agent), what="the agent deciding")
        wait_until(lambda: is_current(company), what="the agent current")
        for victim in ("web", "second"):
            # Whichever of the two it was at, the other one takes it.
            kill(ruin, victim)
            put_in_force(company, f"without-{victim}", PERMIT)
            assert decides(agent)
            wait_until(lambda: is_current(company), what=f"the agent current without {victim}")
            ruin.stack.start_web(victim, port=second if victim == "second" else None)
            port = second if victim == "second" else ruin.stack.port
            wait_until(lambda at=port: answers_at(at), what=f"{victim} again")  # type: ignore[misc]
        for part in ("web", "second", "relay"):
            kill(ruin, part)
        ruin.end(ruin.redis, signal.SIGKILL)
        put_in_force(company, "by-nobody", PERMIT)
        assert decides(agent)
        kill(ruin, name)
        agent = ruin.stack.start_agent(name, token, portal=balancer.url)
        assert decides(agent)
        ruin.redis.revive()
        ruin.stack.start_portal()
        wait_until(lambda: is_current(company), what="the agent current again")


def kill(ruin: Ruin, name: str) -> None:
    child = ruin.stack.children[name]
    child.kill()
    child.wait(10)


def answers_at(port: int) -> bool:
    return bool(httpx.get(f"http://127.0.0.1:{port}/healthz").status_code)


def decides(agent: str) -> bool:
    """Ask an agent something that it must allow, by policies that are not expired."""
    question = {
        "principal": 'User::"nobody"',
        "action": 'Action::"run_tool"',
        "resource": 'Tool::"hammer"',
    }
    answer = httpx.post(f"{agent}/v1/is_authorized", json=question).json()
    return (answer["decision"], answer["staleness"] in ("fresh", "stale")) == ("Allow", True)


def test_an_agent_that_comes_while_redis_is_away_is_served_all_the_same(ruin: Ruin):
    company = ruin.company()
    ruin.end(ruin.redis, signal.SIGKILL)
    start_agent(ruin, company)
    put_in_force(company, "tools", PERMIT)
    wait_until(lambda: is_current(company), what="the agent current without Redis")


def test_a_portal_told_to_stop_says_so_to_agents_and_leaves_no_session(ruin: Ruin):
    company = ruin.company()
    _, token = enroll(company)
    address = f"{ruin.stack.url.replace('http', 'ws', 1)}/ws/agents/v1"
    web = ruin.stack.children["web"]

    async def converse() -> int | None:
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(
            address, additional_headers=headers, subprotocols=[SUBPROTOCOL]
        ) as socket:
            await socket.send(hello())
            await socket.recv()
            web.terminate()
            try:
                while True:
                    await asyncio.wait_for(socket.recv(), 20)
            except ConnectionClosed as ended:
                return ended.rcvd.code if ended.rcvd else None

    try:
        assert asyncio.run(converse()) == 1012
        assert web.wait(20) in (0, -signal.SIGTERM)
        with company.acting("admin"):
            assert [s.agent.connection for s in fleet().standings] == [""]
    finally:
        ruin.stack.start_web()
        wait_until(lambda: httpx.get(f"{ruin.stack.url}/healthz").status_code, what="the portal")


@pytest.mark.slow
def test_a_relay_told_to_stop_in_the_middle_of_much_work_stops_soon(ruin: Ruin):
    company = ruin.company()
    relay = ruin.stack.children["relay"]
    relay.terminate()
    assert relay.wait(20) == 0
    with company.acting("admin"):
        for number in range(30):
            create_organization(name="More", slug=f"more-{number}")
    ruin.stack.start("relay", *relay.args)
    wait_until(lambda: not pending(company, at_least=60), what="the relay at work")
    again = ruin.stack.children["relay"]
    again.terminate()
    assert again.wait(20) == 0
    ruin.stack.start("relay", *relay.args)
    wait_until(lambda: all_delivered(company), what="the rest delivered")


def pending(company: TestCompany, *, at_least: int) -> bool:
    with company.acting("admin"):
        rows: Any = Delivery.objects.filter(state=DeliveryState.PENDING)
        return bool(rows.count() >= at_least)


@pytest.mark.slow
def test_a_celery_worker_survives_restarts_of_both_servers(ruin: Ruin):
    company = ruin.company()
    relay = ruin.stack.children["relay"]
    relay.terminate()
    assert relay.wait(20) == 0
    command = ("-m", "celery", "-A", "aeterna_portal", "worker", "--concurrency", "1")
    worker = ruin.stack.start("worker", sys.executable, *command)
    try:
        for server in (None, ruin.redis, ruin.postgres):
            if server is not None:
                ruin.end(server, signal.SIGINT)
                drop_connections()
                server.revive()
            with company.acting("admin"):
                create_organization(name="More", slug=f"more-{server.name if server else 'first'}")
            delivered_by_task(ruin, company)
        assert worker.poll() is None
    finally:
        worker.terminate()
        worker.wait(30)
        ruin.stack.start("relay", *relay.args)


def delivered_by_task(ruin: Ruin, company: TestCompany) -> None:
    """Ask for deliveries by task, again and again as the beat does, until all are done."""
    app = Celery(broker=ruin.redis.url)

    def ask_again() -> bool:
        app.send_task("events.deliver_due")
        return all_delivered(company)

    wait_until(ask_again, what="the task delivering", seconds=60)
    app.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_whatever_is_killed_nothing_is_lost_and_all_agree_in_the_end(ruin: Ruin):
    seed = int(os.environ.get("FAULT_SEED", "20"))
    dice = random.Random(seed)
    print(f"FAULT_SEED={seed}")
    company = ruin.company()
    start_agent(ruin, company)
    made = 0
    for turn in range(12):
        made += make(company, f"turn-{turn}")
        kill_something(ruin, dice.choice(["web", "relay", "redis", "postgres"]))
        made += make(company, f"again-{turn}")
    put_in_force(company, "last", PERMIT)
    wait_until(lambda: all_delivered(company), what=f"all delivered, seed {seed}", seconds=120)
    wait_until(lambda: is_current(company), what=f"the agent current, seed {seed}", seconds=60)
    with company.acting("admin"):
        numbers = list(Revision.objects.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
        assert Scope.objects.filter(kind="organization", name="Made").count() == made
        assert Event.objects.filter(type="org.created", resource_name="Made").count() == made


def make(company: TestCompany, slug: str) -> int:
    with company.acting("admin"):
        create_organization(name="Made", slug=slug)
    return 1


def kill_something(ruin: Ruin, name: str) -> None:
    servers = {"redis": ruin.redis, "postgres": ruin.postgres}
    if name in servers:
        ruin.end(servers[name], signal.SIGKILL if name == "redis" else signal.SIGQUIT)
        drop_connections()
        servers[name].revive()
        return
    child = ruin.stack.children[name]
    child.kill()
    child.wait()
    ruin.stack.start(name, *child.args)
