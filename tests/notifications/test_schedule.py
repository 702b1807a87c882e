"""When the daily digest comes: by the wall clock of each person, once a day."""

from datetime import UTC, date, datetime

import pytest

from apps.notifications.schedule import is_time_zone, local_day, next_digest

pytestmark = pytest.mark.gap("UX-H6")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "hour", "zone", "expected"),
    [
        ("2026-11-23 07:00", 8, "UTC", "2026-11-23 08:00"),
        ("2026-11-23 08:00", 8, "UTC", "2026-11-24 08:00"),
        ("2026-01-31 09:00", 8, "UTC", "2026-02-01 08:00"),
        ("2028-02-28 09:00", 8, "UTC", "2028-02-29 08:00"),
        ("2026-12-31 23:30", 8, "Pacific/Auckland", "2027-01-01 19:00"),
        # Clocks go forward on 29 March: 02:00 does not exist, and 8 comes an hour earlier in UTC.
        ("2026-03-28 12:00", 2, "Europe/Berlin", "2026-03-29 01:00"),
        ("2026-03-28 12:00", 8, "Europe/Berlin", "2026-03-29 06:00"),
        ("2026-03-27 12:00", 8, "Europe/Berlin", "2026-03-28 07:00"),
        # Clocks go back on 25 October: 02:00 comes twice, the digest once.
        ("2026-10-24 12:00", 2, "Europe/Berlin", "2026-10-25 00:00"),
        ("2026-10-25 00:00", 2, "Europe/Berlin", "2026-10-26 01:00"),
        ("2026-10-25 00:30", 2, "Europe/Berlin", "2026-10-26 01:00"),
        ("2026-11-23 02:00", 8, "Asia/Kathmandu", "2026-11-23 02:15"),
    ],
)
def test_the_digest_comes_when_clocks_there_show_its_hour(after, hour, zone, expected):
    assert next_digest(at(after), hour=hour, zone=zone) == at(expected)


def test_a_whole_year_has_one_digest_for_each_day():
    for zone in ("Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"):
        for hour in (0, 2, 23):
            moment, days = at("2026-01-01 12:00"), []
            while len(days) < 365:
                moment = next_digest(moment, hour=hour, zone=zone)
                days.append(local_day(moment, zone=zone))
            assert days == [date.fromordinal(days[0].toordinal() + n) for n in range(365)]


def test_only_known_time_zones_are_time_zones():
    assert is_time_zone("Europe/Berlin")
    assert not any(map(is_time_zone, ("Berlin", "", "../../etc/passwd", "UTC+1")))
