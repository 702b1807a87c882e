"""What the handler between the ASGI server and Django promises."""

import asyncio
import threading

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core import signals
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from aeterna_portal.http import BATCH, ThreadedHandler

seen: dict[str, object] = {}


def echo(request: HttpRequest) -> HttpResponse:
    seen["thread"] = threading.current_thread().name
    return HttpResponse(request.body, headers={"X-Method": str(request.method)})


def length(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.META['CONTENT_LENGTH']} announced, {len(request.read())} kept")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the detail stays inside")


def endless(request: HttpRequest) -> StreamingHttpResponse:
    def parts():
        seen["parts"] = 0
        try:
            while True:
                seen["parts"] += 1
                yield b"x" * BATCH
        finally:
            seen["closed"] = True

    return StreamingHttpResponse(parts())


def three(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter(["a" * BATCH, "", "b"]))


urlpatterns = [
    path("echo", echo),
    path("length", length),
    path("broken", broken),
    path("endless", endless),
    path("three", three),
]


@pytest.fixture
def handler():
    seen.clear()
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        yield ThreadedHandler()


def asking(handler, address, *, method="GET"):
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": f"/{address}",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
    }
    return ApplicationCommunicator(handler, scope)


async def whole(caller):
    """Return the status, headers and body of the answer."""
    start = await caller.receive_output()
    body, more = b"", True
    while more:
        message = await caller.receive_output()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await caller.wait()
    return start["status"], dict(start["headers"]), body


async def test_a_body_in_pieces_arrives_whole(handler):
    caller = asking(handler, "echo", method="POST")
    await caller.send_input({"type": "http.request", "body": b"half ", "more_body": True})
    await caller.send_input({"type": "http.request", "body": b"and half"})
    status, headers, body = await whole(caller)
    assert (status, headers[b"X-Method"], body) == (200, b"POST", b"half and half")
    assert str(seen["thread"]).startswith("http")


async def test_a_body_that_is_cut_off_is_not_acted_on(handler):
    caller = asking(handler, "echo", method="POST")
    await caller.send_input({"type": "http.request", "body": b"half ", "more_body": True})
    await caller.send_input({"type": "http.disconnect"})
    await caller.wait()
    assert await caller.receive_nothing()
    assert seen == {}


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10)
async def test_a_body_of_no_known_length_is_read_no_further_than_the_limit(handler):
    caller = asking(handler, "length", method="POST")
    for _ in range(3):
        await caller.send_input({"type": "http.request", "body": b"1234567", "more_body": True})
    status, _, body = await whole(caller)
    assert (status, body) == (200, b"14 announced, 7 kept")


async def test_a_failure_is_answered_without_its_detail(handler):
    handler_sees = asking(handler, "broken")
    await handler_sees.send_input({"type": "http.request"})
    status, _, body = await whole(handler_sees)
    assert status == 500
    assert b"the detail stays inside" not in body


async def test_a_long_answer_arrives_in_order(handler):
    caller = asking(handler, "three")
    await caller.send_input({"type": "http.request"})
    status, _, body = await whole(caller)
    assert (status, body) == (200, b"a" * BATCH + b"b")


async def test_a_long_answer_ends_when_its_reader_leaves(handler):
    caller = asking(handler, "endless")
    await caller.send_input({"type": "http.request"})
    assert (await caller.receive_output())["status"] == 200
    assert len((await caller.receive_output())["body"]) == BATCH
    await caller.send_input({"type": "http.disconnect"})
    await caller.wait(timeout=10)
    assert seen["closed"] is True


async def test_a_request_starts_and_finishes_on_the_thread_that_serves_it(handler):
    threads = []

    def note(**_):
        threads.append(threading.current_thread().name)

    signals.request_started.connect(note)
    signals.request_finished.connect(note)
    try:
        caller = asking(handler, "echo")
        await caller.send_input({"type": "http.request"})
        await whole(caller)
    finally:
        signals.request_started.disconnect(note)
        signals.request_finished.disconnect(note)
    assert threads == [seen["thread"]] * 2


async def test_requests_are_served_side_by_side(handler):
    callers = [asking(handler, "echo") for _ in range(20)]
    for caller in callers:
        await caller.send_input({"type": "http.request", "body": b"one"})
    answers = await asyncio.gather(*(whole(caller) for caller in callers))
    assert [body for _, _, body in answers] == [b"one"] * 20
