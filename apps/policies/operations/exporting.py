"""Taking policies out, to be kept or imported elsewhere."""

from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel.authorization import authorize
from apps.kernel.errors import Conflict
from apps.kernel.operation import operation
from apps.orgs import queries as orgs
from apps.orgs.checks import require_live

from ..bundles import MAX_BUNDLE_BYTES, MAX_POLICIES, PolicyBundle, gather, write_bundle

TOO_MUCH = "Export the scopes below one by one."


@operation("policy.export")
def export_policies(*, scope_id: UUID, include_below: bool = False) -> PolicyBundle:
    """Return a scope's policies as one file, the same bytes as long as they say the same.

    Conflict where there is none, or more than one bundle holds.
    """
    scope = orgs.get_scope(scope_id)
    authorize("policy.export", scope.as_resource())
    require_live(scope)
    policies = gather(scope, include_below=include_below)
    if not policies:
        raise Conflict(f"{scope.name} has no policy to export.")
    if len(policies) > MAX_POLICIES:
        said = f"A bundle holds {MAX_POLICIES} policies; these are {len(policies)}."
        raise Conflict(f"{said} {TOO_MUCH}")
    bundle = write_bundle(policies)
    if len(bundle.content) > MAX_BUNDLE_BYTES:
        raise Conflict(f"A bundle holds {MAX_BUNDLE_BYTES} bytes; these are more. {TOO_MUCH}")
    told = {"digest": bundle.digest, "policies": len(policies), "include_below": include_below}
    emit("policy.exported", resource=scope.as_resource(), change=Change(payload=told))
    return bundle
