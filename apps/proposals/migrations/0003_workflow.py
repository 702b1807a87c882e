"""A proposal is about any kind of change, at a scope, and time moves it on."""

import django.db.models.deletion
from django.db import migrations, models

import apps.kernel.ids
import apps.kernel.tenancy
import apps.kernel.tenant_field
import apps.proposals.types

# The owner sees no row of a walled table: the wall is opened for the filling, and shut again.
FILL = """
    ALTER TABLE proposals_proposal NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE policies_policy NO FORCE ROW LEVEL SECURITY;
    UPDATE proposals_proposal p SET scope_id = q.scope_id, subject = 'policy:' || q.id,
        title = q.name, severity = q.severity
    FROM policies_policy q WHERE q.id = p.policy_id;
    SET CONSTRAINTS ALL IMMEDIATE;
    ALTER TABLE proposals_proposal FORCE ROW LEVEL SECURITY;
    ALTER TABLE policies_policy FORCE ROW LEVEL SECURITY;
"""


def _text(length: int) -> models.CharField:
    return models.CharField(max_length=length)


def _added(name: str, field: models.Field, *, keep: bool = True) -> migrations.AddField:
    return migrations.AddField(model_name="proposal", name=name, field=field, preserve_default=keep)


class Migration(migrations.Migration):
    dependencies = [("orgs", "0003_governance"), ("proposals", "0002_rules")]

    operations = [
        migrations.CreateModel(
            name="ProposalStep",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.kernel.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "tenant_id",
                    apps.kernel.tenant_field.TenantField(
                        default=apps.kernel.tenancy.find_tenant_id, editable=False
                    ),
                ),
                ("round", models.PositiveIntegerField()),
                ("key", _text(40)),
                ("is_missed", models.BooleanField(default=False)),
                ("taken_at", models.DateTimeField()),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="proposals.proposal",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant_id", "proposal", "round", "key"),
                        name="proposal_step_once",
                    )
                ]
            },
        ),
        migrations.RemoveConstraint(model_name="proposal", name="one_pending_proposal_per_policy"),
        _added(
            "scope",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="orgs.scope",
            ),
        ),
        _added("subject", models.CharField(default="", max_length=200), keep=False),
        _added("title", models.CharField(default="", max_length=300), keep=False),
        _added(
            "severity",
            models.CharField(
                choices=[("info", "info"), ("warn", "warn"), ("block", "block")],
                default="info",
                max_length=5,
            ),
            keep=False,
        ),
        _added("payload", models.JSONField(blank=True, default=dict)),
        _added("round", models.PositiveIntegerField(default=1)),
        _added("level", models.PositiveSmallIntegerField(default=0)),
        _added("level_since", models.DateTimeField(null=True)),
        _added("due_at", models.DateTimeField(null=True)),
        _added("expires_at", models.DateTimeField(null=True)),
        _added("next_step_at", models.DateTimeField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="proposal",
            name="scope",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orgs.scope"
            ),
        ),
        migrations.AlterField(model_name="proposal", name="kind", field=_text(32)),
        migrations.AlterField(
            model_name="proposal",
            name="policy",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="policies.policy",
            ),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="state",
            field=models.CharField(
                choices=[
                    ("pending", "pending"),
                    ("approved", "approved"),
                    ("rejected", "rejected"),
                    ("withdrawn", "withdrawn"),
                    ("expired", "expired"),
                ],
                default=apps.proposals.types.ProposalState["PENDING"],
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["next_step_at"],
                name="proposal_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "pending")),
                fields=("tenant_id", "subject"),
                name="one_pending_proposal_per_subject",
            ),
        ),
    ]
