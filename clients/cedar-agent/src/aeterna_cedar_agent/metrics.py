"""The agent's figures in Prometheus text format."""

from aeterna_cedar_agent.engine import Engine
from aeterna_cedar_agent.lease import Staleness
from aeterna_cedar_agent.standing import Standing
from aeterna_cedar_agent.status import Status

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(*, engine: Engine, status: Status, standing: Standing) -> str:
    """Return the exposition; timestamps are Unix seconds, 0 where there is none."""
    synced = status.last_sync_at.timestamp() if status.last_sync_at else 0
    staleness = standing.staleness(held=engine.number)
    lines = [
        *_gauge("revision", "Revision being served, 0 for none.", engine.number),
        *_gauge("connected", "Whether the portal is connected.", int(status.connected)),
        *_gauge("last_sync_timestamp_seconds", "When portal and agent last agreed.", synced),
        *_lease(standing.seconds_left),
        *_gauge_by("staleness", "1 at what decisions are now.", "state", _states(staleness)),
        *_counter("connections_total", "Connections the portal welcomed.", status.connections),
        *_counter_by("decisions_total", "Decisions made.", "decision", status.decisions),
        *_counter("decisions_logged_total", "Decisions the portal has.", status.logged),
        *_counter("decisions_dropped_total", "Decisions lost to the log.", status.dropped),
        *_counter_by("applies_total", "Revisions answered.", "answer", status.applies),
    ]
    return "\n".join(lines) + "\n"


def _gauge(name: str, text: str, value: float) -> list[str]:
    return [*_head(name, text, "gauge"), f"aeterna_agent_{name} {value}"]


def _lease(seconds_left: float | None) -> list[str]:
    if seconds_left is None:
        return []
    return _gauge("lease_seconds_left", "Until decisions expire.", round(seconds_left, 1))


def _gauge_by(name: str, text: str, label: str, values: dict[str, int]) -> list[str]:
    rows = [f'aeterna_agent_{name}{{{label}="{key}"}} {value}' for key, value in values.items()]
    return [*_head(name, text, "gauge"), *rows]


def _states(staleness: Staleness) -> dict[str, int]:
    return {state.value: int(state is staleness) for state in Staleness}


def _counter(name: str, text: str, value: int) -> list[str]:
    return [*_head(name, text, "counter"), f"aeterna_agent_{name} {value}"]


def _counter_by(name: str, text: str, label: str, values: dict[str, int]) -> list[str]:
    rows = [
        f'aeterna_agent_{name}{{{label}="{key}"}} {value}' for key, value in sorted(values.items())
    ]
    return [*_head(name, text, "counter"), *rows]


def _head(name: str, text: str, kind: str) -> list[str]:
    return [f"# HELP aeterna_agent_{name} {text}", f"# TYPE aeterna_agent_{name} {kind}"]
