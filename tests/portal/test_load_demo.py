"""Loading the demo company: whole or not at all, however often it is broken off."""

import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command

from apps.events.models import Event
from apps.kernel.ids import uuid7
from apps.orgs.models import Scope, User
from apps.portal.demo import load as loading
from apps.portal.demo import plan
from apps.portal.management.commands import load_demo
from apps.proposals.models import Proposal
from tests.conftest import TEMPLATE
from tests.environment import ROOT, base_environment

SEED = 20261122


@pytest.fixture
def small(monkeypatch):
    """The same company with fewer people, projects and changes."""
    monkeypatch.setattr(plan, "ENGINEERS", 70)
    monkeypatch.setattr(plan, "PROJECTS_PER_TEAM", 1)
    monkeypatch.setattr(loading, "CHANGES", 6)


def call(folder: Path) -> None:
    call_command("load_demo", "--agent-token-dir", str(folder))


def break_off(monkeypatch, place: int) -> None:
    """Make a load end, as by Ctrl-C, when somebody acts for the `place`-th time."""
    acting, acts = loading.Demo.at, count(1)

    @contextmanager
    def ending(self, days, email):
        with acting(self, days, email):
            yield
            if next(acts) == place:
                raise KeyboardInterrupt

    monkeypatch.setattr(loading.Demo, "at", ending)


@pytest.mark.django_db
def test_a_load_that_is_broken_off_leaves_nothing_and_the_next_is_whole(
    small, monkeypatch, tmp_path
):
    chance = random.Random(SEED)
    for place in (1, *sorted(chance.sample(range(2, 60), 2))):
        with monkeypatch.context() as patch:
            break_off(patch, place)
            with pytest.raises(KeyboardInterrupt):
                call(tmp_path / "agents")
        assert load_demo._find_company() is None, f"seed {SEED}, act {place}"
        assert not (tmp_path / "agents").exists()
    call(tmp_path / "agents")
    tenant_id = load_demo._find_company()
    call(tmp_path / "agents")
    assert load_demo._find_company() == tenant_id
    with load_demo.acting_as(load_demo._administrator(tenant_id)):
        assert User.objects.count() == 70
        assert Scope.objects.filter(kind="project").count() == 30
        assert Proposal.objects.count() == 8
        assert Event.objects.filter(type="password.set").count() == len(plan.GUIDES)
    assert sorted(path.parent.name for path in tmp_path.glob("agents/*/token")) == ["a1", "a2"]


@pytest.mark.django_db
def test_a_load_that_cannot_give_passwords_leaves_nothing(small, monkeypatch, tmp_path):
    def broken(**_values):
        raise OSError("no entropy")

    monkeypatch.setattr(load_demo, "set_password", broken)
    with pytest.raises(OSError, match="no entropy"):
        call(tmp_path / "agents")
    assert load_demo._find_company() is None


@pytest.fixture
def database(servers, redis_url):
    """The settings of a process over a fresh database of its own."""
    urls = servers.copy_database(TEMPLATE, f"demo_{uuid7().hex[-12:]}")
    return {**os.environ, **base_environment(), **urls, "REDIS_URL": redis_url}


def companies(environment: dict[str, str]) -> list[tuple]:
    with psycopg.connect(environment["DATABASE_PLATFORM_URL"]) as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM orgs_user u WHERE u.tenant_id = c.id),"
            " (SELECT count(*) FROM orgs_scope s WHERE s.tenant_id = c.id),"
            " (SELECT count(*) FROM fleet_cedaragent a WHERE a.tenant_id = c.id)"
            " FROM orgs_company c"
        ).fetchall()


WHOLE = (300, 246, 2)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("act", [1, 3, 40, 120])
def test_a_load_that_is_killed_leaves_nothing_and_the_next_is_whole(database, tmp_path, act):
    folder = str(tmp_path / "agents")
    victim = [sys.executable, "-m", "tests.portal.demo_victim", str(act), folder]
    killed = subprocess.run(victim, cwd=ROOT, env=database, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert companies(database) == []
    command = [sys.executable, "manage.py", "load_demo", "--agent-token-dir", folder]
    subprocess.run(command, cwd=ROOT, env=database, check=True)
    assert companies(database) == [WHOLE]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_loads_at_once_make_one_company(database, tmp_path):
    running = [
        subprocess.Popen(
            [sys.executable, "manage.py", "load_demo", "--agent-token-dir", str(tmp_path / name)],
            cwd=ROOT,
            env=database,
        )
        for name in ("one", "two")
    ]
    assert [process.wait() for process in running] == [0, 0]
    assert [row[:2] for row in companies(database)] == [WHOLE[:2]]
