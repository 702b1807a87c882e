"""Proposals and what was said about them for operators to look at."""

from django.contrib import admin

from apps.kernel.read_only_admin import ReadOnlyAdmin

from .models import Comment, Proposal, Review


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    list_display = ("number", "policy", "kind", "state", "author", "created_at", "decided_at")
    list_filter = ("state", "kind")
    list_select_related = ("policy", "author")


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "reviewer", "verdict", "created_at")
    list_select_related = ("proposal__policy", "reviewer")


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "author", "text", "created_at")
    list_select_related = ("proposal__policy", "author")
