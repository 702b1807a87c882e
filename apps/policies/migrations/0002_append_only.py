"""Versions and revisions never change."""

from django.db import migrations

from apps.kernel.schema_operations import append_only


class Migration(migrations.Migration):
    dependencies = [("policies", "0001_initial")]
    operations = [
        append_only("policies_policyversion"),
        append_only("policies_part"),
        append_only("policies_revision"),
    ]
