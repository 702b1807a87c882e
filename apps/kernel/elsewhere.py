"""The one way out of a tenant's scope: a platform administrator's, inside the same transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from .errors import Forbidden, TenantSwitch
from .tenancy import APP, _scope, current_actor


@contextmanager
def outside_scope() -> Iterator[None]:
    """Lay the scope in force aside, so that a platform administrator can open another one.

    The transaction goes on: an error undoes what was done inside and is raised in the scope that
    is taken up again, a denial as one that nobody recorded yet. Raises TenantSwitch for anybody
    else, and NoActor without a scope.
    """
    if not current_actor().is_platform:
        raise TenantSwitch("only a platform administrator leaves a tenant's scope")
    token = _scope.set(None)
    try:
        with transaction.atomic(using=APP):
            yield
    except Forbidden as error:
        error.is_recorded = False
        raise
    finally:
        _scope.reset(token)
