"""Rules against projects: what each target finds, where, and what it cannot know."""

import pytest

from apps.kernel.errors import Invalid
from apps.policies.rules import parse_rules
from apps.policies.rules.check import check_rule
from apps.policies.rules.project import load_project


def project(*, manifests=None, files=(), contents=None):
    return load_project(manifests=manifests or {}, files=files, contents=contents or {})


def rule_of(**values):
    (rule,) = parse_rules([{"id": "r", "effect": "forbid", **values}])
    return rule


def found(rule, where, *allows):
    """Return (file, line, reason, may resolve) of what a rule finds."""
    findings = check_rule(rule, where, allows=allows).findings
    return [(f.file, f.line, f.reason, f.may_resolve) for f in findings]


LODASH = {"target": "dependency", "ecosystem": "npm", "name": "lodash", "versions": "<4.17.21"}
MAY = "may resolve to a version in <4.17.21, which is forbidden"


def package(asked):
    return {"package.json": f'{{"dependencies": {{"lodash": "{asked}"}}}}'}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("4.17.20", [("package.json", 1, "lodash 4.17.20 is forbidden", False)]),
        ("~4.16", [("package.json", 1, "lodash ~4.16 is forbidden", False)]),
        ("4.17.21", []),
        ("^5.0.0", []),
        ("^4.0.0", [("package.json", 1, f"lodash ^4.0.0 {MAY}", True)]),
        ("latest", [("package.json", 1, f"lodash latest {MAY}", True)]),
        ("git+ssh://x", [("package.json", 1, f"lodash git+ssh://x {MAY}", True)]),
    ],
)  # fmt: skip
def test_an_open_range_is_answered_by_what_it_may_resolve_to(asked, expected):
    assert found(rule_of(**LODASH), project(manifests=package(asked))) == expected


@pytest.mark.parametrize(("version", "count"), [("4.17.21", 0), ("4.17.20", 1)])
def test_a_lock_file_settles_what_a_range_resolves_to(version, count):
    lock = f'{{"packages": {{"node_modules/lodash": {{"version": "{version}"}}}}}}'
    where = project(manifests={**package("^4.0.0"), "package-lock.json": lock})

    assert len(found(rule_of(**LODASH), where)) == count


def test_names_fit_by_stars_and_by_what_their_registry_treats_as_one():
    where = project(manifests={"requirements.txt": "Flask_SQLAlchemy==1\nleftpad==1\n",
                               "Cargo.toml": '[dependencies]\nserde_json = "1"\n'})  # fmt: skip
    anything = {"target": "dependency"}

    assert len(found(rule_of(**anything, ecosystem="pypi", name="flask.*"), where)) == 1
    assert len(found(rule_of(**anything, ecosystem="pypi", name="*"), where)) == 2
    assert len(found(rule_of(**anything, ecosystem="pypi", name="*l*t*d"), where)) == 1
    assert len(found(rule_of(**anything, ecosystem="pypi", name="f*f"), where)) == 0
    assert len(found(rule_of(**anything, ecosystem="cargo", name="serde-json"), where)) == 1
    assert len(found(rule_of(**anything, ecosystem="npm", name="*"), where)) == 0


def test_a_required_dependency_is_missed_only_where_its_ecosystem_is_used():
    rule = rule_of(effect="require", target="dependency", ecosystem="pypi",
                   name="opentelemetry-*", versions=">=1.20")  # fmt: skip
    said = "opentelemetry-* >=1.20 (PyPI) is required and not used"

    assert found(rule, project(manifests=package("1.0.0"))) == []
    assert found(rule, project(manifests={"requirements.txt": "flask\n"})) == [
        ("requirements.txt", 0, said, False)
    ]
    for asked, expected in {
        "opentelemetry-api==1.25": [],
        "opentelemetry-api>=1.30": [],
        "opentelemetry-api==1.10": [("requirements.txt", 1,
            "opentelemetry-api 1.10 is not in >=1.20, which is required", False)],
        "opentelemetry-api": [("requirements.txt", 1,
            "opentelemetry-api * may resolve to a version outside >=1.20", True)],
    }.items():  # fmt: skip
        assert found(rule, project(manifests={"requirements.txt": asked})) == expected


