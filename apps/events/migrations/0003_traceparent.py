"""A delivery keeps the trace of the operation that asked for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0002_append_only")]
    operations = [
        migrations.AddField(
            model_name="delivery",
            name="traceparent",
            field=models.CharField(blank=True, db_default="", default="", max_length=55),
        ),
    ]
