"""What the workflow needs to know about a kind of change."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from apps.kernel.authorization import Resource
from apps.orgs.governance import Terms
from apps.orgs.types import Role

from ..types import KIND_TITLES

if TYPE_CHECKING:
    from ..models import Proposal


@dataclass(frozen=True, slots=True)
class Row:
    """One line of what would change: its name, and how it is before and after."""

    name: str
    after: str
    before: str = ""


class Kind(ABC):
    """A kind of change: what it takes, who may decide on it, and how it is applied.

    `lowest_role` is the lowest role whose holders may decide; the permissions have the last word.
    `ruled_as` names the kind whose rules hold for this one too; empty means its own.
    """

    name: ClassVar[str]
    lowest_role: ClassVar[Role]
    ruled_as: ClassVar[str] = ""
    is_revised_by_payload: ClassVar[bool] = True

    @property
    def title(self) -> str:
        """Return in words what kind of change it is."""
        return KIND_TITLES.get(self.name, self.name.replace("_", " ").capitalize())

    def terms_under(self, terms: Terms) -> Terms:
        """Return the terms that hold for this kind where a rule has `terms`."""
        return terms

    def clean(self, *, scope: Any, payload: dict[str, Any]) -> dict[str, Any]:
        """Return `payload` in canonical form for a change at `scope`; Invalid naming a field."""
        del scope
        return payload

    @abstractmethod
    def take(self, proposal: "Proposal") -> None:
        """Set subject, title, severity and base of `proposal` from what is true now."""

    @abstractmethod
    def content(self, proposal: "Proposal") -> dict[str, Any]:
        """Return what reviews bind to, as JSON."""

    @abstractmethod
    def authority(self, proposal: "Proposal") -> tuple[str, Resource]:
        """Return the action that whoever decides must be allowed, and on what."""

    @abstractmethod
    def rows(self, proposal: "Proposal") -> list[Row]:
        """Return what would change, in words."""

    @abstractmethod
    def apply(self, proposal: "Proposal", *, reason: str) -> None:
        """Make the change, through its own operation."""

    def find_outdated(self, proposal: "Proposal") -> str:
        """Return why the proposal no longer fits what is true now; empty if it does."""
        del proposal
        return ""

    def lock(self, proposal: "Proposal") -> None:
        """Lock, and read again, what the change is about."""
        del proposal
