"""Changing the key that agents believe."""

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.operation import operation
from apps.orgs.queries import get_root

from ..models import SigningKey
from ..signing import active_key, new_key
from .revisions import lock_head, publish


@operation("signing_key.rotate")
def rotate_signing_key(*, reason: str = "") -> SigningKey:
    """Sign with a new key from now on: the old one vouches for it, and the head is signed anew."""
    root = get_root().as_resource()
    authorize("signing_key.rotate", root)
    # Publishing locks the head too: two rotations at once follow one another.
    lock_head()
    old = active_key()
    old.retired_at = clock.now()
    old.save(update_fields=["retired_at"])
    key = new_key(before=old)
    change = Change(before={"kid": old.kid}, after={"kid": key.kid}, reason=reason)
    emit("signing_key.rotated", resource=root, change=change)
    publish(reason="signing_key.rotated")
    return key
