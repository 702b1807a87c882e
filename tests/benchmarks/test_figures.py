"""`make bench`: measures every figure in one run and writes docs/benchmarks.md."""

import os
import platform
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from apps.identity.operations import create_token
from apps.kernel import clock
from tests.benchmarks import (
    analysis,
    decisions,
    fleet,
    impact,
    intents,
    isolation,
    replay,
    rest,
    starts,
)
from tests.benchmarks.measure import table
from tests.environment import ROOT
from tests.journeys.stack import PooledStack, running_stack

PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = """# Figures

Written by `make bench`; medians, ratios within one run. {cores} cores, {machine}, Python {python},
Postgres {postgres} and the client on the same machine.

"""


@pytest.mark.skipif("AETERNA_BENCH" not in os.environ, reason="runs with `make bench`")
@pytest.mark.timeout(1200)
def test_every_figure_is_measured_and_written_down(
    committed_company: Any,
    database_urls: dict[str, str],
    servers: Any,
    redis_url: str,
    tmp_path: Path,
) -> None:
    name = database_urls["DATABASE_URL"].rsplit("/", 1)[1]
    superuser = servers.superuser_url.rsplit("/", 1)[0] + f"/{name}"
    tenant = committed_company.tenant_id
    isolation.fill(superuser, company=tenant)
    figures = isolation.measure(
        app_url=database_urls["DATABASE_URL"], superuser_url=superuser, company=committed_company
    )
    with committed_company.acting("admin"):
        _, token = create_token(name="bench", expires_at=clock.now() + timedelta(days=1))
    with running_stack(tmp_path, database_urls, redis_url, kind=PooledStack) as stack:
        figures += rest.measure(
            company=committed_company,
            url=stack.url,
            token=token,
            app_url=database_urls["DATABASE_URL"],
        )
        figures += fleet.measure(company=committed_company, stack=stack)
    figures += decisions.measure()
    figures += analysis.measure()
    figures += impact.measure()
    figures += intents.measure()
    figures += replay.measure()
    figures += starts.measure(folder=tmp_path / "fresh")
    with psycopg.connect(superuser) as connection:
        version = connection.info.parameter_status("server_version")
    head = HEAD.format(
        cores=os.cpu_count(),
        machine=platform.machine(),
        python=platform.python_version(),
        postgres=version,
    )
    PAGE.write_text(head + table(figures) + "\n", encoding="utf-8")
    print(table(figures))
