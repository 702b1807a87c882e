"""A running portal and a browser for the journeys."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from apps.portal.health import relay_lag_seconds
from tests.journeys.stack import Stack, running_stack, wait_until


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: Any,
    database_urls: dict[str, str],
    redis_url: str,
) -> Iterator[Stack]:
    """The portal over this worker's database, with a relay that is done with what was before."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with running_stack(folder, database_urls, redis_url) as running:
        with django_db_blocker.unblock():
            wait_until(lambda: relay_lag_seconds() < 1, seconds=180, what="the relay")
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium: AETERNA_BROWSER, or the one on PATH.

    Playwright keeps an event loop running in this thread, which Django would take for an async
    context; no async test may run meanwhile, so the browser ends with its module.
    """
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    found = os.environ.get("AETERNA_BROWSER") or shutil.which("chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=found,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield running
        running.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
