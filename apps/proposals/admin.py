"""Proposals and what was said about them for operators to look at."""

from django.contrib import admin

from apps.kernel.read_only_admin import ReadOnlyAdmin

from .models import Comment, ConflictAcceptance, Proposal, ProposalStep, Replay, Review, Shadow


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "kind", "state", "author", "created_at", "decided_at")
    list_filter = ("state", "kind")
    list_select_related = ("author",)


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "reviewer", "verdict", "created_at")
    list_select_related = ("proposal", "reviewer")


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "author", "text", "created_at")
    list_select_related = ("proposal", "author")


@admin.register(ProposalStep)
class ProposalStepAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "round", "key", "is_missed", "taken_at")
    list_select_related = ("proposal",)


@admin.register(ConflictAcceptance)
class ConflictAcceptanceAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "accepted_by", "created_at")
    list_select_related = ("proposal", "accepted_by")


@admin.register(Replay)
class ReplayAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "author", "days", "state", "done", "total", "requested_at")
    list_filter = ("state",)
    list_select_related = ("proposal", "author")


@admin.register(Shadow)
class ShadowAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "author", "hours", "state", "done", "started_at", "until")
    list_filter = ("state",)
    list_select_related = ("proposal", "author")
