"""The rows of a company that was made once, written again under new ids for the next test."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.apps import apps
from django.db import connections, transaction

from apps.events.models import Delivery
from apps.kernel import clock
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import APP
from apps.kernel.tenant_model import TenantModel

IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")


@dataclass(frozen=True)
class Copied:
    """All rows of one tenant as JSON text by table, and when they were read."""

    rows: Mapping[str, str]
    ids: Sequence[str]
    slug: str
    at: datetime

    def write(self, *, slug: str, ids: Mapping[str, str]) -> None:
        """Write the rows in the open scope of the new tenant, as if they were made just now."""
        late = clock.now() - self.at
        with transaction.atomic(using=APP), connections[APP].cursor() as cursor:
            for table, text in self.rows.items():
                said = IDS.sub(lambda found: ids.get(found[0], found[0]), text)
                said = TIMES.sub(lambda found: _later(found[0], late), said)
                said = said.replace(self.slug, slug).replace(self.slug.title(), slug.title())
                source = f'json_populate_recordset(NULL::"{table}", %s)'
                cursor.execute(f'INSERT INTO "{table}" SELECT * FROM {source}', [said])

    def new_ids(self) -> dict[str, str]:
        """Return a new id for each, in the same order."""
        fresh = sorted(str(uuid7()) for _ in self.ids)
        return dict(zip(self.ids, fresh, strict=True))


def copied(*, slug: str) -> Copied:
    """Return all rows of the tenant whose scope is open."""
    rows: dict[str, str] = {}
    with connections[APP].cursor() as cursor:
        for model in apps.get_models():
            # What its founding left for the relay was delivered long ago.
            if issubclass(model, TenantModel) and model is not Delivery:
                table = model._meta.db_table
                cursor.execute(f'SELECT json_agg(t)::text FROM "{table}" t')
                text = cursor.fetchone()[0]
                rows |= {table: text} if text else {}
    ids = sorted({found for text in rows.values() for found in IDS.findall(text)})
    return Copied(rows=rows, ids=ids, slug=slug, at=clock.now())


def _later(moment: str, late: timedelta) -> str:
    return (datetime.fromisoformat(moment) + late).isoformat()
