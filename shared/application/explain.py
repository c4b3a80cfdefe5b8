"""The use case behind ``prorata explain``: a history in, what should have been billed out. Pure.

Not here: the rules (``shared/domain/expected``), files and screens.
"""

from shared.domain.expected.asked_sales import answer_sales
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.questions import Answer, Question, invoices_of, totals_of
from shared.domain.expected.vendor_lines import explain_printed


def explain(question: Question) -> Answer:
    """Return the expected lines of the question's history, their totals and tax, and what else was asked.

    Raises:
        InvalidError: the history contradicts itself in a way that no rule can bill; the message names the cure.
    """
    expected = expected_lines(question.history)
    return Answer(
        question=question,
        expected=expected,
        totals=totals_of(expected, question.currency),
        invoices=invoices_of(expected, question.tax),
        printed=explain_printed(question.printed, expected.lines),
        sales=answer_sales(question.sales),
    )
