"""The OpenAPI document names every route there is, in both modes, and no other."""

from pathlib import Path

import pytest
from aeterna_cedar_agent.engine import Engine
from aeterna_cedar_agent.openapi import document
from aeterna_cedar_agent.parts import Serving
from aeterna_cedar_agent.server import _refuse_write, build_app
from aeterna_cedar_agent.standalone.writer import Writer
from aeterna_cedar_agent.standing import Ungoverned
from aeterna_cedar_agent.status import Status
from drf_spectacular.validation import validate_schema


@pytest.mark.parametrize("is_governed", [True, False])
def test_the_document_is_valid_and_names_the_routes_of_its_mode(
    tmp_path: Path, is_governed: bool
) -> None:
    engine = Engine()
    writer = None if is_governed else Writer(engine=engine, directory=tmp_path)
    serving = Serving(
        engine=engine, status=Status(portal=None), standing=Ungoverned(), writer=writer
    )
    app = build_app(serving=serving, max_body_bytes=1_024, api_token=None)
    answered = {
        (route.method.lower(), route.resource.canonical if route.resource else "")
        for route in app.router.routes()
        if route.method != "HEAD" and route.handler is not _refuse_write
    }
    told = document(is_governed=is_governed)
    validate_schema(told)
    operations = {(method, path): row for path, rows in told["paths"].items()
                  for method, row in rows.items()}  # fmt: skip
    assert operations.keys() == answered
    assert len({row["operationId"] for row in operations.values()}) == len(operations)
    assert (("put", "/v1/policies") in answered) is not is_governed
