"""Sizes and shapes that keep the house readable."""

import ast

import pytest

from tests.architecture.sources import product_sources, python_sources

FUNCTION_LINES, FILE_LINES, COMPLEXITY = 50, 400, 8
BANNED_MODULES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)

pytestmark = pytest.mark.gap("CC-4")


def _functions(tree):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def _length(node):
    return node.end_lineno - node.lineno + 1


def _complexity(function):
    """Return McCabe's number: one, plus one per branch, not counting nested functions."""
    total, todo = 1, list(ast.iter_child_nodes(function))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        total += isinstance(node, BRANCHES)
        todo.extend(ast.iter_child_nodes(node))
    return total


def test_no_function_is_longer_than_its_cap():
    long = [
        f"{s.path}:{f.name} {_length(f)}"
        for s in python_sources()
        for f in _functions(s.tree)
        if _length(f) > FUNCTION_LINES
    ]
    assert long == []


def test_no_file_is_longer_than_its_cap():
    long = []
    for source in python_sources():
        if not source.is_migration:
            lines = source.text.count("\n")
            if lines > FILE_LINES:
                long.append(f"{source.path} {lines}")
    assert long == []


def test_no_function_is_more_complex_than_its_cap():
    complex_ = [
        f"{s.path}:{f.name} {_complexity(f)}"
        for s in product_sources()
        for f in _functions(s.tree)
        if _complexity(f) > COMPLEXITY
    ]
    assert complex_ == []


def test_nine_functions_in_ten_are_short():
    lengths = sorted(_length(f) for s in product_sources() for f in _functions(s.tree))
    assert lengths[len(lengths) // 2] <= 10
    assert lengths[len(lengths) * 9 // 10] <= 25


def test_no_module_is_a_catch_all():
    names = {s.path: s.path.split("/") for s in python_sources()}
    caught = [
        path
        for path, parts in names.items()
        if BANNED_MODULES & {part.removesuffix(".py") for part in parts}
    ]
    assert caught == []


def test_every_module_opens_with_a_sentence():
    silent = [
        s.path
        for s in python_sources()
        if s.text.strip() and not s.is_migration and not ast.get_docstring(s.tree)
    ]
    assert silent == []


def test_every_public_function_of_the_rooms_says_what_it_guarantees():
    """Operations and queries are what others call: each has a docstring."""
    rooms = ("operations", "queries")
    silent = [
        f"{s.path}:{node.name}"
        for s in product_sources()
        if s.path.startswith("apps/") and any(room in s.path for room in rooms)
        for node in s.tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if not ast.get_docstring(node)
    ]
    assert silent == []
