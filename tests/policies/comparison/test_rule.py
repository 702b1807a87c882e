"""Which meetings of a permit and a forbid are conflicts, and which limit as they are meant to."""

import pytest

from apps.policies.comparison import Body, Level, Mode
from apps.policies.comparison.rule import level_of

pytestmark = pytest.mark.gap("UX-C2")
COMPANY, TEAM, OTHER = ("c",), ("c", "o", "t"), ("c", "o", "u")


def _body(name, path, mode):
    return Body(id=name, cedar="", mode=Mode(mode), path=path)


@pytest.mark.parametrize(
    ("permit", "forbid", "expected"),
    [
        # A guard rail that reaches the permit's scope limits it.
        ((TEAM, "optional"), (COMPANY, "mandatory"), Level.LIMIT),
        ((TEAM, "mandatory"), (COMPANY, "forbidden"), Level.LIMIT),
        ((COMPANY, "optional"), (COMPANY, "mandatory"), Level.LIMIT),
        # A forbid from above that may be overridden, yet never is.
        ((TEAM, "optional"), (COMPANY, "optional"), Level.CONFLICT),
        ((COMPANY, "optional"), (COMPANY, "optional"), Level.CONFLICT),
        # From below: narrower is allowed unless nothing below may contradict.
        ((COMPANY, "optional"), (TEAM, "optional"), Level.LIMIT),
        ((COMPANY, "mandatory"), (TEAM, "mandatory"), Level.LIMIT),
        ((COMPANY, "forbidden"), (TEAM, "mandatory"), Level.CONFLICT),
        # Beside one another nobody stands above anybody.
        ((OTHER, "mandatory"), (TEAM, "mandatory"), Level.CONFLICT),
    ],
)
def test_a_part_that_is_denied_is_a_conflict_unless_it_is_meant_so(permit, forbid, expected):
    found = level_of(permit=_body("p", *permit), forbid=_body("f", *forbid), is_whole=False)
    assert found is expected


@pytest.mark.parametrize("mode", list(Mode))
def test_a_permission_that_is_left_nothing_is_always_a_conflict(mode):
    permit, forbid = _body("p", TEAM, "optional"), _body("f", COMPANY, mode)
    assert level_of(permit=permit, forbid=forbid, is_whole=True) is Level.CONFLICT


def test_what_a_policy_does_to_itself_is_no_conflict():
    own = _body("p", TEAM, "optional")
    assert level_of(permit=own, forbid=own, is_whole=True) is Level.WARNING
