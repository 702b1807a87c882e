"""The Celery application; tasks live in the apps' entrypoints."""

import os
from typing import Any

from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import worker_init, worker_process_init

from apps.kernel.spans import started_span

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aeterna_portal.settings")


class TracedTask(Task):  # type: ignore[misc]
    """A task whose every run is a span; what it delivers or does are spans below."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        attributes = {"messaging.system": "celery", "messaging.message.id": self.request.id or ""}
        with started_span(f"task {self.name}", attributes=attributes):
            return super().__call__(*args, **kwargs)


app = Celery("aeterna_portal", task_cls=TracedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    [
        "apps.events",
        "apps.fleet",
        "apps.identity",
        "apps.notifications",
        "apps.policies",
        "apps.proposals",
        "apps.webhooks",
    ],
    related_name="entrypoints.tasks",
)
app.conf.beat_schedule = {
    "deliver-due-events": {"task": "events.deliver_due", "schedule": 30.0},
    "send-due-letters": {"task": "notifications.send_letters", "schedule": 30.0},
    "send-due-digests": {"task": "notifications.send_digests", "schedule": 300.0},
    "send-due-webhooks": {"task": "webhooks.send_due", "schedule": 15.0},
    "end-due-break-glasses": {"task": "policies.end_due_break_glasses", "schedule": 5.0},
    "end-due-rollbacks": {"task": "policies.end_due_rollbacks", "schedule": 60.0},
    "advance-waiting-proposals": {"task": "proposals.tick", "schedule": 60.0},
    "analyze-waiting-proposals": {
        "task": "proposals.analyze_all_waiting",
        "schedule": 60.0,
        "options": {"expires": 55.0},
    },
    "resume-replays": {
        "task": "proposals.resume_replays",
        "schedule": 60.0,
        "options": {"expires": 55.0},
    },
    "advance-shadows": {
        "task": "proposals.advance_shadows",
        "schedule": 15.0,
        "options": {"expires": 14.0},
    },
    "watch-agents": {
        "task": "fleet.watch_agents",
        "schedule": 10.0,
        "options": {"expires": 9.0},
    },
    "remove-old-decisions": {
        "task": "fleet.remove_old_decisions",
        "schedule": crontab(hour=2, minute=20),
    },
    "end-expired-sessions": {"task": "identity.end_expired_sessions", "schedule": 3600.0},
}


@worker_init.connect  # type: ignore[untyped-decorator]
def _refuse_unsafe_role(**_: object) -> None:
    # Django is set up by now; the pool's children must not inherit this connection.
    from django.db import connections

    from apps.kernel.database_role import UnsafeRole, require_safe_role

    try:
        require_safe_role()
    except UnsafeRole as error:
        raise SystemExit(str(error)) from error
    connections.close_all()


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _trace_worker(**_: object) -> None:
    # Spans are sent by a thread, which does not survive the worker's fork.
    from apps.kernel.tracing import start_tracing

    start_tracing(service="aeterna-worker")
