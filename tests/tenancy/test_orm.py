"""The ORM by every road: all, raw, union, subquery, aggregates, prefetch, the base manager."""

import pytest
from django.db import DatabaseError, connections, transaction
from django.db.models import Count, Exists, ForeignKey, OuterRef, Prefetch

from apps.kernel import clock
from apps.kernel.errors import NoActor, TenantSwitch
from apps.kernel.tenancy import across_tenants, acting_as
from tests.tenancy.population import tenant_models

pytestmark = [pytest.mark.gap("MT-C1"), pytest.mark.gap("MT-H3"), pytest.mark.django_db]
MODELS = tenant_models()


def _label(model):
    return model._meta.label


def _reads(model, pk):
    """Return, by name, what each way of reading finds of the row `pk`; [] means nothing."""
    rows = model.objects
    base = model._base_manager
    table = model._meta.db_table
    mine = rows.filter(pk=pk)
    inner = base.filter(pk=OuterRef("pk"))
    return {
        "all": [r for r in rows.all() if r.pk == pk],
        "filter": list(mine),
        "base manager": list(base.filter(pk=pk)),
        "raw": list(rows.raw(f'SELECT * FROM "{table}" WHERE id = %s', [pk])),
        "base raw": list(base.raw(f'SELECT * FROM "{table}" WHERE id = %s', [pk])),
        "union": list(rows.filter(pk=pk).union(base.filter(pk=pk))),
        "subquery": list(rows.filter(pk__in=base.filter(pk=pk).values("pk"))),
        "exists subquery": list(rows.filter(Exists(inner)).filter(pk=pk)),
        "in_bulk": list(rows.in_bulk([pk])),
        "iterator": list(mine.iterator(chunk_size=10)),
        "values": list(mine.values()),
        "lock": _quietly(list, mine.select_for_update()) or [],
        "aggregate": [n for n in [mine.aggregate(n=Count("pk"))["n"]] if n],
        "count": [n for n in [base.filter(pk=pk).count()] if n],
        "exists": [e for e in [mine.exists(), base.filter(pk=pk).exists()] if e],
        "update": [n for n in [_quietly(mine.update, tenant_id=None)] if n],
        "delete": [n for n in [_quietly(base.filter(pk=pk)._raw_delete, "default")] if n],
    }


def _quietly(function, *args, **kwargs):
    """Return how many rows were touched; a refusal by the database touched none."""
    try:
        with transaction.atomic():
            return function(*args, **kwargs)
    except DatabaseError as error:
        if error.__cause__.sqlstate != "42501":
            raise
        return 0


@pytest.mark.parametrize("model", MODELS, ids=_label)
def test_no_road_leads_to_another_tenants_row(model, victim, attacker, fingerprint):
    before = fingerprint(victim.tenant_id)
    pk = model._meta.pk.to_python(victim.rows[model._meta.db_table]["id"])

    with acting_as(attacker.company.actor("tenant_admin")):
        found = {name: rows for name, rows in _reads(model, pk).items() if rows}
        assert found == {}
        with pytest.raises(model.DoesNotExist):
            model.objects.get(pk=pk)
    assert fingerprint(victim.tenant_id) == before


@pytest.mark.parametrize("model", MODELS, ids=_label)
def test_the_same_roads_lead_to_ones_own_row(model, attacker):
    pk = model._meta.pk.to_python(attacker.rows[model._meta.db_table]["id"])
    with acting_as(attacker.company.actor("tenant_admin")):
        assert model.objects.filter(pk=pk).exists()
        assert list(model._base_manager.filter(pk=pk))
        assert {row.tenant_id for row in model.objects.all()} == {attacker.tenant_id}


@pytest.mark.parametrize("model", MODELS, ids=_label)
def test_joins_and_prefetches_stay_inside(model, attacker):
    keys = [f for f in model._meta.concrete_fields if isinstance(f, ForeignKey)]
    ours = [f for f in keys if f.remote_field.model in MODELS]
    with acting_as(attacker.company.actor("tenant_admin")):
        joined = model.objects.select_related(*[f.name for f in ours])
        fetched = model.objects.prefetch_related(
            *[Prefetch(f.name, queryset=f.remote_field.model._base_manager.all()) for f in ours]
        )
        for row in [*joined, *fetched]:
            tenants = {getattr(row, f.name).tenant_id for f in ours if getattr(row, f.attname)}
            assert tenants <= {attacker.tenant_id}


@pytest.mark.parametrize("model", MODELS, ids=_label)
def test_nothing_is_read_or_written_without_an_actor(model):
    with pytest.raises(NoActor):
        model.objects.all()
    with pytest.raises(NoActor):
        model.objects.filter(pk__isnull=False)
    assert list(model._base_manager.all()) == []
    with pytest.raises(NoActor):
        model().save_base(force_insert=True)


@pytest.mark.parametrize("model", MODELS, ids=_label)
def test_a_query_kept_past_its_scope_does_not_run(model, attacker):
    with acting_as(attacker.company.actor("tenant_admin")):
        late = model.objects.all()
    for run in (list, lambda q: q.count(), lambda q: q.exists(), lambda q: list(q.iterator())):
        with pytest.raises(NoActor):
            run(late.all())


@pytest.mark.django_db(databases=["default", "platform"])
def test_a_query_made_across_tenants_shows_one_tenant_inside_a_scope(victim, attacker):
    from apps.orgs.models import User

    with across_tenants("a test"):
        wide = User.objects.all()
    with acting_as(attacker.company.actor("viewer")):
        assert {user.tenant_id for user in wide} == {attacker.tenant_id}


def test_a_row_claiming_another_tenant_is_refused(victim, attacker):
    from apps.orgs.models import User

    spy = User(tenant_id=victim.tenant_id, email="spy@example.com", name="Spy")
    spy.created_at = clock.now()
    actor = attacker.company.actor("tenant_admin")
    with acting_as(actor), pytest.raises(DatabaseError) as caught, transaction.atomic():
        spy.save(force_insert=True)
    assert caught.value.__cause__.sqlstate == "42501"


@pytest.mark.django_db(databases=["default", "platform"])
def test_no_tenant_is_entered_from_inside_another(victim, attacker):
    with acting_as(attacker.company.actor("tenant_admin")):
        with pytest.raises(TenantSwitch), acting_as(victim.company.actor("viewer")):
            pass
        with pytest.raises(TenantSwitch), across_tenants("a way around"):
            pass
    with (
        across_tenants("a test"),
        pytest.raises(TenantSwitch),
        acting_as(victim.company.actor("viewer")),
    ):
        pass


def test_a_nested_scope_gives_the_tenant_back(attacker):
    with acting_as(attacker.company.actor("viewer")):
        with acting_as(attacker.company.service("relay")):
            pass
        assert _setting() == str(attacker.tenant_id)
        with pytest.raises(RuntimeError), acting_as(attacker.company.service("relay")):
            raise RuntimeError
        assert _setting() == str(attacker.tenant_id)
    assert _setting() == ""


def _setting():
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('aeterna.tenant_id', true), '')")
        return cursor.fetchone()[0]
