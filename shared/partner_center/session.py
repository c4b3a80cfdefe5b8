"""The one HTTP session to Microsoft: certificates checked, nothing taken from the environment, no address in a log.

Proxies, certificate bundles and ``.netrc`` of the environment are left out on purpose: a forgotten variable must not
lead tokens past a stranger. Who needs a proxy gives ``PartnerCenter`` a session that has it.

Not here: timeouts and repeats (``transport``).
"""

import logging
import re
from http.cookiejar import DefaultCookiePolicy
from typing import Final

import requests

from shared.partner_center.deadline import mount_deadlines

_TALKATIVE: Final = ("urllib3.connection", "urllib3.connectionpool", "urllib3.response")
_QUERY = re.compile(r"\?\S*")


class WithoutQueries(logging.Filter):
    """Cuts the query off every address in a log record, as the address of an export's part is a secret.

    The traceback goes as well: it may quote headers that hold an address.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without queries."""
        record.msg, record.args = _QUERY.sub("?...", record.getMessage()), ()
        record.exc_info, record.exc_text = None, None
        return True


_WITHOUT_QUERIES: Final = WithoutQueries()


def keep_queries_out_of_logs() -> None:
    """Cut queries off what the HTTP library logs, whoever made the session; to ask twice changes nothing."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_WITHOUT_QUERIES)


def new_session() -> requests.Session:
    """Return a session that many threads may share: it keeps connections, and no cookies."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    mount_deadlines(session)
    session.headers["User-Agent"] = "Prorata"
    return session
