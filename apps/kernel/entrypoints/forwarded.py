"""Who is in front of the proxies: their headers are believed from their addresses only."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

Application = Callable[[Any, Any, Any], Awaitable[None]]
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
FOR, PROTO = b"x-forwarded-for", b"x-forwarded-proto"
SCHEMES = {"http": {"http": "http", "https": "https"}, "websocket": {"http": "ws", "https": "wss"}}


class TrustedProxies:
    """ASGI: serve `app` with the client's own address and scheme, as `trusted` proxies tell them.

    Of the addresses in X-Forwarded-For the last one that is no trusted proxy's is the client's:
    whatever stands before it was written by the client. From anybody else nothing is believed.
    """

    def __init__(self, app: Application, *, trusted: Iterable[Network]) -> None:
        self.app = app
        self.trusted = tuple(trusted)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in SCHEMES:
            scope = self._seen(scope)
        await self.app(scope, receive, send)

    def _seen(self, scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        peer = _address((scope.get("client") or ("",))[0])
        if not self._trusts(peer):
            return scope
        seen = {**scope}
        client = self._client(_values(scope["headers"], FOR))
        if client is not None:
            seen["client"] = (str(client), 0)
        # The last one is the nearest proxy's; what stands before it may be anybody's.
        told = _values(scope["headers"], PROTO)
        if told and told[-1] in SCHEMES[scope["type"]]:
            seen["scheme"] = SCHEMES[scope["type"]][told[-1]]
        return seen

    def _client(self, told: Sequence[str]) -> Address | None:
        client = None
        for text in reversed(told):
            address = _address(text)
            if address is None:
                break
            client = address
            if not self._trusts(address):
                break
        return client

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self.trusted)


def _values(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> list[str]:
    lines = [value.decode("latin-1") for name, value in headers if name == wanted]
    return [part.strip().lower() for part in ",".join(lines).split(",") if part.strip()]


def _address(text: str) -> Address | None:
    """Return the address in `text`, with or without a port, or None if it is none."""
    bare = text.partition("]")[0].lstrip("[") if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
