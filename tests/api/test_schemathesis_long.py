"""The attacks of `make test-slow`: along every limit of every field, and a hundred by chance."""

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import settings as hypothesis_settings

from tests.api.attacks import FEW, attack

MANY = hypothesis_settings(FEW, max_examples=100)
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.mark.slow
@pytest.mark.timeout(3600)
@schema.parametrize()
@MANY
def test_long_attacks_find_nothing_either(case, target):
    attack(case, target)
