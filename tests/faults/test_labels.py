"""What strangers send cannot make the metrics grow."""

import pytest
from prometheus_client import REGISTRY


def methods() -> set[str]:
    family = next(f for f in REGISTRY.collect() if f.name == "aeterna_request_seconds")
    return {sample.labels["method"] for sample in family.samples}


@pytest.mark.django_db
def test_methods_that_nobody_knows_are_counted_together(client):
    for number in range(5):
        client.generic(f"BREW{number}", "/healthz")
    client.get("/healthz")
    assert not {method for method in methods() if method.startswith("BREW")}
    assert {"GET", "other"} <= methods()
