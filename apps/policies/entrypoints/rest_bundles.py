"""The place of exported policies in the REST interface."""

import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import Field

from apps.kernel.entrypoints.rest import Body, Resource, Route, unset
from apps.orgs.queries import get_scope

from ..bundles import file_name
from ..operations import export_policies


class ExportIn(Body):
    """What to export."""

    include_below: bool = unset(description="With the policies of all scopes below.")


class PolicyBundleOut(Resource):
    """Policies as one file; the same policies give the same file."""

    file_name: str
    digest: str = Field(description="Of all that the policies say, as the manifest has it.")
    policies: int = Field(description="How many they are.")
    bundle: str = Field(
        description="A zip file; see docs/bundles.md.",
        json_schema_extra={"contentEncoding": "base64"},
    )


def export(*, scope_id: UUID, include_below: bool = False) -> Mapping[str, Any]:
    """Return a scope's policies as one file, the same bytes as long as they say the same."""
    bundle = export_policies(scope_id=scope_id, include_below=include_below)
    return {
        "file_name": file_name(bundle, slug=get_scope(scope_id).slug),
        "digest": bundle.digest,
        "policies": len(bundle.policies),
        "bundle": base64.b64encode(bundle.content).decode(),
    }


ROUTES = (
    Route(
        method="POST", path="scopes/<uuid:scope_id>/export-policies", name="policy.export",
        call=export, takes=ExportIn, answers=PolicyBundleOut,
    ),
)  # fmt: skip
