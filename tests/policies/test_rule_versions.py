"""Version ranges: what each ecosystem's notation holds, with its traps."""

import re

import pytest

from apps.policies.rules.types import Ecosystem
from apps.policies.rules.versions import contains, intersect, is_within, range_of, version_of

# Of each range: versions it holds, and versions it does not.
RANGES = [
    ("npm", "<4.17.21", ["4.17.20", "0.0.1", "4.17.21-rc.1"], ["4.17.21", "5.0.0"]),
    ("npm", "^1.2.3", ["1.2.3", "1.99.0"], ["1.2.2", "2.0.0", "2.0.0-rc.1", "1.2.3-beta"]),
    ("npm", "^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0", "0.2.2", "0.3.0-alpha"]),
    ("npm", "^0.0.3", ["0.0.3"], ["0.0.4", "0.1.0"]),
    ("npm", "^0.0", ["0.0.0", "0.0.9"], ["0.1.0"]),
    ("npm", "^0", ["0.9.9"], ["1.0.0"]),
    ("npm", "~1.2", ["1.2.0", "1.2.9"], ["1.3.0", "1.1.9"]),
    ("npm", "~> 1.2.3", ["1.2.3", "1.2.9"], ["1.3.0", "1.2.2"]),
    ("npm", "~1", ["1.9.9"], ["2.0.0"]),
    ("npm", "1.2.x || >=2.5.0 <3", ["1.2.7", "2.5.0", "2.9.9"], ["1.3.0", "2.4.9", "3.0.0"]),
    ("npm", "1.2.3 - 2.3", ["1.2.3", "2.3.9"], ["1.2.2", "2.4.0"]),
    ("npm", ">1.2", ["1.3.0"], ["1.2.9"]),
    ("npm", "<=1.2", ["1.2.9"], ["1.3.0"]),
    ("npm", "<1.2", ["1.1.9"], ["1.2.0", "1.2.0-rc.1"]),
    ("npm", "1.2.3", ["1.2.3", "v1.2.3", "1.2.3+build"], ["1.2.4", "1.2.3-rc"]),
    ("npm", ">=1.0.0-rc.1", ["1.0.0-rc.2", "1.0.0-rc.10", "1.0.0"], ["1.0.0-beta"]),
    ("npm", "*", ["0.0.1", "99.0.0"], []),
    ("cargo", "1.2.3", ["1.2.3", "1.9.0"], ["2.0.0", "1.2.2"]),
    ("cargo", "0.4", ["0.4.0", "0.4.9"], ["0.5.0"]),
    ("cargo", "=1.2", ["1.2.0", "1.2.9"], ["1.3.0"]),
    ("cargo", ">=1.2, <1.5", ["1.2.0", "1.4.9"], ["1.5.0", "1.1.0"]),
    ("cargo", "1.*", ["1.0.0", "1.9.9"], ["2.0.0"]),
    ("cargo", "~1.2.3", ["1.2.9"], ["1.3.0"]),
    ("pypi", ">=1.0,<2.0,!=1.5", ["1.0", "1.9.post1"], ["2.0", "1.5", "1.5.0", "2.0rc1", "0.9"]),
    ("pypi", "~=1.4.2", ["1.4.2", "1.4.99"], ["1.5", "1.4.1"]),
    ("pypi", "~=1.4", ["1.4", "1.99"], ["2.0", "1.3"]),
    ("pypi", "==1.*", ["1.0", "1.0rc1", "1.9"], ["2.0", "0.9"]),
    ("pypi", "!=1.4.*", ["1.3", "1.5"], ["1.4", "1.4.7"]),
    ("pypi", ">=1!2.0", ["1!2.0", "2!0.1"], ["2.0", "99.0"]),
    ("pypi", "==1.0", ["1.0", "1.0.0", "1.0+local.3"], ["1.0.post1", "1.0rc1"]),
    ("pypi", ">1.7", ["1.7.1"], ["1.7", "1.7.post1"]),
    ("pypi", "<1.0rc2", ["1.0rc1", "0.9"], ["1.0rc2", "1.0"]),
    ("maven", "[1.0,2.0)",
     ["1.0", "1.9", "2.0-SNAPSHOT", "2.0-rc1"], ["2.0", "2.0.0", "1.0-alpha"]),
    ("maven", "(,1.0],[1.2,)", ["0.9", "1.0", "1.2", "9"], ["1.1"]),
    ("maven", "[1.5]", ["1.5", "1.5.0"], ["1.5.1"]),
    ("maven", "(1.0,)", ["1.0-sp", "1.1"], ["1.0"]),
    ("maven", "[2.0.RC2,)", ["2.0.RC3", "2.0-rc2"], ["2.0-RC1"]),
    ("go", "<v1.2.3", ["v1.2.2", "1.2.2", "v1.2.3-0.20200101000000-abcdefabcdef"], ["v1.2.3"]),
    ("go", ">=v0.0.0-20210101000000-aaaaaaaaaaaa, <v0.1.0",
     ["v0.0.0-20220101000000-bbbbbbbbbbbb"], ["v0.0.0-20200101000000-cccccccccccc", "v0.1.0"]),
    ("go", ">=v2.0.0 || v1.0.5", ["v2.0.0+incompatible", "v1.0.5"], ["v1.0.6"]),
]  # fmt: skip


