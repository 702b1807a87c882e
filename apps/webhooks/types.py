"""Vocabulary of webhooks: formats, states, and how patient they are."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class Format(StrEnum):
    STANDARD = "standard"
    SLACK = "slack"
    TEAMS = "teams"


class MessageState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


FORMAT_TITLES: Mapping[Format, str] = {
    Format.STANDARD: "Standard Webhooks (signed JSON)",
    Format.SLACK: "Slack",
    Format.TEAMS: "Microsoft Teams",
}

TESTED = "webhook.tested"
"""The event of a test, which only the webhook that is tested is told."""

PATTERN = r"\*|[a-z][a-z_]*\.(\*|[a-z][a-z_]*)"
MAX_PATTERNS = 50
PATTERN_LENGTH = 80
MAX_WEBHOOKS = 20
URL_LENGTH = 2000

MAX_ATTEMPTS = 15
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(hours=6)
PATIENCE = timedelta(days=5)
"""How long a webhook may fail without a break before it is switched off."""

OVERLAP = timedelta(hours=24)
"""How long the old secret still signs beside a new one."""

SECONDS = 10.0
"""How long one attempt may take, from the connection to the end of the answer."""

LEASE = timedelta(minutes=2)
"""How long a webhook is left to who sends to it; longer than one attempt takes."""

MAX_ANSWER_BYTES = 64 * 1024
