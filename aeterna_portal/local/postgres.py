"""An embedded Postgres: own cluster, scram for everybody, loopback only.

    with EmbeddedPostgres(state_dir=folder) as server:
        urls = provision(server.superuser_url, database="aeterna", passwords=server.passwords)

With `durable=False` the server is fast and forgets: made for tests, its files go when it stops.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg

from .errors import AlreadyRunningError, PasswordRefusedError, ServiceError
from .placement import (
    database_home,
    give,
    installation,
    installed_version,
    neighbours,
    run_as,
    server_account,
)
from .processes import end, replace_file, working_in
from .provision import Passwords, role_url
from .server import EmbeddedServer, clean_environment
from .state import exclusive

SUPERUSER = "postgres"
LONGEST_SOCKET_FOLDER = 80
DISPOSABLE_MARK = "disposable"

ACCESS_RULES = """\
# Written at every start. Nobody enters without a password, not even over the socket.
local   all   all                  scram-sha-256
host    all   all   127.0.0.1/32   scram-sha-256
"""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "allow_alter_system": "off",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "jit": "off",
    # A client that was killed must not leave its query running.
    "client_connection_check_interval": "5s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "10s",
}


class EmbeddedPostgres(EmbeddedServer):
    """A Postgres server of our own, proven by a connection as its superuser."""

    name = "postgres"
    program = "postgres"
    gentle = signal.SIGINT
    passing_troubles = (
        "pre-existing shared memory block",
        'lock file "postmaster.pid" already exists',
        "the database system is shutting down",
    )

    @property
    def superuser_url(self) -> str:
        """The superuser's address, for provisioning only."""
        return role_url(
            SUPERUSER,
            self.secrets.postgres_superuser,
            host="127.0.0.1",
            port=self.port,
            database="postgres",
        )

    @property
    def passwords(self) -> Passwords:
        """The passwords kept in the state folder for the portal's roles."""
        return self.secrets.passwords

    @property
    def socket_dir(self) -> Path | None:
        """The folder of the Unix socket, or None where its path would be too long."""
        folder = self.home / "socket"
        return folder if len(str(folder)) <= LONGEST_SOCKET_FOLDER else None

    def stop(self) -> None:
        """End the server with a fast shutdown and, when it is not durable, drop its files."""
        if self._lock is not None and (self.home / DISPOSABLE_MARK).exists():
            self._abandon()
            end(self._survivors(), steps=((signal.SIGKILL, 5.0),))
            shutil.rmtree(self.home, ignore_errors=True)
        super().stop()

    def _settle(self) -> None:
        self.account = server_account()
        self.home = database_home(self.state_dir, account=self.account)

    def _stop_steps(self) -> Sequence[tuple[signal.Signals, float]]:
        return ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))

    def _end_leftovers(self) -> None:
        super()._end_leftovers()
        # Nobody works in the folder now, so whatever its lock files say is stale or damaged: the
        # pid may be another's by now, or a zombie that nobody has collected yet.
        (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
        if self.socket_dir is not None and self.socket_dir.is_dir():
            for path in self.socket_dir.iterdir():
                path.unlink()

    def _prepare(self) -> None:
        self._installation = installation(account=self.account)
        self._settle_durability()
        if not self.durable:
            _sweep(self.home)
        if self.socket_dir is not None:
            self.socket_dir.mkdir(mode=0o700, exist_ok=True)
            give(self.socket_dir, self.account)
        if not self.data_dir.exists():
            self._initialise()
        self._check_data()

    def _settle_durability(self) -> None:
        mark = self.home / DISPOSABLE_MARK
        if mark.exists():
            # A throwaway that was killed: without fsync nobody can vouch for its files.
            shutil.rmtree(self.data_dir, ignore_errors=True)
            mark.unlink()
        if not self.durable:
            if self.data_dir.exists():
                raise ServiceError(f"{self.data_dir} keeps data and cannot serve as a throwaway.")
            mark.touch()

    def _initialise(self) -> None:
        fresh, password_file = self.home / "data.new", self.home / "password.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        give(fresh, self.account)
        replace_file(password_file, self.secrets.postgres_superuser)
        give(password_file, self.account)
        try:
            self._run("initdb", *_initdb_arguments(fresh, password_file, sync=self.durable))
        finally:
            password_file.unlink()
        # The name says it is whole: a killed initdb leaves only data.new behind.
        fresh.rename(self.data_dir)

    def _check_data(self) -> None:
        owner = self.data_dir.stat().st_uid
        expected = os.geteuid() if self.account is None else self.account.uid
        if owner != expected:
            raise ServiceError(
                f"The database in {self.data_dir} belongs to user {owner}, not to {expected}: "
                "start as the user who created it, or remove it to begin anew."
            )
        try:
            found = (self.data_dir / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise ServiceError(f"{self.data_dir} is not a whole database: {error}") from error
        ours = installed_version().partition(".")[0]
        if found != ours:
            raise ServiceError(
                f"The database in {self.data_dir} was made by Postgres {found} and this is {ours}: "
                "dump it with the old version and load it, or remove it to begin anew."
            )

    def _configure(self) -> Sequence[str]:
        settings = {
            **SETTINGS,
            **(DURABLE if self.durable else FORGETFUL),
            "port": str(self.port),
            "unix_socket_directories": str(self.socket_dir or ""),
            "hba_file": str(self.home / "pg_hba.conf"),
        }
        lines = [f"{key} = '{_quoted(value)}'" for key, value in sorted(settings.items())]
        # Beside the data, not in it: the server's account cannot change its own rules.
        for name, text in (("pg_hba.conf", ACCESS_RULES), ("postgresql.conf", "\n".join(lines))):
            replace_file(self.home / name, text + "\n", mode=0o644)
        return (self._binary("postgres"), "-D", str(self.data_dir), *self._own_settings())

    def _own_settings(self) -> tuple[str, ...]:
        return ("-c", f"config_file={self.home / 'postgresql.conf'}")

    def _launch(self) -> None:
        try:
            super()._launch()
        except PasswordRefusedError:
            self._abandon()
            self._end_leftovers()
            self._restore_password()
            super()._launch()

    def _ping(self) -> bool:
        try:
            with psycopg.connect(
                self.superuser_url, connect_timeout=5, sslmode="disable", autocommit=True
            ) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise PasswordRefusedError(
                    "the superuser's password is not the recorded one"
                ) from error
            return False
        return row is not None and Path(str(row[0])).samefile(self.data_dir)

    def _restore_password(self) -> None:
        # The secrets file was lost but the data is here: a single-user server needs no password.
        secret = self.secrets.postgres_superuser
        self._run(
            "postgres",
            *("--single", "-D", str(self.data_dir), *self._own_settings(), "postgres"),
            text=f"ALTER ROLE {SUPERUSER} PASSWORD '{secret}';\n",
        )

    def _run(self, program: str, *arguments: str, text: str = "") -> None:
        done = subprocess.run(
            [self._binary(program), *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.home,
            env=clean_environment(),
            **run_as(self.account),
        )
        if done.returncode != 0:
            raise ServiceError(self._failure(f"{done.stdout}\n{done.stderr}"))

    def _binary(self, program: str) -> str:
        return str(self._installation / "bin" / program)


def _initdb_arguments(folder: Path, password_file: Path, *, sync: bool) -> tuple[str, ...]:
    return (
        *("--pgdata", str(folder), "--username", SUPERUSER, "--pwfile", str(password_file)),
        *("--auth-local", "scram-sha-256", "--auth-host", "scram-sha-256"),
        *("--encoding", "UTF8", "--locale", "C"),
        *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        *(() if sync else ("--no-sync",)),
        "--no-instructions",
    )


def _sweep(home: Path) -> None:
    # A killed test run cannot remove its files; whoever holds no lock any more is dead.
    for other in neighbours(home):
        if (other / DISPOSABLE_MARK).exists():
            try:
                with exclusive(other / "lock"):
                    left = working_in(other / "data", program=EmbeddedPostgres.program)
                    end(left, steps=((signal.SIGKILL, 5.0),))
                    shutil.rmtree(other, ignore_errors=True)
            except AlreadyRunningError:
                continue


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
