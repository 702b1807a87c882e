"""What a REST list costs against the bare SQL behind it."""

import uuid

import httpx
import psycopg

from tests.benchmarks.isolation import LIST, SET
from tests.benchmarks.measure import Figure, interleaved, median_ms
from tests.factories.company import TestCompany


def measure(*, company: TestCompany, url: str, token: str, app_url: str) -> list[Figure]:
    """Return the ratio of a REST list of 50 events to its SQL through psycopg."""
    headers = {"Authorization": f"Bearer {token}"}
    tenant = str(uuid.UUID(str(company.tenant_id)))
    with httpx.Client(base_url=url, headers=headers) as client, psycopg.connect(app_url) as app:

        def listed() -> None:
            answer = client.get("/api/v1/events", params={"limit": 50})
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["results"]) == 50

        def bare() -> None:
            app.execute(SET, (tenant,))
            app.execute(LIST.format(where="true")).fetchall()
            app.rollback()

        seconds = interleaved(200, rest=listed, sql=bare)
    rest, sql = median_ms(seconds["rest"]), median_ms(seconds["sql"])
    ratio = rest / sql
    return [
        Figure(
            "REST list of 50 rows against the bare SQL through psycopg",
            f"{ratio:.1f} x ({rest:.1f} ms against {sql:.2f} ms)",
            "≤ 4 x",
            ratio <= 4,
            ""
            if ratio <= 4
            else "HTTP, the token, the Cedar decisions and JSON cost more than the query",
        )
    ]
