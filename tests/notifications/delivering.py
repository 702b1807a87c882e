"""Running what waits for one company, and nothing that another test left behind."""

from apps.events.models import Delivery
from apps.events.relay import _deliver
from apps.kernel import clock
from apps.notifications import postman
from apps.notifications.models import Letter, Preference


def deliver(company) -> int:
    """Run the due deliveries of `company` until none is left; return how many ran."""
    ran = 0
    while due := _due(company):
        ran += sum(_deliver(company.tenant_id, delivery_id) for delivery_id in due)
    return ran


def _due(company):
    with company.acting("tenant_admin"):
        rows = Delivery.objects.due(clock.now()).order_by("next_attempt_at", "id")
        return list(rows.values_list("id", flat=True))


def send_letters(company) -> int:
    """Send the due letters of `company`; return how many were sent."""
    with company.acting("tenant_admin"):
        rows = Letter.objects.filter(state="pending", next_attempt_at__lte=clock.now())
        due = list(rows.order_by("id").values_list("id", flat=True))
    handed = [postman._deliver(company.tenant_id, letter_id) for letter_id in due]
    return handed.count(postman.Handed.OVER)


def send_digests(company) -> int:
    """Write the due digests of `company`; return how many were written."""
    with company.acting("tenant_admin"):
        rows = Preference.objects.filter(next_digest_at__lte=clock.now())
        due = list(rows.values_list("user_id", flat=True))
    return sum(postman._digest(company.tenant_id, user_id) for user_id in due)
