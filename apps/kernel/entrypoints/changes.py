"""Two texts and how far apart they are, as templates/components/diff.html shows them."""

from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Changed:
    """A text before and after, with how many lines came and went."""

    before: str
    after: str
    added: int
    removed: int

    @property
    def is_same(self) -> bool:
        return self.before == self.after


def changed(before: str, after: str) -> Changed:
    """Return what differs between two texts, in lines; what both end with does not count."""
    if before and after:
        before, after = before.removesuffix("\n"), after.removesuffix("\n")
    old, new = before.splitlines(), after.splitlines()
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    same = sum(block.size for block in blocks)
    return Changed(before=before, after=after, added=len(new) - same, removed=len(old) - same)
