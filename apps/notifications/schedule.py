"""When a daily digest is due: a wall-clock hour in somebody's own time zone, on the UTC line."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones


def is_time_zone(name: str) -> bool:
    """Tell whether `name` is a time zone of the IANA database, such as Europe/Berlin."""
    return name in available_timezones()


def next_digest(after: datetime, *, hour: int, zone: str) -> datetime:
    """Return the first moment later than `after` when clocks in `zone` show `hour`, once a day.

    An hour that a change of clocks skips is taken just after it; of one that comes twice the
    first counts.
    """
    local = ZoneInfo(zone)
    day = local_day(after, zone=zone)
    while True:
        moment = datetime.combine(day, time(hour), tzinfo=local).astimezone(UTC)
        if moment > after:
            return moment
        day += timedelta(days=1)


def local_day(moment: datetime, *, zone: str) -> date:
    """Return the day that `moment` falls on in `zone`."""
    return moment.astimezone(ZoneInfo(zone)).date()
