"""Quotes: what an order or a change will cost, now and by the month, before anything happens.

Everybody else imports from here.

Not here: the rules (``expected``), prices (``prices``), reading what is proposed from files
(``shared/documents/quotes``).
"""

from shared.domain.quotes.asking import quote
from shared.domain.quotes.proposals import Proposal
from shared.domain.quotes.values import Commitment, Possible, Quote, Recurring, Undo, net_of

__all__ = ["Commitment", "Possible", "Proposal", "Quote", "Recurring", "Undo", "net_of", "quote"]
