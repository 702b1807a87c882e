"""`make reset` forgets everything, but never what is in use or what is not ours."""

from pathlib import Path

import pytest

from aeterna_portal.local.errors import ServiceError
from aeterna_portal.local.placement import POINTER
from aeterna_portal.local.postgres import EmbeddedPostgres
from aeterna_portal.local.reset import main, reset
from aeterna_portal.local.state import exclusive


def test_reset_removes_the_database_wherever_it_is(state_dir: Path) -> None:
    with EmbeddedPostgres(state_dir=state_dir) as server:
        home = server.home
    (state_dir / "browser").write_text("/usr/bin/chromium\n")
    reset(state_dir)
    assert not home.exists()
    assert sorted(path.name for path in state_dir.iterdir()) == ["browser", "run.lock"]


@pytest.mark.parametrize("part", ["run.lock", "postgres/lock", "redis/lock"])
def test_reset_refuses_while_anything_runs(state_dir: Path, part: str) -> None:
    for name in ("postgres", "redis"):
        (state_dir / name).mkdir(parents=True)
    (state_dir / "secrets.json").write_text("{}")
    with exclusive(state_dir / part), pytest.raises(ServiceError, match="is running: stop it"):
        reset(state_dir)
    assert (state_dir / "secrets.json").exists()


def test_pointer_to_a_foreign_folder_is_not_followed(state_dir: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "precious"
    foreign.mkdir()
    (foreign / "letters").touch()
    state_dir.mkdir()
    (state_dir / POINTER).write_text(f"{foreign}\n")
    reset(state_dir)
    assert (foreign / "letters").exists()
    (state_dir / POINTER).unlink(missing_ok=True)


def test_reset_of_nothing_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AETERNA_STATE_DIR", str(tmp_path / "absent"))
    assert main() == 0
    assert "forgotten" in capsys.readouterr().out
    assert not (tmp_path / "absent").exists()
