"""The embedded Postgres starts from every state a crash can leave, and lets nobody in unasked."""

import json
import os
import shutil
import signal
import socket
import stat
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from aeterna_portal.local.errors import AlreadyRunningError, ServiceError
from aeterna_portal.local.placement import POINTER, SYSTEM_HOME, server_account
from aeterna_portal.local.postgres import EmbeddedPostgres
from aeterna_portal.local.processes import identify, is_alive, wait_gone, working_in
from aeterna_portal.local.provision import provision
from aeterna_portal.local.state import EMBEDDED, SECRETS_FILE, load_secrets

from .held import hold, kill


def ask(server: EmbeddedPostgres, query: str) -> list[tuple[object, ...]]:
    """Run one statement as the superuser."""
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def keep_a_row(server: EmbeddedPostgres) -> None:
    """Write what must still be there later."""
    ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")


def crash(server: EmbeddedPostgres) -> None:
    """Kill the postmaster and let go of the state, as a killed `make run` would."""
    os.kill(server.pid, signal.SIGKILL)
    server.stop()


def test_second_start_keeps_the_data_and_the_port(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as first:
        keep_a_row(first)
        port = first.port
    with EmbeddedPostgres(state_dir=state_dir) as second:
        assert ask(second, "SELECT answer FROM kept") == [(42,)]
        assert second.port == port


def test_server_runs_with_the_promised_settings(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as server:
        names = ["fsync", "full_page_writes", "synchronous_commit", "jit", "listen_addresses"]
        names += ["client_connection_check_interval", "password_encryption", "data_checksums"]
        shown = [ask(server, f"SHOW {name}")[0][0] for name in names]
        assert shown == ["on", "on", "on", "off", "127.0.0.1", "5s", "scram-sha-256", "on"]
        methods = ask(server, "SELECT DISTINCT auth_method FROM pg_hba_file_rules")
        assert methods == [("scram-sha-256",)]


def test_server_does_not_run_as_root(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as server:
        account = server_account()
        expected = os.geteuid() if account is None else account.uid
        assert Path(f"/proc/{server.pid}").stat().st_uid == expected != 0
        assert server.data_dir.stat().st_uid == expected
        assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700


def test_no_folder_above_the_state_changes_its_mode(state_dir: Path) -> None:
    parents = [path for path in state_dir.parents if path.exists()]
    state_dir.parent.chmod(0o700)
    before = [path.stat().st_mode for path in parents]
    with EmbeddedPostgres(state_dir=state_dir) as server:
        assert server.is_running()
    assert [path.stat().st_mode for path in parents] == before
    assert stat.S_IMODE(state_dir.parent.stat().st_mode) == 0o700


def test_secrets_are_readable_by_their_owner_only(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as server:
        secrets = state_dir / SECRETS_FILE
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
        assert server.secrets.postgres_superuser in secrets.read_text()
        command_line = Path(f"/proc/{server.pid}/cmdline").read_bytes().decode()
        assert server.secrets.postgres_superuser not in command_line


@pytest.mark.parametrize("password", ["wrong", ""])
@pytest.mark.parametrize("door", ["tcp", "socket"])
def test_connection_without_the_password_is_refused(
    cluster: EmbeddedPostgres, tmp_path: Path, password: str, door: str
) -> None:
    host = "127.0.0.1" if door == "tcp" else str(cluster.socket_dir)
    with pytest.raises(psycopg.OperationalError, match=r"password authentication|no password"):
        psycopg.connect(
            host=host,
            port=cluster.port,
            user="postgres",
            dbname="postgres",
            password=password,
            passfile=str(tmp_path / "none"),
        )


def test_socket_admits_the_right_password(cluster: EmbeddedPostgres) -> None:
    with psycopg.connect(
        host=str(cluster.socket_dir),
        port=cluster.port,
        user="postgres",
        dbname="postgres",
        password=cluster.secrets.postgres_superuser,
    ) as connection:
        row = connection.execute("SELECT inet_server_addr() IS NULL").fetchone()
        assert row == (True,)


def test_server_listens_on_loopback_only(cluster: EmbeddedPostgres) -> None:
    addresses = {
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{cluster.port:04X}") and line.split()[3] == "0A"
    }
    assert addresses == {f"0100007F:{cluster.port:04X}"}


def test_killed_postmaster_starts_again_at_once_with_every_commit(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as first:
        keep_a_row(first)
        crash(first)
    with EmbeddedPostgres(state_dir=state_dir) as second:
        assert ask(second, "SELECT answer FROM kept") == [(42,)]


def test_revived_server_returns_to_its_port_with_every_commit(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as server:
        keep_a_row(server)
        port, pid = server.port, server.pid
        os.kill(pid, signal.SIGKILL)
        server.revive()
        assert (server.port, server.pid != pid) == (port, True)
        assert ask(server, "SELECT answer FROM kept") == [(42,)]


@pytest.mark.parametrize(
    "content",
    ["", "1", "garbage\n\n", "{own_pid}\n", "{own_pid}\n{data}\n1763840000\n{port}\n\n\n123 456\n"],
    ids=["empty", "truncated", "garbage", "reused pid", "reused pid, whole file"],
)
def test_damaged_or_stale_pid_file_does_not_block_the_start(state_dir: Path, content: str) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as first:
        keep_a_row(first)
        crash(first)
    pid_file = first.data_dir / "postmaster.pid"
    values = {"own_pid": os.getpid(), "data": first.data_dir, "port": first.port}
    pid_file.write_text(content.format(**values))
    assert first.socket_dir is not None
    (first.socket_dir / f".s.PGSQL.{first.port}.lock").write_text(content.format(**values))
    with EmbeddedPostgres(state_dir=state_dir) as second:
        assert ask(second, "SELECT answer FROM kept") == [(42,)]
        assert second.port == first.port


def test_stale_record_whose_pid_was_reused_harms_nobody(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as first:
        crash(first)
    innocent = identify(os.getpid())
    assert innocent is not None
    record = first.home / "process.json"
    record.write_text(json.dumps({"pid": innocent.pid, "started": "another boot/1"}))
    with EmbeddedPostgres(state_dir=state_dir) as second:
        assert is_alive(innocent)
        assert second.pid != innocent.pid


@pytest.mark.parametrize("content", ["", '{"pid": 1', "[]", '{"pid": "x", "started": 1}'])
def test_damaged_record_does_not_block_the_start(state_dir: Path, content: str) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as first:
        keep_a_row(first)
    (first.home / "process.json").write_text(content)
    with EmbeddedPostgres(state_dir=state_dir) as second:
        assert ask(second, "SELECT answer FROM kept") == [(42,)]


def test_server_ends_when_its_holder_is_killed(state_dir: Path) -> None:
    process, server = hold("postgres", state_dir)
    kill(process)
    assert wait_gone([server], seconds=30) == []


def test_killed_holder_leaves_nothing_that_blocks_the_next_start(state_dir: Path) -> None:
    process, server = hold("postgres", state_dir)
    kill(process)
    with EmbeddedPostgres(state_dir=state_dir) as second:
        assert not is_alive(server)
        assert second.is_running()


@pytest.mark.parametrize("recorded", [True, False])
def test_orphaned_server_is_ended_before_the_next_start(state_dir: Path, recorded: bool) -> None:
    process, orphan = hold("postgres", state_dir, orphan=True)
    kill(process)
    assert is_alive(orphan)
    home = home_of(state_dir)
    if not recorded:
        (home / "process.json").unlink()
    with EmbeddedPostgres(state_dir=state_dir) as fresh:
        assert fresh.home == home
        assert not is_alive(orphan)
        assert fresh.is_running()


def test_second_supervisor_of_the_same_state_is_refused(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as first:
        with pytest.raises(AlreadyRunningError, match="already in use"):
            EmbeddedPostgres(state_dir=state_dir).start()
        assert ask(first, "SELECT 1") == [(1,)]


def test_refused_supervisor_does_not_remove_what_another_uses(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as first:
        with pytest.raises(AlreadyRunningError):
            EmbeddedPostgres(state_dir=state_dir, durable=False).start()
        assert ask(first, "SELECT 1") == [(1,)]


def test_busy_port_is_left_to_its_owner(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as first:
        port = first.port
    with socket.create_server(("127.0.0.1", port)), EmbeddedPostgres(state_dir=state_dir) as second:
        assert second.port != port
        assert ask(second, "SELECT 1") == [(1,)]


def test_lost_secrets_are_drawn_anew_and_the_data_stays(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as first:
        keep_a_row(first)
        old = first.secrets
    (state_dir / SECRETS_FILE).unlink()
    with EmbeddedPostgres(state_dir=state_dir) as second:
        assert second.secrets.postgres_superuser != old.postgres_superuser
        assert ask(second, "SELECT answer FROM kept") == [(42,)]


def test_half_made_cluster_of_a_killed_first_start_is_made_again(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as first:
        pass
    first.data_dir.rename(first.home / "data.new")
    (first.home / "data.new" / "PG_VERSION").unlink()
    with EmbeddedPostgres(state_dir=state_dir) as second:
        assert ask(second, "SELECT 1") == [(1,)]
        assert not (second.home / "data.new").exists()


def test_data_of_another_version_is_named_and_left_alone(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as first:
        pass
    version = first.data_dir / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(ServiceError, match="made by Postgres 17 and this is 18"):
        EmbeddedPostgres(state_dir=state_dir).start()
    assert (first.data_dir / "global" / "pg_control").exists()


def test_damaged_cluster_fails_with_the_servers_own_words(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as first:
        pass
    (first.data_dir / "global" / "pg_control").unlink()
    broken = EmbeddedPostgres(state_dir=state_dir)
    with pytest.raises(ServiceError, match="pg_control") as caught:
        broken.start()
    assert str(broken.log_path) in str(caught.value)
    assert working_in(first.data_dir, program="postgres") == []


def test_server_that_cannot_stay_up_is_not_reported_as_running(state_dir: Path) -> None:
    server = EmbeddedPostgres(state_dir=state_dir, start_timeout=0.0)
    with pytest.raises(ServiceError, match="postgres does not start"):
        server.start()
    assert not server.is_running()
    with EmbeddedPostgres(state_dir=state_dir) as later:
        assert ask(later, "SELECT 1") == [(1,)]


def test_throwaway_server_forgets_quickly_and_leaves_no_files(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir, durable=False) as server:
        names = ["fsync", "full_page_writes", "synchronous_commit"]
        assert [ask(server, f"SHOW {name}")[0][0] for name in names] == ["off", "off", "off"]
        home, pid = server.home, identify(server.pid)
    assert not home.exists()
    assert pid is not None
    assert not is_alive(pid)


def test_files_of_a_killed_throwaway_server_are_swept_by_the_next(
    state_dir: Path, tmp_path: Path
) -> None:
    process, killed = hold("postgres", state_dir, durable=False)
    left = home_of(state_dir)
    kill(process)
    with EmbeddedPostgres(state_dir=tmp_path / "other", durable=False):
        # Inside the state folder of somebody else nothing is touched.
        assert left.exists() == (left.parent != SYSTEM_HOME)
        assert not is_alive(killed) or left.exists()


def test_throwaway_server_in_use_is_not_swept(state_dir: Path, tmp_path: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir, durable=False) as used:
        with EmbeddedPostgres(state_dir=tmp_path / "other", durable=False):
            assert used.is_running()
        assert ask(used, "SELECT 1") == [(1,)]


def test_lasting_files_are_never_swept(state_dir: Path, tmp_path: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as lasting:
        keep_a_row(lasting)
    with EmbeddedPostgres(state_dir=tmp_path / "other", durable=False):
        assert (lasting.data_dir / "PG_VERSION").exists()


def test_lasting_database_is_never_opened_as_a_throwaway(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as lasting:
        keep_a_row(lasting)
    with pytest.raises(ServiceError, match="keeps data"):
        EmbeddedPostgres(state_dir=state_dir, durable=False).start()
    with EmbeddedPostgres(state_dir=state_dir) as again:
        assert ask(again, "SELECT answer FROM kept") == [(42,)]


def home_of(state_dir: Path) -> Path:
    """Return the folder that holds the database of `state_dir`."""
    pointer = state_dir / POINTER
    return Path(pointer.read_text().strip()) if pointer.exists() else state_dir / "postgres"


def test_database_moved_out_of_reach_is_never_replaced_by_an_empty_one(tmp_path: Path) -> None:
    account = server_account()
    if account is None:
        # An ordinary user always reaches what is theirs: nothing to lose here.
        return
    public = Path("/var/tmp") / f"aeterna-test-{os.getpid()}"
    public.mkdir(mode=0o755)
    try:
        with EmbeddedPostgres(state_dir=public / "var") as first:
            assert first.home == public / "var" / "postgres"
        public.chmod(0o700)
        with pytest.raises(ServiceError, match=account.name):
            EmbeddedPostgres(state_dir=public / "var").start()
        assert not (public / "var" / "postgres.location").exists()
    finally:
        shutil.rmtree(public)


def test_passwords_of_the_roles_come_from_the_state(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as server:
        assert server.passwords == load_secrets(state_dir).passwords


def test_addresses_say_that_they_are_embedded(cluster: EmbeddedPostgres) -> None:
    made = provision(cluster.superuser_url, database="marked", passwords=cluster.passwords)
    for url in (made.app, made.owner, made.platform):
        assert (urlsplit(url).password or "").startswith(f"{EMBEDDED}-")


def test_killed_throwaways_files_are_not_reused(state_dir: Path) -> None:
    process, _ = hold("postgres", state_dir, durable=False)
    left = home_of(state_dir) / "data" / "left behind"
    left.touch()
    kill(process)
    with EmbeddedPostgres(state_dir=state_dir) as lasting:
        assert not left.exists()
        keep_a_row(lasting)
    with EmbeddedPostgres(state_dir=state_dir) as again:
        assert ask(again, "SELECT answer FROM kept") == [(42,)]
