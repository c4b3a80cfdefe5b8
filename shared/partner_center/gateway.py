"""Partner Center, its price API and Graph as one thing: the port ``Microsoft`` for one partner tenant.

Not here: how each part is asked (``directory``, ``sales``, ``billing``), tokens.
"""

import requests

from shared.partner_center.billing import PartnerBilling
from shared.partner_center.directory import PartnerDirectory
from shared.partner_center.hosts import Hosts, Tokens
from shared.partner_center.pace import Observe, Pace, Waiting, observe_nothing
from shared.partner_center.sales import PartnerSales
from shared.partner_center.transport import Transport
from shared.partner_center.webhook_registration import WebhookRegistration


class PartnerCenter(PartnerDirectory, PartnerSales, PartnerBilling):
    """All of it. Any number of threads may use one.

    *session* replaces the session that is made (for a proxy, or a certificate authority of one's own); *waiting* says
    how long is waited; *pace* is the clock; *observe* is told of every call.
    """

    def __init__(
        self,
        hosts: Hosts,
        tokens: Tokens,
        *,
        session: requests.Session | None = None,
        waiting: Waiting | None = None,
        pace: Pace | None = None,
        observe: Observe = observe_nothing,
    ) -> None:
        self.transport = Transport(hosts, tokens, session=session, waiting=waiting, pace=pace, observe=observe)
        super().__init__(self.transport)

    @property
    def webhooks(self) -> WebhookRegistration:
        """The registration of Partner Center's webhooks."""
        return WebhookRegistration(self.transport)
