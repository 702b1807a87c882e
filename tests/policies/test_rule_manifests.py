"""Manifests and lock files: what is read out of each, and what is refused."""

import pytest

from apps.policies.rules.manifests import UnreadableManifest, ecosystem_of, read_manifest

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <properties><log4j.version>2.14.0</log4j.version></properties>
  <dependencies>
    <dependency><groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-core</artifactId><version>${log4j.version}</version></dependency>
    <dependency><groupId>a</groupId><artifactId>b</artifactId><version>[1.0,2.0)</version></dependency>
    <dependency><groupId>a</groupId><artifactId>c</artifactId></dependency>
  </dependencies>
</project>"""
GO = """module example.com/x
go 1.22
require github.com/one/a v1.2.3
require (
\tgithub.com/two/b v0.0.0-20200101000000-abcdefabcdef // indirect
\tgithub.com/three/c/v2 v2.1.0+incompatible
)
replace github.com/one/a => github.com/fork/a v1.2.4
"""
# Of each manifest: its text, and (name, asked, is resolved, line) of each dependency.
MANIFESTS = {
    "package.json": (
        '{"name": "x",\n "dependencies": {\n  "lodash": "^4.0.0",\n  "old": "npm:@a/b@1.0.0"},\n'
        ' "devDependencies": {"left": "github:me/left"}}',
        [("lodash", "^4.0.0", False, 3), ("@a/b", "1.0.0", False, 4),
         ("left", "github:me/left", False, 5)],
    ),
    "package-lock.json": (
        '{"lockfileVersion": 3, "packages": {\n "": {"version": "1.0.0"},\n'
        ' "node_modules/lodash": {"version": "4.17.20"},\n'
        ' "node_modules/a/node_modules/@s/b": {"version": "2.0.0"}}}',
        [("lodash", "4.17.20", True, 3), ("@s/b", "2.0.0", True, 4)],
    ),
    "web/npm-shrinkwrap.json": (
        '{"dependencies": {"a": {"version": "1.0.0",\n'
        ' "dependencies": {"b": {"version": "2.0.0"}}}}}',
        [("a", "1.0.0", True, 1), ("b", "2.0.0", True, 2)],
    ),
    "requirements-dev.txt": (
        "# tools\n-r other.txt\nDjango>=4.2,<5\nrequests[socks] == 2.31.0 \\\n  --hash=sha256:1\n"
        "zope.interface ; python_version < '4'\nhttps://example.com/x.whl\n",
        [("django", "<5,>=4.2", False, 3), ("requests", "2.31.0", True, 4),
         ("zope-interface", "*", False, 6)],
    ),
    "pyproject.toml": (
        '[project]\ndependencies = ["httpx>=0.27"]\n[project.optional-dependencies]\n'
        'x = ["PyYAML==6.0"]\n[dependency-groups]\ndev = ["pytest", {include-group = "x"}]\n'
        '[tool.poetry.dependencies]\npython = "^3.11"\nrich = "^13.1"\n'
        'old = {version = "~1.2.3"}\n',
        [("httpx", ">=0.27", False, 2), ("pyyaml", "6.0", True, 4), ("pytest", "*", False, 6),
         ("rich", "^13.1", False, 9), ("old", "~1.2.3", False, 10)],
    ),
    "uv.lock": (
        '[[package]]\nname = "anyio"\nversion = "4.1.0"\n',
        [("anyio", "4.1.0", True, 2)],
    ),
    "Cargo.toml": (
        '[dependencies]\nserde = "1.0"\ntime_core = {version = "0.1", package = "time"}\n'
        "[target.'cfg(unix)'.dev-dependencies]\nlocal = {path = \"../local\"}\n",
        [("serde", "1.0", False, 2), ("time", "0.1", False, 3), ("local", "*", False, 5)],
    ),
    "Cargo.lock": (
        '[[package]]\nname = "serde_json"\nversion = "1.0.100"\n',
        [("serde-json", "1.0.100", True, 2)],
    ),
    "go.mod": (
        GO,
        [("github.com/fork/a", "v1.2.4", True, 8),
         ("github.com/two/b", "v0.0.0-20200101000000-abcdefabcdef", True, 5),
         ("github.com/three/c/v2", "v2.1.0+incompatible", True, 6)],
    ),
    "pom.xml": (
        POM,
        [("org.apache.logging.log4j:log4j-core", "2.14.0", True, 5), ("a:b", "[1.0,2.0)", False, 6),
         ("a:c", "*", False, 7)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("path", MANIFESTS)
def test_a_manifest_is_read_with_the_lines_that_name_each_dependency(path):
    text, expected = MANIFESTS[path]

    found = read_manifest(path, text)

    told = [(d.name, d.asked, d.is_resolved, d.line_in(text)) for d in found]
    assert told == expected


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("package.json", "{", "package.json is not JSON: Expecting property name"),
        ("package.json", "[]", "package.json is not an object"),
        ("package.json", '{"dependencies": []}', "package.json: dependencies is not an object"),
        ("package.json", "[" * 100_000, "package.json is not JSON: it nests too deep"),
        ("Cargo.toml", "a = ", "Cargo.toml is not TOML: Invalid value"),
        ("pom.xml", "<project>", "pom.xml is not XML: no element found"),
        ("pom.xml", '<!DOCTYPE x [<!ENTITY a "b">]><project>&a;</project>',
         "pom.xml declares a document type or entities: take them out"),
    ],
)  # fmt: skip
def test_a_manifest_that_cannot_be_read_says_why(path, text, says):
    with pytest.raises(UnreadableManifest, match=says):
        read_manifest(path, text)


def test_a_file_is_a_manifest_by_its_name_alone():
    assert ecosystem_of("services/api/package.json") == "npm"
    assert ecosystem_of("requirements/base.txt") is None
    assert ecosystem_of("package.json.bak") is None
