"""What the code of the house never does, and the few reasoned exceptions."""

import ast
import re

import pytest

from tests.architecture.sources import ROOT, product_sources, python_sources, tracked

pytestmark = pytest.mark.gap("CC-4")

WRITES = {"create", "save", "delete", "update", "bulk_create", "bulk_update", "get_or_create"}
WRITERS = ("/operations", "/models", "/migrations/", "apps/events/relay.py")
# Writes outside operations, each with the reason.
MAY_WRITE = {
    "apps/identity/sessions.py": "the session store is Django's own storage port",
    "apps/identity/authentication.py": "when a token was last used is not governed by anybody",
    "apps/api/idempotency.py": "remembers answers of creations; holds nothing anybody governs",
    "apps/identity/bootstrap.py": "the one row that says an installation was bootstrapped",
}
# First-party imports inside functions, each with the reason why not at the top.
INNER_IMPORTS = {
    "apps/events/apps.py": "Django loads models only when apps are ready",
    "apps/policies/apps.py": "Django loads models only when apps are ready",
    "apps/fleet/apps.py": "Django loads models only when apps are ready",
    "apps/portal/apps.py": "Django loads models only when apps are ready",
    "apps/identity/apps.py": "Django loads models only when apps are ready",
    "apps/identity/models.py": "Django asks the session model for its store, which imports it",
    "aeterna_portal/pages.py": "Django must be set up first",
    "aeterna_portal/celery.py": "Django must be set up first",
}
# Raw SQL elsewhere, each with the reason.
RAW_SQL = {
    "apps/api/idempotency.py": "an advisory lock on a key",
    "apps/portal/health.py": "asks whether Postgres answers",
    "apps/identity/federation.py": "an advisory lock and look-ups before a tenant is known",
    "apps/portal/management/commands/load_demo.py": "a look-up before a tenant is known",
}
# The only modules that read the time of day.
CLOCKS = {"apps/kernel/clock.py", "apps/kernel/ids.py"}
OUTSIDE_THE_PORTAL = ("clients/", "aeterna_portal/local/", "tests/")
WORKPLACE = re.compile(
    r"/wor[k]/(main|shared|\.library)|/tm[p]/brief|files\.pythonhoste[d]\.org|pypi\.or[g]/simple"
    r"|registry\.npmjs\.or[g]|deb\.debia[n]\.org|registry\.yarnpk[g]\.com"
)


def _portal():
    return [s for s in product_sources() if not s.path.startswith(OUTSIDE_THE_PORTAL)]


def _calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_nothing_is_left_to_do():
    marker = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    found = [
        f"{s.path}:{number}"
        for s in python_sources()
        for number, line in enumerate(s.text.splitlines(), 1)
        if marker.search(line)
    ]
    assert found == []


def test_no_signal_carries_a_business_effect():
    banned = re.compile(
        r"django\.dispatch|django\.db\.models\.signals|django\.core\.signals|@receiver\b"
    )
    assert [s.path for s in _portal() if banned.search(s.text)] == []


def test_only_operations_write():
    found = []
    for source in _portal():
        if any(part in source.path for part in WRITERS) or source.path in MAY_WRITE:
            continue
        for call in _calls(source.tree):
            text = ast.unparse(call.func)
            if re.search(r"\.objects\b.*\.(" + "|".join(sorted(WRITES)) + r")$", text):
                found.append(f"{source.path}:{call.lineno} {text}")
    assert found == []


def test_raw_sql_stays_in_the_kernel_queries_and_migrations():
    allowed = ("apps/kernel/", "/migrations/", "/queries", *RAW_SQL)
    found = [
        f"{s.path}:{call.lineno}"
        for s in _portal()
        if s.path.startswith("apps/") and not any(part in s.path for part in allowed)
        for call in _calls(s.tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("execute", "raw", "extra")
        if "connection" in ast.unparse(call.func) or "cursor" in ast.unparse(call.func)
    ]
    assert found == []


def test_only_the_clock_reads_the_time():
    banned = re.compile(r"timezone\.now\(|datetime\.now\(|datetime\.utcnow\(|date\.today\(")
    found = [s.path for s in _portal() if s.path not in CLOCKS and banned.search(s.text)]
    assert found == []


def test_no_import_hides_inside_a_function():
    found = []
    for source in _portal():
        if source.path in INNER_IMPORTS or source.is_migration:
            continue
        for function in ast.walk(source.tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            found += [
                f"{source.path}:{node.lineno}"
                for node in ast.walk(function)
                if isinstance(node, ast.ImportFrom) and _is_first_party(node)
            ]
    assert found == []


def _is_first_party(node):
    return node.level > 0 or (node.module or "").split(".")[0] in ("apps", "aeterna_portal")


def test_every_reasoned_exception_is_still_needed():
    existing = {s.path for s in python_sources()}
    needed = {"apps/api/idempotency.py", "apps/identity/bootstrap.py", "apps/portal/apps.py"}
    assert set(INNER_IMPORTS) | set(MAY_WRITE) - needed <= existing | needed


def test_models_of_other_apps_are_not_looked_up_by_name():
    found = [
        f"{s.path}:{call.lineno}"
        for s in _portal()
        if not s.is_migration
        for call in _calls(s.tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "get_model"
    ]
    assert found == []


def test_no_file_names_a_workplace_or_a_registry():
    found = []
    for name in tracked():
        path = ROOT / name
        if path.suffix in {".png", ".woff2", ".ico", ".gz", ".map"} or path.stat().st_size > 2e6:
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        match = WORKPLACE.search(text)
        if match:
            found.append(f"{name}: {match[0]}")
    assert found == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_exactly(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    wanted = [
        line.split("#")[0].strip().rstrip("\\").strip()
        for line in lines
        if line.strip() and not line.lstrip().startswith(("#", "--hash", "-r", "-c"))
    ]
    loose = [line for line in wanted if not re.search(r"^[A-Za-z0-9._\[\],-]+==[^*=]+", line)]
    assert wanted
    assert loose == []


def test_no_check_is_switched_off_without_naming_it():
    bare = re.compile(r"#\s*(noqa(?!:)|type:\s*ignore(?!\[))")
    found = [
        f"{s.path}:{number}"
        for s in python_sources()
        for number, line in enumerate(s.text.splitlines(), 1)
        if bare.search(line) and "bare = " not in line
    ]
    assert found == []


def test_what_tests_take_from_each_other_is_there():
    """Such an import fails only when the whole suite is collected."""
    defined = {s.path: _names_of(s.tree) for s in python_sources() if s.path.startswith("tests/")}
    missing = [
        f"{source.path}: {alias.name} of {path}"
        for source in python_sources()
        if source.path.startswith("tests/")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom)
        if (path := _file_of(node, source.path)) in defined
        for alias in node.names
        if alias.name not in defined[path]
    ]
    assert missing == []


def _names_of(tree):
    """Return the names that the top of a module binds, within conditions too."""
    found = set()
    todo = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        todo.extend(ast.iter_child_nodes(node))
    return found


def _file_of(node, path):
    """Return the file that an import of names takes them from."""
    folder = path.split("/")[: -node.level] if node.level else []
    return "/".join([*folder, *(node.module or "").split(".")]) + ".py"
