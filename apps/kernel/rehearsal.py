"""A dry run: everything is done and checked, then undone, and nothing is sent."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction

from .tenancy import APP, current_scope


@contextmanager
def rehearsed() -> Iterator[None]:
    """Undo what the block writes once the database has checked it; a refusal is raised as ever.

    What waits for the commit (deliveries, hints, e-mail) never runs. A denial stays on record:
    somebody did try.
    """
    scope = current_scope()
    try:
        with transaction.atomic(using=APP):
            yield
            connections[APP].check_constraints()
            transaction.set_rollback(True, using=APP)
    finally:
        scope.forget()
