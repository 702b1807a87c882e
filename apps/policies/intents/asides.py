"""What is said beside the matter: where, when, for whom not, how severe, why, what instead."""

from dataclasses import dataclass, field

from .hours import Window
from .statements import Who
from .types import Place

EXCEPT = (r"(?:except(?:ing)?(?: for| when| if| that)?|excluding|apart from|aside from|other than"
          r"|save for|unless|"
          r"with (?:exception|exemption)s? (?:of|for)|but not|not counting|exempting|"
          r"exempt)")  # fmt: skip
MFA = (
    r"(?:mfa|(?:(?:logged|signed) in with|using|with|having|passed|passing|has|have|completed"
    r"|used) mfa|mfa (?:is|was) "
    r"(?:used|on|done|passed|present|given))"
)
REASON = (
    r"(?:(?:giving|stating|giving us|with|has|have|given)? ?(?:stated |written |good )?"
    r"(?:reason|justification)(?: is given| was given)?)"
)


@dataclass(slots=True)
class Aside:
    """All that was set aside from one clause."""

    severity: str = ""
    mode: str = ""
    message: str = ""
    alternatives: tuple[str, ...] = ()
    place: Place | None = None
    who: Who | None = None
    except_places: list[tuple[Place, bool]] = field(default_factory=list)
    except_who: list[Who] = field(default_factory=list)
    except_words: list[str] = field(default_factory=list)
    window: tuple[Window, bool] | None = None
    is_only: bool = False
    mfa: str = ""
    reason: str = ""

    def conditions(self) -> list[str]:
        """Return the names of what makes a clause depend on who asks, and when."""
        fields = ("who", "window", "mfa", "reason")
        return [name for name in fields if getattr(self, name)]