def test_an_allow_rule_excepts_what_it_names_and_nothing_else():
    anything = rule_of(target="dependency", ecosystem="npm", name="*")
    allowed = rule_of(effect="allow", **{**LODASH, "versions": ">=4.17.21"})

    assert found(anything, project(manifests=package("4.17.21")), allowed) == []
    assert len(found(anything, project(manifests=package("^4.17.0")), allowed)) == 1
    assert check_rule(allowed, project(manifests=package("1.0.0"))).findings == ()


def test_files_are_required_and_forbidden_by_globs_from_the_root():
    where = project(files=["docs/SECURITY.md", "src/a/.env", "README.md"])
    env = rule_of(target="file", path="**/.env")

    required = rule_of(effect="require", target="file", path="SECURITY.md")
    assert found(required, where) == [
        ("SECURITY.md", 0, "SECURITY.md is required and missing", False)
    ]
    assert found(rule_of(effect="require", target="file", path="**/SECURITY.md"), where) == []
    assert found(env, where) == [("src/a/.env", 0, "src/a/.env is forbidden", False)]
    assert found(env, where, rule_of(effect="allow", target="file", path="src/**")) == []


def test_without_a_list_of_files_nothing_is_called_missing():
    rule = rule_of(effect="require", target="file", path="SECURITY.md")
    where = load_project(manifests=package("1.0.0"), files=None, contents={})

    outcome = check_rule(rule, where)

    assert (outcome.findings, outcome.unchecked) == ((), "no list of files was given")


def test_code_is_searched_line_by_line():
    text = "import x\nclient = Client()\nprint('a')  # ok\n\nprint('b')"
    where = project(contents={"src/a.py": text, "b.txt": "print('c')"})
    rule = rule_of(target="code", path="**/*.py", pattern=r"^print\(")

    reason = r"a line matches ^print\(, which is forbidden"
    assert found(rule, where) == [("src/a.py", 3, reason, False), ("src/a.py", 5, reason, False)]
    allow = rule_of(effect="allow", target="code", path="src/**", pattern="# ok$")
    assert found(rule, where, allow) == [("src/a.py", 5, reason, False)]
    timeout = rule_of(effect="require", target="code", path="src/**", pattern="timeout=")
    assert found(timeout, where) == [
        ("src/a.py", 0, "no line matches timeout=, which is required", False)
    ]
    assert found(rule_of(target="code", pattern=r"x\nclient"), where) == []
    assert found(rule_of(target="code", pattern=r"[^a]client"), where) == []


def test_code_that_was_not_given_is_said_to_be_unchecked():
    where = project(files=["a.py", "b.py"], contents={"b.py": "x"})

    outcome = check_rule(rule_of(target="code", path="*.py", pattern="x"), where)

    assert len(outcome.findings) == 1
    assert outcome.unchecked == "the contents of 1 file were not given"


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b$", "(.*a){12}$"])
def test_a_catastrophic_pattern_is_answered_over_a_megabyte(pattern):
    where = project(contents={"a.txt": "a" * 999_999 + "!"})

    assert found(rule_of(target="code", pattern=pattern), where) == []


IMPORTS = {
    "a.py": ("import os, requests.adapters\nfrom requests import get\nimport requests_mock\n",
             "requests", [1, 2]),
    "broken.py": ("def f(:\nimport requests\n", "requests", [2]),
    "warned.py": ('x = "\\d"\nimport requests\n', "requests", [2]),
    "rel.py": ("from . import requests\nfrom .requests import x\n", "requests", []),
    "a.ts": ("import {\n  x\n} from 'lodash/fp'\nimport y from 'lodash.merge'\n", "lodash", [3]),
    "b.js": ("const a = require('@s/x/y')\nimport('@s/x')\n", "@s/x", [1, 2]),
    "c.mjs": ("export * from 'lodash'\nimport 'lodash'\n", "lodash", [1, 2]),
    "a.go": ('import "github.com/x/y"\nimport (\n  z "github.com/x/y/v2"\n  "github.com/x/yy"\n)\n',
             "github.com/x/y", [1, 3]),
    "a.rs": ("use tokio::net;\npub use tokio_util::x;\nextern crate tokio;\n", "tokio", [1, 3]),
    "b.rs": ("use std::fs::File;\n", "std.fs", [1]),
    "A.java": ("import java.util.*;\nimport static sun.misc.Unsafe.x;\n", "sun.misc", [2]),
    "a.txt": ("import requests\n", "requests", []),
}  # fmt: skip


