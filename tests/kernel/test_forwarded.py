"""The caller's address and scheme: believed from trusted proxies, from nobody else."""

from ipaddress import ip_network
from types import SimpleNamespace

import httpx
import pytest

from apps.identity.entrypoints.browser import address_of
from apps.kernel.entrypoints.forwarded import TrustedProxies

TRUSTED = ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32")


async def seen(
    *, peer: str | None, headers: list[tuple[str, str]], trusted=TRUSTED, type="http", scheme="http"
) -> dict:
    """Return the scope that the served application gets."""
    found = {}

    async def application(scope, receive, send):
        found.update(scope)

    given = {
        "type": type,
        "scheme": scheme,
        "client": (peer, 4321) if peer else None,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }
    networks = [ip_network(one) for one in trusted]
    await TrustedProxies(application, trusted=networks)(given, None, None)
    assert given["client"] == ((peer, 4321) if peer else None)
    return found


async def client(peer: str | None, *forwarded: str, **more) -> str | None:
    scope = await seen(peer=peer, headers=[("X-Forwarded-For", one) for one in forwarded], **more)
    return scope["client"][0] if scope["client"] else None


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9:5123"], "203.0.113.9"),
        ("10.0.0.1", ["[2001:db9::1]:443"], "2001:db9::1"),
        ("10.0.0.1", ["2001:db9::1"], "2001:db9::1"),
        ("2001:db8::5", ["203.0.113.9"], "203.0.113.9"),
        ("::ffff:10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        # What the client wrote itself stands before what the proxy saw.
        ("10.0.0.1", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.9, 192.0.2.7"], "203.0.113.9"),
        # A chain of nothing but proxies, and what is no address at all.
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["203.0.113.9, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", [" , "], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        # Not a proxy of ours.
        ("11.0.0.1", ["203.0.113.9"], "11.0.0.1"),
        ("127.0.0.1", ["203.0.113.9"], "127.0.0.1"),
        ("", ["203.0.113.9"], None),
        (None, ["203.0.113.9"], None),
    ],
)
async def test_the_caller_is_the_last_who_is_no_proxy(peer, forwarded, expected):
    assert await client(peer, *forwarded) == expected


async def test_without_a_setting_nobody_is_believed():
    for peer in ("127.0.0.1", "10.0.0.1", "::1"):
        assert await client(peer, "203.0.113.9", trusted=()) == peer


@pytest.mark.parametrize(
    ("type", "told", "expected"),
    [
        ("http", "https", "https"),
        ("http", "HTTPS", "https"),
        ("http", "https, http", "http"),
        ("http", "http, https", "https"),
        ("http", "gopher", "http"),
        ("websocket", "https", "wss"),
        ("websocket", "http", "ws"),
    ],
)
async def test_the_scheme_is_the_nearest_proxys(type, told, expected):
    before = "http" if type == "http" else "ws"
    headers = [("X-Forwarded-Proto", told)]
    scope = await seen(peer="10.0.0.1", headers=headers, type=type, scheme=before)
    assert scope["scheme"] == expected
    stranger = await seen(peer="11.0.0.1", headers=headers, type=type, scheme=before)
    assert stranger["scheme"] == before


async def test_the_servers_own_messages_pass():
    passed = []

    async def application(scope, receive, send):
        passed.append(scope)

    await TrustedProxies(application, trusted=[])({"type": "lifespan"}, None, None)
    assert passed == [{"type": "lifespan"}]


async def test_what_counts_attempts_gets_the_callers_address():
    """From the server's socket to the function that the throttle of sign-in asks."""
    addresses = []

    async def application(scope, receive, send):
        addresses.append(address_of(SimpleNamespace(META={"REMOTE_ADDR": scope["client"][0]})))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    served = TrustedProxies(application, trusted=[ip_network("10.0.0.1")])
    for peer in ("10.0.0.1", "10.0.0.2"):
        transport = httpx.ASGITransport(app=served, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://portal") as caller:
            await caller.get("/", headers={"X-Forwarded-For": "203.0.113.9"})
    assert addresses == ["203.0.113.9", "10.0.0.2"]
