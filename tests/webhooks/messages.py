"""What the tests of webhooks share."""

from apps.orgs.operations import update_user
from apps.webhooks.courier import send_to
from apps.webhooks.models import Message, Webhook
from apps.webhooks.operations import create_webhook


def make(company, url, *, name="pager", patterns=("user.*",), **values):
    with company.acting("admin"):
        return create_webhook(name=name, url=url, patterns=list(patterns), **values)


def rename(company, title="Boss"):
    """Let something happen: `user.updated`."""
    with company.acting("tenant_admin"):
        return update_user(user_id=company.users["developer"].id, title=title)


def send(company, webhook):
    return send_to(tenant_id=company.tenant_id, webhook_id=webhook.id)


def messages(company):
    with company.acting("admin"):
        return list(Message.objects.select_related("event").order_by("id"))


def present(company, webhook):
    with company.acting("admin"):
        return Webhook.objects.get(id=webhook.id)
