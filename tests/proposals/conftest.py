"""What the tests of proposals start from."""

import pytest

from tests.proposals.shadows import enrolled


@pytest.fixture
def edge(company):
    """A Cedar agent whose decisions are recorded."""
    return enrolled(company)
