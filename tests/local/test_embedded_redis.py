"""The embedded Redis keeps what it acknowledged and wants its password."""

import contextlib
import json
import os
import signal
import socket
import stat
import time
from pathlib import Path

import pytest
import redis

from aeterna_portal.local.errors import AlreadyRunningError, ServiceError
from aeterna_portal.local.processes import identify, is_alive, wait_gone
from aeterna_portal.local.redis import EmbeddedRedis
from aeterna_portal.local.state import EMBEDDED

from .held import hold, kill


def client_of(server: EmbeddedRedis) -> "redis.Redis":
    """Return a client with the right password."""
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_second_start_keeps_the_data_and_the_port(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir=state_dir) as first:
        client_of(first).set("answer", "42")
        port = first.port
    with EmbeddedRedis(state_dir=state_dir) as second:
        assert client_of(second).get("answer") == "42"
        assert second.port == port


def test_server_runs_with_the_promised_settings(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir=state_dir) as server:
        names = ["appendonly", "maxmemory-policy", "bind", "protected-mode"]
        shown = client_of(server).config_get(*names)
        assert shown == {
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
            "bind": "127.0.0.1",
            "protected-mode": "yes",
        }


@pytest.mark.parametrize("password", [None, "wrong"])
def test_connection_without_the_password_is_refused(state_dir: Path, password: str | None) -> None:
    with EmbeddedRedis(state_dir=state_dir) as server:
        stranger = redis.Redis(port=server.port, password=password)
        with pytest.raises(redis.AuthenticationError):
            stranger.set("answer", "43")
        assert client_of(server).get("answer") is None


def test_password_is_in_no_command_line_and_no_open_file(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir=state_dir) as server:
        command_line = Path(f"/proc/{server.pid}/cmdline").read_bytes().decode()
        assert server.secrets.redis not in command_line
        assert stat.S_IMODE((server.home / "redis.conf").stat().st_mode) == 0o600


def test_every_acknowledged_write_survives_a_kill(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir=state_dir) as server:
        client = client_of(server)
        for number in range(1000):
            client.rpush("numbers", number)
        os.kill(server.pid, signal.SIGKILL)
    with EmbeddedRedis(state_dir=state_dir) as second:
        numbers = client_of(second).lrange("numbers", 0, -1)
        assert numbers == [str(number) for number in range(1000)]


def test_revived_server_returns_to_its_port_with_its_data(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir=state_dir) as server:
        client_of(server).set("answer", "42")
        port = server.port
        os.kill(server.pid, signal.SIGKILL)
        server.revive()
        assert server.port == port
        assert client_of(server).get("answer") == "42"


def taken(port: int) -> socket.socket:
    """Listen on `port`, as soon as whoever was faster by chance has left it."""
    for _ in range(200):
        with contextlib.suppress(OSError):
            return socket.create_server(("127.0.0.1", port))
        time.sleep(0.05)
    raise AssertionError(f"port {port} does not become free")


def test_revived_server_whose_port_was_taken_says_so_and_stays_down(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir=state_dir) as server:
        dead, port = identify(server.pid), server.port
        assert dead is not None
        os.kill(dead.pid, signal.SIGKILL)
        assert wait_gone([dead], seconds=10) == []
        with (
            taken(port),
            pytest.raises(ServiceError, match=f"cannot return to port {port}"),
        ):
            server.revive()
        assert not server.is_running()


def test_half_written_last_command_does_not_block_the_start(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir=state_dir) as first:
        client_of(first).set("answer", "42")
    log = next((first.data_dir / "appendonlydir").glob("*.incr.aof"))
    with log.open("ab") as stream:
        stream.write(b"*3\r\n$3\r\nSET\r\n$4\r\nhal")
    with EmbeddedRedis(state_dir=state_dir) as second:
        assert client_of(second).get("answer") == "42"


def test_damaged_data_fails_with_the_servers_own_words(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir=state_dir) as first:
        client_of(first).set("answer", "42")
    log = next((first.data_dir / "appendonlydir").glob("*.incr.aof"))
    log.write_bytes(b"garbage\r\n" + log.read_bytes())
    with pytest.raises(ServiceError, match="Bad file format"):
        EmbeddedRedis(state_dir=state_dir).start()


def test_stale_record_whose_pid_was_reused_harms_nobody(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir=state_dir) as first:
        pass
    innocent = identify(os.getpid())
    assert innocent is not None
    record = first.home / "process.json"
    record.write_text(json.dumps({"pid": innocent.pid, "started": "another boot/1"}))
    with EmbeddedRedis(state_dir=state_dir) as second:
        assert is_alive(innocent)
        assert second.is_running()


def test_server_ends_when_its_holder_is_killed(state_dir: Path) -> None:
    process, server = hold("redis", state_dir)
    kill(process)
    assert wait_gone([server], seconds=30) == []


@pytest.mark.parametrize("recorded", [True, False])
def test_orphaned_server_is_ended_before_the_next_start(state_dir: Path, recorded: bool) -> None:
    process, orphan = hold("redis", state_dir, orphan=True)
    kill(process)
    assert is_alive(orphan)
    if not recorded:
        (state_dir / "redis" / "process.json").write_text("")
    with EmbeddedRedis(state_dir=state_dir) as fresh:
        assert not is_alive(orphan)
        assert client_of(fresh).ping()


def test_second_supervisor_of_the_same_state_is_refused(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir=state_dir) as first:
        with pytest.raises(AlreadyRunningError, match=r"redis of .* is already in use"):
            EmbeddedRedis(state_dir=state_dir).start()
        assert client_of(first).ping()


def test_stranger_on_the_port_is_not_mistaken_for_our_server(
    state_dir: Path, tmp_path: Path
) -> None:
    with EmbeddedRedis(state_dir=tmp_path / "stranger") as stranger:
        ports = {"redis": stranger.port}
        state_dir.mkdir()
        (state_dir / "ports.json").write_text(json.dumps(ports))
        with EmbeddedRedis(state_dir=state_dir) as ours:
            assert ours.port != stranger.port
            client_of(ours).set("answer", "42")
        assert client_of(stranger).get("answer") is None


def test_address_says_that_it_is_embedded(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir=state_dir) as server:
        assert server.url.startswith(f"redis://:{EMBEDDED}-")
