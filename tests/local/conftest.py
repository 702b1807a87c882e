"""State folders and servers for the tests of the local services."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from aeterna_portal.local.placement import POINTER
from aeterna_portal.local.postgres import EmbeddedPostgres
from aeterna_portal.local.processes import end, leaders, working_in


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """A state folder below a private parent; whatever lives outside it is removed afterwards."""
    folder = tmp_path / "var"
    yield folder
    _remove_database(folder)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A throwaway server shared by the tests of one module."""
    folder = tmp_path_factory.mktemp("cluster") / "var"
    with EmbeddedPostgres(state_dir=folder, durable=False) as server:
        yield server
    _remove_database(folder)


def _remove_database(folder: Path) -> None:
    pointer = folder / POINTER
    home = Path(pointer.read_text().strip()) if pointer.exists() else folder / "postgres"
    for data, program in ((home / "data", "postgres"), (folder / "redis/data", "valkey-server")):
        left = leaders(working_in(data, program=program))
        end(left, steps=((signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)))
    shutil.rmtree(home, ignore_errors=True)
