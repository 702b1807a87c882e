"""Where a session was started, and the one row of the bootstrap."""

from django.db import migrations, models

from apps.kernel.schema_operations import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0002_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="address",
            field=models.GenericIPAddressField(null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="browser",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            model_name="session",
            name="method",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AlterField(
            model_name="session",
            name="created_at",
            field=models.DateTimeField(),
        ),
        migrations.CreateModel(
            name="Bootstrap",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("company_id", models.UUIDField()),
                ("user_id", models.UUIDField()),
                ("happened_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="bootstrapped_once")
                ],
            },
        ),
        append_only("identity_bootstrap"),
    ]
