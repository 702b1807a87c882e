"""What an agent speaks, and what an OPAL client reported of either part of a revision."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fleet", "0007_out_of_date"),
    ]

    operations = [
        migrations.AddField(
            model_name="cedaragent",
            name="protocol",
            field=models.CharField(default="aeterna", max_length=10),
        ),
        migrations.AddField(
            model_name="cedaragent",
            name="policies_revision",
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="cedaragent",
            name="entities_revision",
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]
