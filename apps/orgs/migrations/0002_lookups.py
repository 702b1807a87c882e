"""Look-ups that must work before a tenant is known, and tables nobody may use."""

from django.db import migrations

from apps.kernel.schema_operations import lookup_function

UNUSED = "guardian_userobjectpermission, guardian_groupobjectpermission, auth_group, auth_group_permissions"


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0001_initial"),
        ("guardian", "__latest__"),
        ("auth", "__latest__"),
    ]
    operations = [
        lookup_function(
            name="find_company_by_slug",
            arguments="wanted text",
            returns="uuid",
            body="SELECT id FROM orgs_scope WHERE kind = 'company' AND slug = wanted",
        ),
        lookup_function(
            name="find_local_sign_in",
            arguments="wanted text",
            returns="TABLE (tenant_id uuid, user_id uuid)",
            body="""
                SELECT u.tenant_id, u.id FROM orgs_user u
                WHERE lower(u.email) = lower(wanted) AND u.deactivated_at IS NULL
                  AND u.password NOT LIKE '!%'
            """,
        ),
        migrations.RunSQL(
            f"REVOKE ALL ON {UNUSED} FROM aeterna_app, aeterna_platform",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {UNUSED} TO aeterna_app, aeterna_platform",
        ),
    ]
