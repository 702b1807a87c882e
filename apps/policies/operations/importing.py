"""Whether a policy that a bundle carries could be kept somewhere; nothing is written here."""

from collections.abc import Mapping
from typing import Any

from ..bundles import SAID, Carried
from ..cedar import require_valid
from ..models import Policy
from ..playground import ask
from ..testing import read_question
from .fit import require_fit


def require_importable(carried: Carried, *, scope: Any) -> None:
    """Raise Invalid or Conflict as drafting the policy at `scope` would, its name aside."""
    if carried.cedar:
        require_valid(carried.cedar)
    said = {name: getattr(carried, name) for name in SAID}
    require_fit(Policy(scope=scope, name=carried.name, **said))


def require_askable(question: Mapping[str, Any]) -> None:
    """Raise Invalid as keeping `question` as a test would."""
    ask(read_question(dict(question)))
