"""What row-level security and setting the tenant cost."""

import uuid

import psycopg
from django.db import connection, transaction

from apps.kernel.tenancy import acting_as
from tests.benchmarks.measure import Figure, interleaved, median_ms
from tests.factories.company import TestCompany

TENANTS, ROWS = 100, 1_000_000
LIST = "SELECT * FROM events_event WHERE {where} ORDER BY id DESC LIMIT 50"
SET = "select set_config('aeterna.tenant_id', %s, true)"
FILL = """
    INSERT INTO events_event (id, tenant_id, occurred_at, action, type, outcome, actor_kind,
        actor_id, actor_name, on_behalf_of, is_platform, channel, request_id, resource_type,
        resource_id, resource_name, scope_id, reason, policies, payload)
    SELECT uuidv7(), CASE n %% %(tenants)s WHEN 42 THEN %(company)s::uuid ELSE
            ('00000000-0000-7000-8000-' || lpad((n %% %(tenants)s)::text, 12, '0'))::uuid END,
        now() - n * interval '1 second', 'policy.edit', 'policy.edited', 'done', 'User',
        md5((n %% 300)::text), 'Somebody', '[]', false, 'web', md5(n::text), 'Policy',
        md5((n %% 9999)::text), 'A policy', %(company)s::uuid, '', '[]', '{}'
    FROM generate_series(1, %(rows)s) n
"""


def fill(superuser_url: str, *, company: uuid.UUID) -> None:
    """Write a million events of a hundred tenants, of which `company` is one."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(FILL, {"tenants": TENANTS, "rows": ROWS, "company": company})
        connection.execute("VACUUM ANALYZE events_event")


def measure(*, app_url: str, superuser_url: str, company: TestCompany) -> list[Figure]:
    """Return the figures of the tenant wall."""
    tenant = str(company.tenant_id)
    with psycopg.connect(app_url) as app, psycopg.connect(superuser_url) as free:
        app.execute(SET, (tenant,))
        seconds = interleaved(
            400,
            walled=lambda: app.execute(LIST.format(where="true")).fetchall(),
            plain=lambda: free.execute(LIST.format(where="tenant_id = %s"), (tenant,)).fetchall(),
        )
        app.rollback()
    walled, plain = median_ms(seconds["walled"]), median_ms(seconds["plain"])
    ratio = walled / plain
    micro = _microseconds_to_set(company)
    return [
        Figure(
            "Reading 50 rows under row-level security, 1 M rows, 100 tenants, against plain WHERE",
            f"{ratio:.2f} x ({walled:.3f} ms against {plain:.3f} ms)",
            "≤ 1.10 x",
            ratio <= 1.10,
        ),
        Figure(
            "Setting the tenant, per transaction: `acting_as` against a plain `atomic`",
            f"{micro:.0f} µs",
            "≤ 50 µs",
            micro <= 50,
            "one round trip, the actor and the context",
        ),
    ]


def _microseconds_to_set(company: TestCompany) -> float:
    actor = company.actor("admin")

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select 1")

    def bare() -> None:
        with transaction.atomic():
            ask()

    def scoped() -> None:
        with acting_as(actor):
            ask()

    cost = interleaved(2000, bare=bare, scoped=scoped)
    return (median_ms(cost["scoped"]) - median_ms(cost["bare"])) * 1000
