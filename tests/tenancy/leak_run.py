"""A program: many threads, few connections, mixed tenants and failures; counts wrong answers.

Run as `python -m tests.tenancy.leak_run OPERATIONS SEED [sabotage]`; prints one line of JSON.
"""

import json
import os
import random
import sys
import threading
from collections import Counter
from typing import Any

import django

THREADS = 8
TENANTS = 5


class Planned(Exception):
    """A failure that the run itself plants."""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aeterna_portal.settings")
    django.setup()
    operations, seed = int(sys.argv[1]), int(sys.argv[2])
    if sys.argv[3:] == ["sabotage"]:
        _sabotage()
    tally: Counter[str] = Counter()
    lock = threading.Lock()
    companies = _companies(seed)
    share = operations // THREADS
    threads = [
        threading.Thread(target=_work, args=(companies, share, seed * 1000 + n, tally, lock))
        for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    from aeterna_portal.lifespan import close_pools

    close_pools()
    print(json.dumps({**tally, "operations": share * THREADS, "seed": seed}))


def _sabotage() -> None:
    """Set the tenant for the session instead of the transaction: the run must notice."""
    from apps.kernel import tenancy

    def for_the_session(connection: Any, tenant_id: Any) -> None:
        value = str(tenant_id)
        connection.connection.execute("select set_config(%s, %s, false)", (tenancy.SETTING, value))

    tenancy._begin = for_the_session


def _companies(seed: int) -> list[dict[str, Any]]:
    """Return tenants, each with a different number of people, so that a mix-up shows."""
    from django.db import connection

    from apps.kernel.ids import uuid7
    from apps.kernel.tenancy import acting_as
    from apps.orgs.operations import register_user
    from tests.factories.company import make_company

    found = []
    for number in range(TENANTS):
        company = make_company(slug=f"leak-{uuid7().hex[-12:]}")
        with acting_as(company.service("bootstrap")):
            for extra in range(number):
                register_user(email=f"more{extra}@{company.slug}.example", name="More")
        people = len(company.users) + number
        found.append({"actor": company.actor("viewer"), "people": people})
    connection.close()
    return found


def _work(
    companies: list[dict[str, Any]], count: int, seed: int, tally: Counter[str], lock: Any
) -> None:
    from django.db import connection

    choice = random.Random(seed)
    mine: Counter[str] = Counter()
    steps = list(STEPS)
    for _ in range(count):
        step = choice.choices(steps, weights=[STEPS[s] for s in steps])[0]
        company = choice.choice(companies)
        try:
            outcome = step(company, choice)
        except Exception as error:
            outcome = f"wrong: {step.__name__}: {type(error).__name__}: {error}"[:200]
        mine[outcome] += 1
        connection.close()  # hands the connection back, as the end of a request does
    with lock:
        tally.update(mine)


def _expect(actual: Any, expected: Any, name: str) -> str:
    return name if actual == expected else f"wrong: {name}"


def _seen() -> tuple[set[Any], int]:
    from apps.orgs.models import User

    tenants = list(User.objects.values_list("tenant_id", flat=True))
    return set(tenants), len(tenants)


def read(company: dict[str, Any], _choice: random.Random) -> str:
    from apps.kernel.tenancy import acting_as

    with acting_as(company["actor"]) as actor:
        return _expect(_seen(), ({actor.tenant_id}, company["people"]), "read")


def read_without_context(_company: dict[str, Any], _choice: random.Random) -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orgs_user")
        return _expect(cursor.fetchone()[0], 0, "no context")


def fail(company: dict[str, Any], _choice: random.Random) -> str:
    from apps.kernel.tenancy import acting_as
    from apps.orgs.models import User

    try:
        with acting_as(company["actor"]):
            User.objects.update(title="never")
            raise Planned
    except Planned:
        pass
    with acting_as(company["actor"]):
        return _expect(User.objects.filter(title="never").count(), 0, "exception")


def sql_error(company: dict[str, Any], choice: random.Random) -> str:
    from django.db import DatabaseError, connection

    from apps.kernel.tenancy import acting_as

    try:
        with acting_as(company["actor"]), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
    except DatabaseError:
        read_without_context(company, choice)
        return _expect(read(company, choice), "read", "sql error")
    return "wrong: sql error was swallowed"


def lost_connection(company: dict[str, Any], choice: random.Random) -> str:
    from django.db import DatabaseError, connection

    from apps.kernel.tenancy import acting_as

    try:
        with acting_as(company["actor"]), connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    except DatabaseError:
        connection.close()
        return _expect(read(company, choice), "read", "reconnect")
    return "wrong: the connection survived"


def savepoints(company: dict[str, Any], _choice: random.Random) -> str:
    from django.db import transaction

    from apps.kernel.tenancy import acting_as

    with acting_as(company["actor"]) as actor:
        try:
            with transaction.atomic(), acting_as(actor):
                raise Planned
        except Planned:
            pass
        with transaction.atomic():
            pass
        return _expect(_seen(), ({actor.tenant_id}, company["people"]), "savepoint")


def write(company: dict[str, Any], choice: random.Random) -> str:
    from apps.kernel.tenancy import acting_as
    from apps.orgs.models import User

    with acting_as(company["actor"]) as actor:
        user_id = actor.principal.id
        changed = User.objects.filter(id=user_id).update(title=f"t{choice.random()}")
        return _expect(changed, 1, "write")


STEPS = {
    read: 50,
    read_without_context: 20,
    fail: 8,
    sql_error: 8,
    savepoints: 8,
    write: 5,
    lost_connection: 1,
}

if __name__ == "__main__":
    main()
