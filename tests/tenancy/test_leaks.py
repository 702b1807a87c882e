"""No tenant leaks through a pool of few connections, nor through PgBouncer between requests."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.environment import ROOT, SECRET

pytestmark = pytest.mark.gap("MT-C1")
SEED = 20261122
PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@pytest.mark.parametrize(
    "operations",
    [10_000, pytest.param(100_000, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])],
)
def test_a_small_pool_leaks_nothing(database_urls, operations):
    _require_no_leak(_run(database_urls, operations), operations)


@pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed on this machine")
@pytest.mark.parametrize(
    "operations",
    [2_000, pytest.param(100_000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])],
)
def test_pgbouncer_in_transaction_mode_leaks_nothing(database_urls, operations):
    # Not a folder of pytest's, which others may not enter: the pooler does not run as root.
    with (
        tempfile.TemporaryDirectory(prefix="aeterna-pgbouncer-") as folder,
        PgBouncer(database_urls, Path(folder)) as url,
    ):
        pooled = {**database_urls, "DATABASE_URL": url, "DATABASE_POOLER": "true"}
        _require_no_leak(_run(pooled, operations), operations)


def test_the_run_would_notice_a_tenant_set_for_the_session(database_urls):
    tally = _run(database_urls, 800, "sabotage")
    assert tally["wrong: no context"] > 0


def _require_no_leak(tally, operations):
    wrong = {name: count for name, count in tally.items() if name.startswith("wrong")}
    assert wrong == {}, f"seed {tally['seed']}"
    assert tally["operations"] >= operations
    kinds = {"read", "no context", "exception", "sql error", "reconnect", "savepoint", "write"}
    assert kinds <= set(tally)


def _run(urls, operations, *extra):
    environment = {
        **os.environ,
        **urls,
        "AETERNA_ENVIRONMENT": "demo",
        "SECRET_KEY": SECRET,
        "DATABASE_POOL_SIZE": "3",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "LOG_LEVEL": "ERROR",
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "-m", "tests.tenancy.leak_run", str(operations), str(SEED)]
    done = subprocess.run(
        [*command, *extra], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


class PgBouncer:
    """A PgBouncer in transaction mode before the test database, with two server connections."""

    def __init__(self, urls, folder):
        self.parts = urlsplit(urls["DATABASE_URL"])
        self.folder = folder

    def __enter__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        parts = self.parts
        users = self.folder / "users.txt"
        users.write_text(f'"{parts.username}" "{parts.password}"\n')
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host={parts.hostname} port={parts.port}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {users}\npool_mode = transaction\n"
            "default_pool_size = 2\nmax_client_conn = 100\n"
            "ignore_startup_parameters = extra_float_digits,options\n"
        )
        command = [PGBOUNCER, "-q", str(settings)]
        if os.geteuid() == 0:
            for path in (self.folder, users, settings):
                shutil.chown(path, "nobody")
            command[1:1] = ["-u", "nobody"]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        address = f"{parts.username}:{parts.password}@127.0.0.1:{port}"
        url = urlunsplit(parts._replace(netloc=address))
        for _attempt in range(200):
            try:
                psycopg.connect(url, connect_timeout=2).close()
                return url
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise AssertionError("pgbouncer did not start")

    def __exit__(self, *_error):
        self.process.terminate()
        self.process.wait(timeout=10)
