"""The stock OPAL client, as its makers publish it, follows the portal into a Cedar store."""

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from apps.fleet.models import CedarAgent
from apps.fleet.operations import revoke_agent
from apps.fleet.queries import list_acknowledgements, standing_of
from apps.fleet.types import AgentHealth
from apps.policies import queries as policies
from tests.environment import ROOT
from tests.factories.company import TestCompany
from tests.fleet.cedar_store import CedarStore, cedar_store
from tests.web.sign_in import browser as signed_in_browser

from .stack import Stack, free_port, wait_until
from .test_agents_follow import FORBID, PERMIT, put_in_force

pytestmark = pytest.mark.slow
CLIENT = ROOT / ".venv-opal" / "bin" / "opal-client"


@pytest.fixture
def store() -> Iterator[CedarStore]:
    with cedar_store() as running:
        yield running


def start_client(stack: Stack, store: CedarStore, exported: str, *more: str) -> str:
    """Start the client with what its token's page says to export; return its address."""
    assert CLIENT.exists(), "make .venv-opal/.made installs the stock OPAL client"
    port = free_port()
    lines = [line for line in exported.splitlines() if line.startswith("export ")]
    script = "\n".join([*lines, *more, f'exec "{CLIENT}" run'])
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("OPAL")},
        "OPAL_CLIENT_API_SERVER_PORT": str(port),
        "OPAL_POLICY_STORE_LIVENESS_PROBE_ENABLED": "false",
    }
    log = (stack.folder / f"opal-{port}.log").open("ab")
    command = ["bash", "-c", script.replace("http://127.0.0.1:8180", store.url)]
    child = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    stack.children[f"opal-{port}"] = child
    return f"http://127.0.0.1:{port}"


def enrolled(stack: Stack, company: TestCompany, settings: Any) -> tuple[CedarAgent, str]:
    """Enroll a client on the page; return it and the commands that the page shows."""
    settings.PUBLIC_URL = stack.url
    answer = signed_in_browser(company, "admin").post(
        "/fleet/enroll/", {"name": "stock", "protocol": "opal"}
    )
    with company.acting("admin"):
        agent = CedarAgent.objects.get(name="stock")
    return agent, answer.context["commands"]


def held(company: TestCompany) -> dict[str, str]:
    """Return the statements of the newest revision by name."""
    from apps.fleet.opal.content import statements_of

    with company.acting("admin"):
        return dict(statements_of(policies.load_bundle(policies.get_head().number)))


def health(company: TestCompany, agent: CedarAgent) -> AgentHealth:
    with company.acting("admin"):
        return standing_of(CedarAgent.objects.get(id=agent.id)).health


def test_a_stock_client_follows_revisions_and_is_known_to_have_saved_them(
    stack: Stack, committed_company: TestCompany, store: CedarStore, settings: Any
):
    company = committed_company
    put_in_force(company, "tools", PERMIT)
    agent, exported = enrolled(stack, company, settings)
    store.policies["stray"] = PERMIT
    address = start_client(stack, store, exported)

    wait_until(lambda: health(company, agent) == AgentHealth.CURRENT, what="the first report")
    assert store.policies == held(company)
    with company.acting("admin"):
        assert store.entities == policies.load_bundle(policies.get_head().number).entities
    assert httpx.get(f"{address}/healthy").status_code == 200

    store.writes.clear()
    put_in_force(company, "no-shell", FORBID)
    wait_until(lambda: len(store.policies) == 2, what="the new policy")
    wait_until(lambda: health(company, agent) == AgentHealth.CURRENT, what="the second report")
    assert store.policies == held(company)
    # A delta: what stayed is not written again.
    assert len([write for write in store.writes if "/v1/policies/" in write]) == 1
    with company.acting("admin"):
        newest = list_acknowledgements(agent.id)[0]
        assert (newest.revision, newest.is_accepted) == (policies.get_head().number, True)
        assert newest.applied_ms is None


def test_entities_that_a_store_does_not_take_are_told_as_refused(
    stack: Stack, committed_company: TestCompany, store: CedarStore, settings: Any
):
    company = committed_company
    put_in_force(company, "tools", PERMIT)
    agent, exported = enrolled(stack, company, settings)
    store.refuses_data = True
    start_client(stack, store, exported)
    wait_until(lambda: health(company, agent) == AgentHealth.REFUSED, what="the refusal")


def test_a_client_in_the_companys_scope_follows_it_and_one_in_another_gets_nothing(
    stack: Stack, committed_company: TestCompany, store: CedarStore, settings: Any
):
    company = committed_company
    put_in_force(company, "tools", PERMIT)
    agent, exported = enrolled(stack, company, settings)
    start_client(stack, store, exported, f"export OPAL_SCOPE_ID={company.slug}")
    wait_until(lambda: health(company, agent) == AgentHealth.CURRENT, what="the first report")
    put_in_force(company, "no-shell", FORBID)
    wait_until(lambda: store.policies == held(company), what="the new policy")


def test_a_client_whose_token_ended_is_held_and_does_not_come_again_and_again(
    stack: Stack, committed_company: TestCompany, store: CedarStore, settings: Any
):
    company = committed_company
    put_in_force(company, "tools", PERMIT)
    agent, exported = enrolled(stack, company, settings)
    with company.acting("admin"):
        revoke_agent(agent_id=agent.id, reason="lost")
    address = start_client(stack, store, exported, "export OPAL_LOG_LEVEL=DEBUG")
    log = stack.folder / f"opal-{address.rpartition(':')[2]}.log"
    # Each of its connections pings five times, a second apart; refused at once, it would have come
    # back hundreds of times meanwhile.
    wait_until(lambda: log.read_text().count("Pinging server") >= 10, what="the client's pings")
    assert log.read_text().count("Trying to connect to Pub/Sub server") == 2
    assert (store.policies, store.entities) == ({}, [])
