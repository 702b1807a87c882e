"""What the tests of the REST interface share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.kernel.ids import uuid7
from tests.api.attacks import ids_of
from tests.api.rest import Caller, caller
from tests.factories.company import TestCompany, make_company


@pytest.fixture
def call(company: TestCompany) -> Callable[..., Caller]:
    """Return a caller for a role of the company."""
    return lambda role, **limits: caller(company, role, **limits)


@pytest.fixture
def admin(company: TestCompany) -> Caller:
    """A caller who may do everything in the company."""
    return caller(company, "tenant_admin")


@pytest.fixture
def attacker(other_company: TestCompany) -> Caller:
    """A caller who may do everything in another company."""
    return caller(other_company, "tenant_admin")


@pytest.fixture
def limit(settings: Any) -> Callable[[int], None]:
    """Set how many requests a minute holds."""

    def set_limit(number: int) -> None:
        changed = settings.ENVIRONMENT.model_copy(update={"api_requests_per_minute": number})
        settings.ENVIRONMENT = changed

    return set_limit


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the long attacks out where they would not run: preparing them takes seconds."""
    is_long = collection_path.name == "test_schemathesis_long.py"
    return True if is_long and config.option.markexpr != "slow" else None


@pytest.fixture(scope="module")
def target(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """A company with something of every kind, who attacks it, and the ids by parameter."""
    environment = settings.ENVIRONMENT
    many = {"api_requests_per_minute": 1_000_000}
    with django_db_blocker.unblock():
        settings.ENVIRONMENT = environment.model_copy(update=many)
        company = make_company(slug=f"s-{uuid7().hex[-12:]}")
        yield caller(company, "tenant_admin").token, ids_of(company)
        settings.ENVIRONMENT = environment
