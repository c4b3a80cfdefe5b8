"""Bill a chunk of customers: each by itself, so that one customer's trouble parks that customer and nobody else.

Not here: the rules (``shared/domain/customer_bills``), what happens when all chunks are done (``runs``).
"""

import logging

from shared.application.messages import ChunkMessage
from shared.application.organisations import unmatched_issue
from shared.application.runs import current_run, finish_chunk, terms_of
from shared.application.services import Services
from shared.application.terms import load_terms
from shared.domain.agreed_terms import price_boundaries
from shared.domain.charge_issues import customer_parked
from shared.domain.customer_bills import CustomerBill, CustomerLines, Terms, bill_customer, emptied
from shared.domain.errors import ConflictError, IntegrityError, InvalidError, OperationalError
from shared.domain.invoices import sums_by_currency
from shared.storage.repositories.runs import CustomerOutcome, Run, RunState

logger = logging.getLogger(__name__)


def bill_chunk(services: Services, message: ChunkMessage) -> int:
    """Bill the chunk's customers; return how many were billed (0 for a message that was overtaken or repeated).

    Raises:
        OperationalError: the store was in the way; the message comes again.
        ConflictError: other inputs have overtaken the run, or others write too; the message comes again.
    """
    run = current_run(services, message)
    if run is None or run.state is not RunState.BILLING:
        return 0
    if message.chunk not in services.runs.missing_chunks(run):
        finish_chunk(services, run, message.chunk)
        return 0
    terms = load_terms(services, run.period, terms_of(services, run))
    customers = run.chunk(message.chunk)
    for customer_id in customers:
        services.runs.keep_outcome(run, _bill_one(services, run, customer_id, terms))
    finish_chunk(services, run, message.chunk)
    logger.info("run %s: chunk %s, %s customers billed", run.id, message.chunk, len(customers))
    return len(customers)


def _bill_one(services: Services, run: Run, customer_id: str, terms: Terms) -> CustomerOutcome:
    try:
        bill = bill_customer(_lines_of(services, run, customer_id, terms), terms)
        drafts = (*bill.invoices, *emptied(bill, services.invoices.of_period(customer_id, run.period)))
        invoices = [services.invoices.keep(draft, start_number=run.start_number)[0] for draft in drafts]
    except (OperationalError, ConflictError):
        raise  # the store's trouble, not the customer's: the message comes again
    except (IntegrityError, InvalidError) as error:
        logger.warning("run %s: customer %s parked: %s", run.id, customer_id, error)
        bill, invoices = _parked_bill(customer_id, str(error)), []
    except Exception as error:  # a fault of ours must not keep everybody else from being billed
        logger.exception("run %s: customer %s parked by a fault", run.id, customer_id)
        bill, invoices = _parked_bill(customer_id, f"a fault in Prorata ({type(error).__name__}), see the log"), []
    return CustomerOutcome(
        customer_id=customer_id,
        customer_name=bill.customer_name,
        invoices=tuple(invoice.key.render() for invoice in invoices),
        sales=sums_by_currency(invoice.total for invoice in invoices),
        costs=sums_by_currency(cost for invoice in invoices for cost in invoice.costs),
        issues=bill.issues,
        coverage=bill.coverage,
        uncharged_costs=sums_by_currency(line.cost for line in bill.uncharged),
    )


def _lines_of(services: Services, run: Run, customer_id: str, terms: Terms) -> CustomerLines:
    customer, boundaries = CustomerLines(customer_id), price_boundaries(terms.prices, terms.special)
    if customer_id in run.inputs.unmatched:
        customer.issues.append(unmatched_issue(customer_id))
    for extract in services.sources.extracts(run.period, customer_id, run.inputs.files):
        for read in services.formats.read_source(extract, boundaries, customer.folds):
            customer.lines.extend(read.lines)
            customer.folds.merge(read.folds)
            customer.issues.extend(issue for issue in read.issues if issue.customer_id)
    return customer


def _parked_bill(customer_id: str, reason: str) -> CustomerBill:
    issue = customer_parked(customer_id, f"Customer {customer_id}", reason)
    return CustomerBill(customer_id=customer_id, customer_name=customer_id, invoices=(), issues=(issue,))
