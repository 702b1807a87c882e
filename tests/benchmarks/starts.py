"""How long `make run` takes until it serves, the first time and after."""

import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.benchmarks.measure import Figure
from tests.environment import ROOT, base_environment
from tests.journeys.stack import free_port, wait_until

AGAIN = 3
FIRST_SECONDS, AGAIN_SECONDS = 90, 10


def measure(*, folder: Path) -> list[Figure]:
    """Return the seconds from the command to a served page, without and with earlier state."""
    first = _start(folder)
    again = statistics.median(_start(folder) for _ in range(AGAIN))
    return [
        Figure(
            "`make run` to a served page, the first time, with what it downloads in place",
            f"{first:.1f} s",
            f"< {FIRST_SECONDS} s",
            first < FIRST_SECONDS,
        ),
        Figure(
            "`make run` to a served page, after that",
            f"{again:.1f} s",
            f"< {AGAIN_SECONDS} s",
            again < AGAIN_SECONDS,
        ),
    ]


def _start(folder: Path) -> float:
    port = free_port()
    theirs = base_environment()
    environment = {name: value for name, value in os.environ.items() if name not in theirs}
    environment |= {"AETERNA_STATE_DIR": str(folder), "PORT": str(port)}
    started = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "aeterna_portal.local.run"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        page = f"http://127.0.0.1:{port}/sign-in/"
        wait_until(lambda: httpx.get(page).status_code == 200, seconds=300, what="the sign-in page")
        return time.perf_counter() - started
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(60)
