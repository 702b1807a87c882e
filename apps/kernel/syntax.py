"""Python source as a tree, whatever else of the process is parsing."""

import ast

TRIES = 3


def parsed(text: str) -> ast.Module:
    """Return the syntax tree of Python source; raises what `ast.parse` raises for bad source."""
    for _ in range(TRIES - 1):
        try:
            return ast.parse(text)
        except SystemError:
            # Python 3.11 before .9 loses count when a parse starts inside another, as when garbage
            # collected meanwhile logs its traceback (CPython issue 106905). The next one counts.
            continue
    return ast.parse(text)
