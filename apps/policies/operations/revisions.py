"""Publishing a revision: the policies in force, the schema and the organization, together."""

from typing import Any

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.hints import hint_on_commit
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_tenant_id
from apps.orgs.queries import get_root, organization_entities

from .. import queries
from ..chain import layers_everywhere
from ..digest import canonical_entities, canonical_policies, revision_digest, sha256
from ..expectations import expected_decisions
from ..models import BreakGlass, Head, Part, Revision
from ..overriding import enforced_cedar
from ..signing import Signed, active_key, sign
from ..types import REVISIONS, PartKind

# The oldest cedarpy that reads all the portal lets anybody write.
MINIMUM_ENGINE = "4.12"


@operation("revision.publish")
def publish_revision(*, reason: str) -> Revision:
    """Publish what is true now; returns the head unchanged if nothing differs from it."""
    root = get_root().as_resource()
    authorize("revision.publish", root)
    return publish(reason=reason)


def publish(*, reason: str) -> Revision:
    """Write the next revision as part of the running operation, if it differs from the head."""
    head, lasting, glasses = lock_head(), _policies_in_force(), queries.break_glasses_in_force()
    parts = {
        PartKind.POLICIES: canonical_policies([*lasting, *map(_entry, glasses)]),
        PartKind.SCHEMA: queries.agent_schema(),
        PartKind.ENTITIES: canonical_entities(organization_entities()),
    }
    digests = {kind: sha256(body) for kind, body in parts.items()}
    digest = revision_digest(**{kind.value: value for kind, value in digests.items()})
    resource = get_root().as_resource()
    key = active_key()
    if digest == head.digest and queries.is_head_signed():
        emit("revision.confirmed", resource=resource, change=Change(reason=reason))
        return queries.list_revisions()[0]
    moment, number = clock.now(), head.number + 1
    claims = {
        "revision": number,
        "digest": digest,
        "previous_digest": head.digest,
        "minimum_engine": MINIMUM_ENGINE,
        "iat": int(moment.timestamp()),
        "expected": expected_decisions(policies=lasting, entities=parts[PartKind.ENTITIES]),
        "temporary": [_end_of(glass) for glass in glasses],
    }
    revision: Revision = Revision.objects.create(
        number=number,
        digest=digest,
        previous_digest=head.digest,
        reason=reason[:300],
        published_at=moment,
        kid=key.kid,
        manifest=sign(claims, kind=Signed.REVISION, key=key),
        **{f"{kind}_id": _store(kind, digests[kind], parts[kind]) for kind in parts},
    )
    head.number, head.digest = revision.number, digest
    head.save(update_fields=["number", "digest"])
    hint_on_commit(REVISIONS, str(revision.tenant_id))
    payload = {"revision": revision.number, "digest": digest}
    emit("revision.published", resource=resource, change=Change(reason=reason, payload=payload))
    return revision


def lock_head() -> Head:
    """Return the head, locked until the running operation ends."""
    Head.objects.bulk_create([Head(tenant_id=current_tenant_id())], ignore_conflicts=True)
    return Head.objects.select_for_update().get()  # type: ignore[no-any-return]


def _policies_in_force() -> list[dict[str, Any]]:
    layers = layers_everywhere()
    return [
        {
            "id": str(layer.policy_id),
            "version": layer.version,
            "name": layer.name,
            "cedar": cedar,
        }
        for layer in layers
        if (cedar := enforced_cedar(layer, layers))
    ]


def _entry(glass: BreakGlass) -> dict[str, Any]:
    return {"id": str(glass.id), "version": 1, "name": str(glass), "cedar": glass.cedar}


def _end_of(glass: BreakGlass) -> dict[str, Any]:
    return {"id": str(glass.id), "not_after": int(glass.ends_at.timestamp())}


def _store(kind: PartKind, digest: str, body: str) -> object:
    part, _ = Part.objects.get_or_create(digest=digest, defaults={"kind": kind, "body": body})
    return part.id
