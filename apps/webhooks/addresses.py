"""Which addresses a webhook may have, and which machines it may reach."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from apps.kernel.errors import Invalid

from .types import URL_LENGTH

Address = IPv4Address | IPv6Address
NAT64 = IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48")
PORTS = {"http": 80, "https": 443}


class Refused(OSError):
    """A host that webhooks may not reach."""


def clean_url(url: str) -> SplitResult:
    """Return the parts of a webhook's address; Invalid, saying what is wrong with it.

    What its name stands for is judged at each connection, because that may change.
    """
    url = url.strip()
    if not 0 < len(url) <= URL_LENGTH or not (url.isascii() and url.isprintable()) or " " in url:
        raise _wrong(f"Give an address of at most {URL_LENGTH} plain characters.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _wrong("This is not an address.") from error
    schemes = ("https", "http") if settings.WEBHOOK_PLAIN_HTTP else ("https",)
    if parts.scheme not in schemes or not host:
        raise _wrong(f"Start with {schemes[0]}:// and the name of a host.")
    if "@" in parts.netloc or parts.fragment or port == 0:
        raise _wrong("Leave out user names, passwords and fragments.")
    _require_reachable_form(host)
    return parts


def resolve(host: str, port: int) -> str:
    """Return the address of `host` to connect to, checked just now; raise Refused or OSError.

    One private address among several refuses them all: which one is taken must not be luck.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not is_allowed_host(host) and not all(is_public(ip_address(one)) for one in addresses):
        raise Refused("the host has an address inside a private network")
    return addresses[0]


def is_allowed_host(host: str) -> bool:
    """Tell whether an operator lets webhooks reach this host whatever its address."""
    return host.lower().rstrip(".") in settings.WEBHOOK_ALLOWED_HOSTS


def is_public(address: Address) -> bool:
    """Tell whether anybody on the internet could reach this address, also when it wraps another."""
    if isinstance(address, IPv6Address):
        if any(address in network for network in NAT64):
            return False
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _require_reachable_form(host: str) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        return
    if not is_allowed_host(host) and not is_public(address):
        raise _wrong("This address is inside a private network.")


def _wrong(text: str) -> Invalid:
    return Invalid(fields={"url": [text]})
