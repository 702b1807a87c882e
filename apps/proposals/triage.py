"""Deciding about many proposals at once: each by its own operation in its own transaction."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from apps.kernel.actor import Actor
from apps.kernel.authorization import decide
from apps.kernel.errors import DomainError, Invalid, NotFound
from apps.kernel.tenancy import acting_as

from . import queries
from .models import Proposal
from .operations import approve_proposal, nudge_approvers, reject_proposal
from .types import ProposalState

logger = logging.getLogger(__name__)
MOST = 50
FAILED = "Something went wrong. Nothing of it was done."


class Verb(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    REMIND = "remind"


@dataclass(frozen=True, slots=True)
class Item:
    """A proposal, and the version of it that was seen, if it is known."""

    id: UUID
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one proposal; `error` says why nothing did."""

    id: UUID
    name: str
    state: str = ""
    words: str = ""
    error: DomainError | None = None

    @property
    def is_done(self) -> bool:
        return self.error is None


class WentWrong(DomainError):
    """What nobody expected; its cause is in the log."""

    code = "error"
    title = "Something went wrong"
    status = 500


def clean_triage(*, verb: str, items: Sequence[Item], reason: str) -> Verb:
    """Return the verb; Invalid, by field, unless it is one and something can be done with it."""
    fields: dict[str, list[str]] = {}
    if verb not in set(Verb):
        fields["verb"] = [f"Choose one of {', '.join(Verb)}."]
    if not items:
        fields["items"] = ["Choose at least one proposal."]
    if len(items) > MOST:
        fields["items"] = [f"At most {MOST} at once; these are {len(items)}."]
    if len({item.id for item in items}) < len(items):
        fields["items"] = ["Name each proposal once."]
    if verb == Verb.REJECT and not reason.strip():
        fields["reason"] = ["Say why: their authors read it and may revise them."]
    if fields:
        raise Invalid(fields=fields)
    return Verb(verb)


def triage(*, actor: Actor, verb: Verb, items: Sequence[Item], reason: str) -> Iterator[Result]:
    """Yield what became of each proposal, in their order; one that fails changes nothing."""
    for item in items:
        yield _one(actor, item, partial(_CALLS[verb], item, reason), verb)


def _one(actor: Actor, item: Item, call: Callable[[], Proposal], verb: Verb) -> Result:
    name = _name_of(actor, item)
    try:
        with acting_as(actor):
            proposal = call()
    except DomainError as error:
        return Result(id=item.id, name=name, error=error, words=_told(error))
    except Exception:
        logger.exception("one of several decisions failed", extra={"proposal_id": str(item.id)})
        return Result(id=item.id, name=name, error=WentWrong(FAILED), words=FAILED)
    words = _WORDS[verb] if verb is not Verb.APPROVE else _approved(proposal)
    return Result(id=item.id, name=str(proposal), state=proposal.state, words=words)


def _name_of(actor: Actor, item: Item) -> str:
    """Return how a proposal is called, if the actor may view it."""
    with acting_as(actor):
        try:
            proposal = queries.get_proposal(item.id)
        except NotFound:
            return ""
        is_seen = decide("proposal.view", proposal.as_resource()).allowed
        return str(proposal) if is_seen else ""


def _approved(proposal: Proposal) -> str:
    if proposal.state != ProposalState.APPROVED:
        return "Your approval is recorded; more are needed."
    if proposal.revision:
        return f"Approved, and applied as revision {proposal.revision}."
    return "Approved and applied."


def _told(error: DomainError) -> str:
    texts = [text for texts in error.fields.values() for text in texts]
    return " ".join([error.detail, *texts])


def _approve(item: Item, reason: str) -> Proposal:
    return approve_proposal(proposal_id=item.id, reason=reason, expected_version=item.version)


def _reject(item: Item, reason: str) -> Proposal:
    return reject_proposal(proposal_id=item.id, reason=reason, expected_version=item.version)


def _remind(item: Item, _reason: str) -> Proposal:
    return nudge_approvers(proposal_id=item.id)


_CALLS: Mapping[Verb, Callable[[Item, str], Any]] = {
    Verb.APPROVE: _approve,
    Verb.REJECT: _reject,
    Verb.REMIND: _remind,
}
_WORDS: Mapping[Verb, str] = {
    Verb.REJECT: "Rejected. Its author may revise it.",
    Verb.REMIND: "Those who are asked were reminded.",
}
