"""Tables of the organization for operators to look at."""

from typing import ClassVar

from django.contrib import admin

from apps.kernel.read_only_admin import ReadOnlyAdmin

from .models import (
    Agent,
    Company,
    GovernanceRule,
    Membership,
    RoleGrant,
    Scope,
    ScopeShare,
    User,
)


@admin.register(Company)
class CompanyAdmin(ReadOnlyAdmin):
    list_display = ("id", "role_resolution", "is_demo", "created_at")


@admin.register(Scope)
class ScopeAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "slug", "archived_at")
    list_filter = ("kind",)
    search_fields = ("name", "slug")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("name", "email", "title", "deactivated_at")
    search_fields = ("name", "email")
    exclude: ClassVar[tuple[str, ...]] = ("password",)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "scope", "created_at")
    list_select_related = ("user", "scope")


@admin.register(RoleGrant)
class RoleGrantAdmin(ReadOnlyAdmin):
    list_display = ("user", "role", "scope", "source", "granted_at", "revoked_at")
    list_filter = ("role", "source")
    list_select_related = ("user", "scope")


@admin.register(ScopeShare)
class ScopeShareAdmin(ReadOnlyAdmin):
    list_display = ("user", "content_object")
    list_select_related = ("user", "content_object")


@admin.register(Agent)
class AgentAdmin(ReadOnlyAdmin):
    list_display = ("name", "owner", "scope", "depth", "expires_at", "revoked_at")
    list_select_related = ("owner", "scope")
    search_fields = ("name",)


@admin.register(GovernanceRule)
class GovernanceRuleAdmin(ReadOnlyAdmin):
    list_display = ("scope", "kind", "severity_floor", "updated_at")
    list_select_related = ("scope",)
