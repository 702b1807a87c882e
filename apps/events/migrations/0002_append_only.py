"""What happened stays as it was written."""

from django.db import migrations

from apps.kernel.schema_operations import append_only


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [append_only("events_event")]