@pytest.mark.parametrize("path", IMPORTS)
def test_imports_are_found_as_each_language_writes_them(path):
    text, module, lines = IMPORTS[path]
    where = project(contents={path: text})

    assert [
        line for _, line, _, _ in found(rule_of(target="import", module=module), where)
    ] == lines


CONFIG = {
    "a.json": '{"app": {"debug": true, "list": [1, {"x": "on"}]}}',
    "a.toml": "[app]\ndebug = true\nport = 80\n",
    "a.yaml": "app: {debug: true}\n---\napp: {debug: false}\n",
    "a.ini": "[app]\nDebug = true\n",
    ".env": "# app\nDEBUG=true\n",
    "b.json": '{"a.b": {"c": 1}}',
}


@pytest.mark.parametrize(
    ("file", "key", "change", "count"),
    [
        ("a.json", "app.debug", {"equals": True}, 1),
        ("a.json", "app.debug", {"equals": 1}, 0),
        ("a.json", "app.list.1.x", {"pattern": "^on$"}, 1),
        ("a.json", "app.missing", {}, 0),
        ("a.toml", "app.port", {"equals": 80}, 1),
        ("a.toml", "app.port", {"equals": "80"}, 0),
        ("a.yaml", "app.debug", {"equals": False}, 1),
        ("a.yaml", "app.debug", {}, 2),
        ("a.ini", "app.Debug", {"equals": True}, 1),
        (".env", "DEBUG", {"equals": "true"}, 1),
        ("b.json", "a.b.c", {"equals": 1}, 1),
    ],
)
def test_settings_are_found_by_their_keys_in_every_format(file, key, change, count):
    rule = rule_of(target="config", file=file, key=key, **change)

    assert len(found(rule, project(contents=CONFIG))) == count


def test_a_required_setting_is_missed_with_words():
    where = project(contents={"a.toml": "[app]\ndebug = true\n"})
    line = {"target": "config", "effect": "require", "key": "app.debug"}

    assert found(rule_of(**line, file="a.toml"), where) == []
    assert found(rule_of(**line, file="a.toml", equals=False), where) == [
        ("a.toml", 0, "app.debug to be false in a.toml is required", False)
    ]
    assert found(rule_of(**line, file="b.toml"), where) == [
        ("b.toml", 0, "app.debug is required in b.toml, which is missing", False)
    ]
    assert found(rule_of(**line, file="**/*.yaml"), where) == []


def test_a_setting_that_may_be_secret_is_not_told():
    rule = rule_of(target="config", file=".env", key="TOKEN")
    where = project(contents={".env": "TOKEN=abc123\n"})

    assert found(rule, where) == [(".env", 1, "TOKEN is set to a value, which is forbidden", False)]


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "\x00"])
def test_configuration_that_cannot_be_read_is_unchecked(text):
    rule = rule_of(target="config", file="a.json", key="x")

    assert check_rule(rule, project(contents={"a.json": text})).unchecked == "a.json cannot be read"


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"manifests": {"setup.cfg": "x"}}, "manifests", "setup.cfg is no manifest that is known."),
        ({"manifests": {"package.json": "{"}}, "manifests", "package.json is not JSON: Expecting"),
        ({"files": ["/etc/passwd"]}, "files", "/etc/passwd is not inside the project"),
        ({"files": ["a/../../b"]}, "files", "a/../../b is not inside the project"),
        ({"files": [""]}, "files", "A path has 1 to 500 characters."),
        ({"files": [str(n) for n in range(20_001)]}, "files", "At most 20000 paths"),
        ({"contents": {"a": "x" * 1_000_001}}, "contents", "a has more than 1000000 characters."),
        ({"contents": dict.fromkeys("abc", "x" * 700_000)}, "contents",
         "At most 2000000 characters in all."),
    ],
)  # fmt: skip
def test_a_project_that_is_too_large_or_wrong_is_refused_by_name(given, field, says):
    with pytest.raises(Invalid) as caught:
        project(**given)

    (text,) = caught.value.fields[field]
    assert text.startswith(says)
