"""Ports are kept from run to run, and a busy one is replaced in plain words."""

import socket
from pathlib import Path

import pytest

from aeterna_portal.local.ports import (
    Choice,
    choose_port,
    is_free,
    remember_port,
    remembered_port,
)


def listener() -> socket.socket:
    """A server on a port of its own."""
    return socket.create_server(("127.0.0.1", 0))


def free_port() -> int:
    """A port that was free a moment ago."""
    with listener() as server:
        return int(server.getsockname()[1])


def test_port_is_free_until_somebody_listens() -> None:
    with listener() as server:
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


@pytest.mark.parametrize("port", [65536, 10**9, -1])
def test_impossible_port_is_not_free(port: int) -> None:
    assert not is_free(port)


def test_first_choice_is_free_and_silent(tmp_path: Path) -> None:
    choice = choose_port(book=tmp_path / "ports.json", name="web")
    assert is_free(choice.port)
    assert choice.message is None


def test_remembered_port_is_chosen_again(tmp_path: Path) -> None:
    book, port = tmp_path / "ports.json", free_port()
    remember_port(book=book, name="redis", port=1)
    remember_port(book=book, name="web", port=port)
    assert choose_port(book=book, name="web") == Choice(name="web", port=port, busy=None)
    assert remembered_port(book=book, name="redis") == 1


def test_wanted_port_goes_before_the_remembered_one(tmp_path: Path) -> None:
    book, wanted = tmp_path / "ports.json", free_port()
    remember_port(book=book, name="web", port=free_port())
    assert choose_port(book=book, name="web", preferred=wanted).port == wanted


def test_busy_port_is_named_with_its_replacement(tmp_path: Path) -> None:
    with listener() as server:
        busy = server.getsockname()[1]
        choice = choose_port(book=tmp_path / "ports.json", name="web", preferred=busy)
    assert choice.port != busy
    assert choice.message == (f"Port {busy} is in use by another program: web uses {choice.port}.")


def test_busy_port_gives_way_to_the_remembered_one(tmp_path: Path) -> None:
    book, known = tmp_path / "ports.json", free_port()
    remember_port(book=book, name="web", port=known)
    with listener() as server:
        busy = server.getsockname()[1]
        choice = choose_port(book=book, name="web", preferred=busy)
    assert choice == Choice(name="web", port=known, busy=busy)


def test_port_promised_to_another_is_not_chosen(tmp_path: Path) -> None:
    port = free_port()
    choice = choose_port(
        book=tmp_path / "ports.json", name="b", preferred=port, taken=frozenset({port})
    )
    assert choice.port != port


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"web": "x"}', '{"web": 70000}'])
def test_damaged_book_counts_as_empty(tmp_path: Path, content: str) -> None:
    book = tmp_path / "ports.json"
    book.write_text(content)
    assert remembered_port(book=book, name="web") is None
    assert is_free(choose_port(book=book, name="web").port)
    remember_port(book=book, name="web", port=80)
    assert remembered_port(book=book, name="web") == 80
