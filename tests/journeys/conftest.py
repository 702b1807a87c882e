"""A running portal and a browser for the journeys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.stack import Stack, running_stack


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    database_urls: dict[str, str],
    servers: Any,
) -> Iterator[Stack]:
    """The portal over this worker's database, with its relay."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with running_stack(folder, database_urls, servers.redis_url) as running:
        yield running
