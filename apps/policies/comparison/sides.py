"""The policies in force, and what they would be after a change of one of them."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """How firmly a policy stands, for those below its scope."""

    MANDATORY = "mandatory"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a policy says and where it stands; `path` leads from the company to its scope."""

    id: str
    cedar: str
    mode: Mode
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Everything that is in force and that would be, when the policy with this id changes.

    Others may change with it: what it overrides is enforced in fewer places.
    """

    id: str
    base: tuple[Body, ...]
    after: tuple[Body, ...]

    @property
    def body(self) -> Body | None:
        """Return the policy as it would be; None if it goes."""
        return next((body for body in self.after if body.id == self.id), None)

    @property
    def others(self) -> tuple[Body, ...]:
        """Return all other policies as they would be."""
        return tuple(body for body in self.after if body.id != self.id)


def set_digest(bodies: Iterable[Body], *, schema: str, engine: int) -> str:
    """Return `sha256:` and a digest of all that an analysis of these policies depends on."""
    said: Sequence[object] = [
        [body.id, hashlib.sha256(body.cedar.encode()).hexdigest(), body.mode, list(body.path)]
        for body in sorted(bodies, key=lambda body: body.id)
    ]
    text = json.dumps([engine, hashlib.sha256(schema.encode()).hexdigest(), said])
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
