"""Partner Center's webhook: prove the sender, answer at once, look again from a queue.

The route takes no key, because Microsoft's notifications cannot carry one; the signature is the key.

Not here: what a notification means (``shared/application/hints``).
"""

from typing import Any

import azure.functions as func

from functions.http import respond
from shared.application.billing_sync import INVOICES
from shared.application.deliveries import send
from shared.application.hints import Followers, accept_hint, follow_hint
from shared.application.messages import DeliveryMessage, HintMessage
from shared.application.sync import ask_for_tenant
from shared.bootstrap import hint_inbox, services
from shared.storage.names import HINTS_QUEUE

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library leaves this one untyped


@blueprint.route(route="webhooks/partner-center", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def partner_center_webhook(req: func.HttpRequest) -> func.HttpResponse:
    """Take in a signed notification; 200 whether it is new or was seen before."""
    return respond(lambda: _accept(req))


@blueprint.queue_trigger(arg_name="msg", queue_name=HINTS_QUEUE, connection="AzureWebJobsStorage")
def follow_partner_center_hint(msg: func.QueueMessage) -> None:
    """Look again at what a notification pointed to."""
    followers = Followers(
        look_at_tenant=lambda tenant_id: ask_for_tenant(services(), tenant_id, may_be_new=True),
        look_at_invoices=lambda: send(services(), DeliveryMessage(step=INVOICES)),
    )
    follow_hint(followers, HintMessage.parse(msg.get_body()))


def _accept(req: func.HttpRequest) -> tuple[int, Any]:
    is_new = accept_hint(hint_inbox(), dict(req.headers), req.get_body())
    return 200, {"accepted": is_new}
