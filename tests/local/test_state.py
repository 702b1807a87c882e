"""The state folder keeps its secrets to itself and gives children what they need."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from aeterna_portal.local.errors import AlreadyRunningError
from aeterna_portal.local.provision import Urls
from aeterna_portal.local.state import (
    CHECKOUT,
    SECRETS_FILE,
    environment,
    exclusive,
    load_secrets,
    lock,
    open_state,
    state_dir,
)


def test_state_lives_in_var_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AETERNA_STATE_DIR", raising=False)
    assert state_dir() == CHECKOUT / "var"
    monkeypatch.setenv("AETERNA_STATE_DIR", "/srv/elsewhere")
    assert state_dir() == Path("/srv/elsewhere")


def test_open_state_keeps_the_mode_of_an_existing_folder(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o700)
    assert open_state(folder) == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_secrets_are_random_private_and_kept(tmp_path: Path) -> None:
    first = load_secrets(tmp_path)
    values = json.loads((tmp_path / SECRETS_FILE).read_text())
    assert len(set(values.values())) == len(values) == 6
    assert min(len(value) for value in values.values()) >= 32
    assert stat.S_IMODE((tmp_path / SECRETS_FILE).stat().st_mode) == 0o600
    assert load_secrets(tmp_path) == first


def test_secrets_opened_to_others_are_closed_again(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    (tmp_path / SECRETS_FILE).chmod(0o644)
    load_secrets(tmp_path)
    assert stat.S_IMODE((tmp_path / SECRETS_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"secret_key": "x"}'])
def test_damaged_secrets_are_drawn_anew_and_put_aside(tmp_path: Path, content: str) -> None:
    path = tmp_path / SECRETS_FILE
    path.write_text(content)
    drawn = load_secrets(tmp_path)
    assert path.with_suffix(".broken").read_text() == content
    assert load_secrets(tmp_path) == drawn


def test_short_secret_is_not_accepted(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    path = tmp_path / SECRETS_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "redis": "short"}))
    assert len(load_secrets(tmp_path).redis) >= 32


def test_secrets_drawn_by_many_at_once_are_the_same(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from aeterna_portal.local.state import load_secrets;"
        "print(load_secrets(Path(sys.argv[1])).secret_key)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in started}) == 1


def test_lock_admits_one(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with exclusive(path), pytest.raises(AlreadyRunningError, match="locked by another"):
        lock(path)
    os.close(lock(path))


def test_environment_names_what_the_portal_reads() -> None:
    told = environment(
        folder=Path("/state"),
        secret_key="key",
        urls=Urls(owner="owner", app="app", platform="platform"),
        redis_url="redis",
        port=8000,
        public_url="http://127.0.0.1:8000",
    )
    assert told == {
        "AETERNA_ENVIRONMENT": "demo",
        "LOCAL_PASSWORDS": "true",
        "DEMO_PEOPLE_FILE": "/state/demo.json",
        "SECRET_KEY": "key",
        "DATABASE_URL": "app",
        "DATABASE_OWNER_URL": "owner",
        "DATABASE_PLATFORM_URL": "platform",
        "REDIS_URL": "redis",
        "PORT": "8000",
        "PUBLIC_URL": "http://127.0.0.1:8000",
    }


def test_local_services_import_no_django() -> None:
    code = (
        "import sys; import aeterna_portal.local.postgres, aeterna_portal.local.redis;"
        "print([name for name in sys.modules if name.partition('.')[0] == 'django'])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"
