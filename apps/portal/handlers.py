"""What the portal does when something happened: open pages learn of it."""

from apps.events.subscriptions import on
from apps.events.types import Happened

from .publisher import publish_topic
from .topics import TOPIC_OF, topics_of


@on(*TOPIC_OF)
def announce_to_browsers(happened: Happened) -> None:
    """Tell the browsers of the company which topics changed; telling twice does no harm."""
    for topic in topics_of(happened.type):
        publish_topic(tenant_id=happened.tenant_id, topic=topic)
