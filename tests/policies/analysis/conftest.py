"""Analyzers over the schemas of these tests."""

import pytest

from apps.policies.analysis import Analyzer, load_schema, parse_policies
from apps.policies.analysis.settle import verdicts
from tests.policies.analysis.generator import RICH, agent_schema_text


@pytest.fixture(scope="session")
def rich():
    """The schema that has a bit of everything."""
    return load_schema(RICH)


@pytest.fixture(scope="session")
def agent_schema():
    """The schema of the product's own agents."""
    return load_schema(agent_schema_text())


@pytest.fixture
def analyzer(rich):
    """An analyzer that remembers nothing of other tests."""
    verdicts.clear()
    return Analyzer(rich)


@pytest.fixture
def reading(rich):
    """The environment in which users read documents."""
    return next(e for e in rich.environments if e.action_id == "read" and e.resource == "Doc")


@pytest.fixture
def policy(rich):
    """Parse one policy about users reading documents, from its conditions."""

    def parse(conditions, *, effect="permit", name="asked"):
        text = f'{effect}(principal, action == Action::"read", resource is Doc) {conditions};'
        return parse_policies(text, rich, name=name)[0]

    return parse
