"""An agent that takes deltas is sent what changed since what it has, or else the whole."""

import json

import pytest
from asgiref.sync import sync_to_async

from apps.fleet.entrypoints import hub as hubs
from apps.policies.queries import load_bundle

from .test_live import enroll, hello, publish, said, socket


async def met(token, **has):
    """Return a connection that said hello with what it has, and the frame after welcome."""
    agent = socket(token)
    await agent.connect()
    await agent.send_to(hello(deltas=True, **has))
    assert (await said(agent))["type"] == "welcome"
    return agent, await said(agent)


async def told(agent, revision):
    """Return the frame that brings the agent to `revision`."""
    while (frame := await said(agent)).get("revision") != revision:
        pass
    return frame


@sync_to_async
def publish_two(company):
    return publish(company, "reading"), publish(company, "writing")


@sync_to_async
def bundle(company, number):
    with company.acting("admin"):
        return load_bundle(number)


async def test_a_new_revision_is_told_as_what_changed(committed_company):
    _, token = await sync_to_async(enroll)(committed_company)
    first = await sync_to_async(publish)(committed_company, "reading")
    agent, whole = await met(token)
    assert (whole["type"], whole["revision"]) == ("snapshot", first)
    second = await sync_to_async(publish)(committed_company, "writing")
    frame = await told(agent, second)
    assert frame["type"] == "delta"
    assert [policy["name"] for policy in frame["policies"]["changed"]] == ["writing"]
    assert (frame["policies"]["removed"], frame["entities"]["changed"]) == ([], [])
    assert "schema" not in frame
    await agent.disconnect()


async def test_what_was_missed_comes_as_one_delta_after_hello(committed_company):
    _, token = await sync_to_async(enroll)(committed_company)
    first, second = await publish_two(committed_company)
    held = await bundle(committed_company, first)
    agent, frame = await met(token, revision=first, digest=held.digest)
    assert (frame["type"], frame["revision"]) == ("delta", second)
    assert frame["base"] == {"revision": first, "digest": held.digest}
    await agent.send_to(json.dumps({"type": "resync"}))
    whole = await said(agent)
    assert (whole["type"], whole["revision"]) == ("snapshot", second)
    await agent.disconnect()


@pytest.mark.parametrize("revision", [1, 99])
async def test_who_has_what_the_portal_never_published_is_sent_the_whole(
    committed_company, revision
):
    _, token = await sync_to_async(enroll)(committed_company)
    _, second = await publish_two(committed_company)
    agent, frame = await met(token, revision=revision, digest="sha256:" + "0" * 64)
    assert (frame["type"], frame["revision"]) == ("snapshot", second)
    await agent.disconnect()


async def test_a_delta_is_worked_out_once_for_all_who_hold_the_same(committed_company, monkeypatch):
    seen = []
    work_out = hubs.delta_between
    monkeypatch.setattr(hubs, "delta_between", lambda *pair: seen.append(pair) or work_out(*pair))
    tokens = [await sync_to_async(enroll)(committed_company, f"edge-{at}") for at in range(3)]
    await sync_to_async(publish)(committed_company, "reading")
    agents = [(await met(token))[0] for _, token in tokens]
    second = await sync_to_async(publish)(committed_company, "writing")
    assert [(await told(agent, second))["type"] for agent in agents] == ["delta"] * 3
    assert [(base.revision, head.revision) for base, head in seen][-1:] == [(second - 1, second)]
    assert len(seen) == len({(base.revision, head.revision) for base, head in seen})
    for agent in agents:
        await agent.disconnect()


async def test_who_takes_no_deltas_is_sent_the_whole(committed_company):
    _, token = await sync_to_async(enroll)(committed_company)
    first, second = await publish_two(committed_company)
    held = await bundle(committed_company, first)
    agent = socket(token)
    await agent.connect()
    await agent.send_to(hello(revision=first, digest=held.digest))
    assert (await said(agent))["type"] == "welcome"
    assert (await told(agent, second))["type"] == "snapshot"
    await agent.disconnect()