@pytest.mark.parametrize(("ecosystem", "text", "inside", "outside"), RANGES)
def test_a_range_holds_exactly_what_its_ecosystem_says(ecosystem, text, inside, outside):
    kind = Ecosystem(ecosystem)
    found = range_of(kind, text)

    assert [v for v in inside if not contains(found, version_of(kind, v))] == []
    assert [v for v in outside if contains(found, version_of(kind, v))] == []


@pytest.mark.parametrize(
    ("ecosystem", "text", "says"),
    [
        ("npm", ">= 1.2 , < 2", ">= 1.2 , < 2 is no range of versions"),
        ("npm", "newest", "newest is no range of versions"),
        ("npm", ">2 <1", "no version is in >2 <1"),
        ("cargo", "1.2 || 2", "1.2 || 2 is no range of versions"),
        ("cargo", "1.2,", "1.2, is no range of versions"),
        ("pypi", "^1.0", "^1.0 is no version specifier, such as >=1.2,<2"),
        ("pypi", "1.0", "1.0 is no version specifier, such as >=1.2,<2"),
        ("pypi", "===1.0", "=== compares text, not versions: write == instead in ===1.0"),
        ("go", "^1.2.3", "^1.2.3 is no range of versions, such as >=v1.2.0, <v1.4.3"),
        ("go", "<v1.2", "<v1.2 is no range of versions, such as >=v1.2.0, <v1.4.3"),
        ("maven", "1.0", "1.0 alone is only a recommendation in Maven: write [1.0] for exactly"),
        ("maven", "[1.0,2.0", "[1.0,2.0 is no range of versions, such as [1.0,2.0)"),
        ("maven", "(1.0)", "(1.0) is no range of versions, such as [1.0,2.0)"),
        ("maven", "[2,1]", "no version is in [2,1]"),
        ("npm", "1" * 501, "a range has at most 500 characters"),
    ],
)
def test_a_range_that_cannot_be_read_says_why(ecosystem, text, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        range_of(Ecosystem(ecosystem), text)


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        ("^4.0.0", ">=4", True),
        ("^4.0.0", "<4.17.21", False),
        ("1.x", "<1.5.0 || >=1.5.0 <3", True),
        ("1.x", "<1.5.0 || >1.5.0", False),
        ("1.x || 2.x", ">=1 <3", True),
        ("*", ">=0.0.0", False),
    ],
)
def test_one_range_lies_within_another(inner, outer, expected):
    assert is_within(range_of(Ecosystem.NPM, inner), range_of(Ecosystem.NPM, outer)) is expected


def test_ranges_that_share_a_version_intersect():
    npm = Ecosystem.NPM

    assert intersect(range_of(npm, "^4.0.0"), range_of(npm, "<4.17.21")) == range_of(
        npm, ">=4.0.0 <4.17.21"
    )
    assert intersect(range_of(npm, "^5.0.0"), range_of(npm, "<4.17.21")) == ()
    assert intersect(range_of(npm, "<=1.0.0"), range_of(npm, ">=1.0.0")) == range_of(npm, "1.0.0")
    assert intersect(range_of(npm, "<1.0.0"), range_of(npm, ">=1.0.0")) == ()
