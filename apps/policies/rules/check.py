"""Checking one rule against one project."""

from collections.abc import Callable, Sequence

from .contents import check_code, check_config, check_file, check_import
from .dependencies import check_dependency
from .findings import Outcome
from .project import Project
from .types import Effect, Rule, Target

CHECKERS: dict[Target, Callable[[Rule, Project, Sequence[Rule]], Outcome]] = {
    Target.DEPENDENCY: check_dependency,
    Target.FILE: check_file,
    Target.CODE: check_code,
    Target.IMPORT: check_import,
    Target.CONFIG: check_config,
}


def check_rule(rule: Rule, project: Project, *, allows: Sequence[Rule] = ()) -> Outcome:
    """Return where a project breaks a rule, but for what the given allow rules except."""
    if rule.effect == Effect.ALLOW:
        return Outcome()
    same = [one for one in allows if one.target == rule.target and one.effect == Effect.ALLOW]
    return CHECKERS[rule.target](rule, project, same)
