"""One POST: where it may go, how long it may take, and what counts as delivered."""

import socket
from ipaddress import ip_address

import pytest

from apps.kernel.errors import Invalid
from apps.webhooks import addresses
from apps.webhooks.addresses import clean_url, is_public
from apps.webhooks.sending import post
from tests.webhooks.receiver import answering, receiving, silence

pytestmark = pytest.mark.gap("UX-H6")


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = frozenset({"127.0.0.1"})
    with receiving() as receiver:
        yield receiver


def send(url, **options):
    return post(url, body=b"{}", headers={"X-One": "1"}, **options)


def resolving(monkeypatch, *answers):
    """Let names resolve to one of `answers` after another."""
    left, real = list(answers), socket.getaddrinfo

    def getaddrinfo(host, port, *args, **options):
        if not host.endswith(".example"):
            return real(host, port, *args, **options)
        addresses_ = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses_]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", getaddrinfo)


def test_what_is_sent_arrives(receiver):
    outcome = send(receiver.url)
    assert (outcome.status, outcome.error, outcome.is_delivered) == (204, "", True)
    ((path, headers, body),) = receiver.received
    assert (path, headers["x-one"], body) == ("/hook", "1", b"{}")


@pytest.mark.parametrize("status", [200, 201, 299])
def test_any_success_is_delivered(receiver, status):
    receiver.answer = answering(status)
    assert send(receiver.url).is_delivered


@pytest.mark.parametrize("status", [301, 400, 404, 410, 500, 503])
def test_any_other_answer_is_a_failure_with_its_status(receiver, status):
    receiver.answer = answering(status)
    outcome = send(receiver.url)
    assert (outcome.status, outcome.error) == (status, f"answered {status}")


def test_a_redirect_is_not_followed(receiver):
    receiver.answer = answering(307, Location=f"{receiver.url}/elsewhere")
    assert send(receiver.url).error == "answered 307"
    assert [path for path, _, _ in receiver.received] == ["/hook"]


def test_who_never_answers_is_given_up_in_time(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = frozenset({"127.0.0.1"})
    with silence() as port:
        outcome = send(f"http://127.0.0.1:{port}/", seconds=0.2)
    assert (outcome.status, outcome.error) == (None, "no complete answer in time")


def test_who_drips_its_answer_is_given_up_in_time(receiver):
    def drip(request):
        try:
            while True:
                request.wfile.write(b"H")
                request.wfile.flush()
                receiver.port.bit_length()
        except OSError:
            pass

    receiver.answer = drip
    outcome = send(receiver.url, seconds=0.3)
    assert not outcome.is_delivered
    assert outcome.status is None


def test_an_endless_answer_is_read_only_so_far(receiver):
    def endless(request):
        request.send_response(200)
        request.end_headers()
        try:
            while True:
                request.wfile.write(b"x" * 65536)
        except OSError:
            pass

    receiver.answer = endless
    assert send(receiver.url).is_delivered


def test_nobody_there_is_a_failure_without_an_address_in_its_words(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = frozenset({"127.0.0.1"})
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outcome = send(f"http://127.0.0.1:{port}/secret")
    assert outcome.error == "could not connect or talk to the host: ConnectError"


# --- where it may go --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fd00::1",
        "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::", "ff02::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_addresses_inside_are_not_public(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_addresses_outside_are_public(address):
    assert is_public(ip_address(address))


def test_a_host_that_resolves_inside_is_refused_before_anything_is_sent(receiver, monkeypatch):
    resolving(monkeypatch, ["127.0.0.1"])
    outcome = send(f"http://inside.example:{receiver.port}/")
    assert outcome.error == "the host has an address inside a private network"
    assert receiver.received == []


def test_one_private_address_among_public_ones_refuses_the_host(monkeypatch):
    resolving(monkeypatch, ["93.184.216.34", "169.254.169.254"])
    assert "private network" in send("http://mixed.example/").error


def test_a_name_that_changes_after_the_check_leads_nowhere_else(receiver, monkeypatch):
    """The address that was checked is the one that is connected to: it is asked for only once."""
    asked = []
    real = addresses.resolve

    def counted(host, port):
        asked.append(host)
        return real(host, port)

    monkeypatch.setattr("apps.webhooks.sending.resolve", counted)
    resolving(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    monkeypatch.setattr(addresses, "is_public", lambda address: str(address) == "127.0.0.1")
    assert send(f"http://rebinding.example:{receiver.port}/").is_delivered
    assert asked == ["rebinding.example"]
    ((_, headers, _),) = receiver.received
    assert headers["host"] == f"rebinding.example:{receiver.port}"
    assert "private network" in send(f"http://rebinding.example:{receiver.port}/").error


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("ftp://hooks.example.com/", "Start with https://"),
        ("hooks.example.com", "Start with https://"),
        ("https://", "Start with https://"),
        ("https://me:pw@hooks.example.com/", "Leave out user names"),
        ("https://hooks.example.com/#x", "Leave out user names"),
        ("https://hooks.example.com:99999/", "This is not an address."),
        ("https://127.0.0.1/", "inside a private network"),
        ("https://[::1]/", "inside a private network"),
        ("https://[::ffff:10.0.0.1]/", "inside a private network"),
        ("https://hooks.example.com/a b", "plain characters"),
        ("https://hooks.example.com/\r\nHost: x", "plain characters"),
        ("https://hooks.example.com/" + 2000 * "x", "plain characters"),
        ("", "plain characters"),
    ],
)
def test_an_address_that_cannot_be_is_refused_with_the_reason(url, text):
    with pytest.raises(Invalid) as caught:
        clean_url(url)
    assert text in caught.value.fields["url"][0]


def test_production_takes_https_only(settings):
    clean_url("http://hooks.example.com/")
    settings.WEBHOOK_PLAIN_HTTP = False
    with pytest.raises(Invalid):
        clean_url("http://hooks.example.com/")
    assert clean_url("https://hooks.example.com/x?y=1").hostname == "hooks.example.com"
