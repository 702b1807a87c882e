"""Whatever the schema allows, and much that it does not, is answered as the document says."""

import schemathesis
from django.core.wsgi import get_wsgi_application
from schemathesis.config import SchemathesisConfig

from tests.api.attacks import FEW, attack

# The walk along every limit of every field is the long attack's: it takes most of the time.
SAMPLE = SchemathesisConfig.from_dict({"phases": {"coverage": {"enabled": False}}})
# Read while tests are collected, so that each operation is a test of its own; needs no database.
schema = schemathesis.openapi.from_wsgi(
    "/api/v1/openapi.json", get_wsgi_application(), config=SAMPLE
)


@schema.parametrize()
@FEW
def test_every_answer_is_documented_and_none_is_an_error_of_the_portal(case, target):
    attack(case, target)
