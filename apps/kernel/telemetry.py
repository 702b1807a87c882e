"""Metrics and traces: one vocabulary for every app."""

from opentelemetry import trace
from prometheus_client import Counter, Gauge, Histogram

tracer = trace.get_tracer("aeterna")

OPERATIONS_TOTAL = Counter(
    "aeterna_operations_total", "Operations by name and outcome", ["operation", "outcome"]
)
OPERATION_SECONDS = Histogram(
    "aeterna_operation_seconds", "Duration of operations in seconds", ["operation"]
)
DECISIONS_TOTAL = Counter(
    "aeterna_decisions_total", "Decisions of the portal's own policy", ["action", "decision"]
)
DELIVERIES_TOTAL = Counter(
    "aeterna_deliveries_total", "Outbox deliveries by handler and outcome", ["handler", "outcome"]
)
CONNECTED_AGENTS = Gauge("aeterna_connected_agents", "Cedar agents connected to this process")
