"""What the tests of the REST interface share."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.rest import Caller, caller
from tests.factories.company import TestCompany


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
