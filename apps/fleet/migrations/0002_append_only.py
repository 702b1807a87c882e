"""What agents answered stays as it was."""

from django.db import migrations

from apps.kernel.schema_operations import append_only


class Migration(migrations.Migration):
    dependencies = [("fleet", "0001_initial")]
    operations = [append_only("fleet_acknowledgement")]
