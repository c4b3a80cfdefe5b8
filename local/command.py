"""The ``prorata`` command: bill a month from files, explain what should have been billed, try the demo, serve the app.

Exit codes::

    0   done, and nothing needs a person
    1   something nobody expected (a fault of Prorata's; the traceback is printed)
    2   the input cannot be used; nothing was written
    3   done, but issues keep somebody or everybody from approval (explain: a blocking issue stands in the answer;
        doctor: something needs a person)
    4   the output folder cannot be written; nothing was written

Not here: what the commands do (``bill_files``, ``explaining``, ``quoting``, ``catalogue_search``, ``demo/run``,
``serving``), printing (``screen``).
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from local import webhook_commands
from local.screen import Screen
from shared.domain.errors import InvalidError, OperationalError, ProrataError
from shared.domain.periods import BillingPeriod
from shared.domain.prices.price_locks import PriceLockPolicy
from shared.domain.source_files import ControlTotal
from shared.domain.texts import LANGUAGES
from shared.settings import Settings, misspelt, problems_of

if TYPE_CHECKING:
    from local.price_files import PriceFiles

_FILTERS = {
    "customer": "customer id",
    "group": "customer group",
    "subscription": "subscription id",
    "vendor": "publisher",
    "product": "product id",
    "sku": "SKU id",
    "meter": "meter id",
    "category": "meter category",
    "term": "term, such as P1Y",
    "plan": "billing plan, such as Monthly",
    "method": "method, such as markup_on_cost",
}
"""The filters of ``prices change``, and what each takes."""

DONE, INPUT_UNUSABLE, BLOCKED, OUTPUT_UNWRITABLE = 0, 2, 3, 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    screen = Screen(is_json=getattr(options, "json", False) or not getattr(options, "table", True))
    try:
        return int(options.run(options, screen))
    except OperationalError as error:
        screen.problem(str(error))
        return OUTPUT_UNWRITABLE
    except ProrataError as error:
        screen.problem(str(error))
        return INPUT_UNUSABLE
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        screen.problem("; ".join(problems_of(error)))
        return INPUT_UNUSABLE
    except KeyboardInterrupt:
        screen.problem("Stopped. Nothing half-made was left behind.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prorata",
        description="Billing automation for Microsoft CSP resellers.",
        epilog="Exit codes: 0 done; 2 input cannot be used; 3 done, but issues block approval; 4 output folder.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_bill(commands.add_parser("bill", help="bill a month from Microsoft's files and your price list"))
    prices = commands.add_parser("prices", help="price lists").add_subparsers(required=True, metavar="COMMAND")
    _add_template(prices.add_parser("template", help="write a price list to fill in"))
    _add_change(prices.add_parser("change", help="raise or lower prices of a list, looked at first"))
    _add_explain(commands.add_parser("explain", help="say what should have been billed for a history, and why"))
    _add_quote(commands.add_parser("quote", help="say what an order or a change will cost, before anything happens"))
    _add_catalogue(commands.add_parser("catalogue", help="search what can be sold, with your prices"))
    webhook_commands.add_to(commands.add_parser("webhooks", help="register with Partner Center's webhooks"))
    _add_demo(commands.add_parser("demo", help="bill a made-up month through the function app on this machine"))
    _add_serve(commands.add_parser("serve", help="run the function app on this machine"))
    _add_simulate(commands.add_parser("simulate", help="run Microsoft's side on this machine, to try things against"))
    _add_doctor(commands.add_parser("doctor", help="check the connection to Microsoft and say what it needs"))
    return parser


def _add_bill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lines", nargs="+", type=Path, required=True, metavar="FILE", help="Microsoft's files")
    parser.add_argument("--prices", type=Path, required=True, metavar="FILE", help="your price list, CSV or XLSX")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder for the results")
    parser.add_argument("--period", type=_period, help="the month, such as 2026-10; else the one most rows lie in")
    parser.add_argument(
        "--price-sheet", nargs="+", type=Path, default=[], metavar="FILE", help="Microsoft's price sheets, for ERP"
    )
    parser.add_argument("--subscriptions", type=Path, metavar="FILE", help="friendly names and purchase orders")
    _add_agreements(parser)
    parser.add_argument("--control", type=Path, metavar="FILE", help="what Microsoft's invoices say they hold")
    parser.add_argument(
        "--invoice-total",
        action="append",
        default=[],
        type=_control,
        metavar="NUMBER=AMOUNT CUR",
        help='one invoice\'s total before tax, such as "G012345678=1234.56 EUR"; may be repeated',
    )
    parser.add_argument("--reseller", default="", metavar="NAME", help="your company's name for the documents")
    parser.add_argument("--json", action="store_true", help="print the result as JSON, for programs")
    parser.set_defaults(run=_bill)


def _add_agreements(parser: argparse.ArgumentParser) -> None:
    """What is agreed beside the price list."""
    parser.add_argument("--customer-groups", type=Path, metavar="FILE", help="who is in which customer group")
    parser.add_argument("--offers", type=Path, metavar="FILE", help="your offers and discounts, CSV or XLSX")
    parser.add_argument(
        "--price-lock",
        type=PriceLockPolicy,
        choices=list(PriceLockPolicy),
        help="when a change of the price list reaches running terms: at once (next cycle), or at the next renewal",
    )


def _add_sale_prices(parser: argparse.ArgumentParser) -> None:
    """What the customer pays."""
    parser.add_argument("--prices", type=Path, metavar="FILE", help="your price list, for what the customer pays")
    parser.add_argument(
        "--price-sheet", nargs="+", type=Path, default=[], metavar="FILE", help="Microsoft's price sheets, for ERP"
    )
    _add_agreements(parser)


def _add_quote(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="a history with something proposed; - is standard input"
    )
    _add_sale_prices(parser)
    parser.add_argument("--language", choices=sorted(LANGUAGES), default="", help="of the sentences; else the file's")
    parser.add_argument("--table", action="store_true", help="print a table with sentences, for people")
    parser.add_argument("--for-customer", action="store_true", help="leave out cost, margin and price list rows")
    parser.set_defaults(run=_quote)


def _add_catalogue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--price-sheet", nargs="+", type=Path, required=True, metavar="FILE", help="Microsoft's price sheets"
    )
    parser.add_argument("--catalogue", type=Path, metavar="FILE", help="your categories and limits, CSV or XLSX")
    parser.add_argument("--prices", type=Path, metavar="FILE", help="your price list, for your own prices")
    parser.add_argument("--customer-groups", type=Path, metavar="FILE", help="who is in which customer group")
    parser.add_argument("--customer", default="", metavar="ID", help="whose prices; without: those for everybody")
    parser.add_argument("--category", default="", help="only this category")
    parser.add_argument("--group", default="", help="only this product group")
    parser.add_argument("--text", default="", help="only what has all these words in title, description or ids")
    parser.add_argument("--add-on-of", default="", metavar="CODE", help="only add-ons of this item, such as CFQ7:0001")
    parser.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="the day whose prices count; else today")
    parser.add_argument("--country", default="", help="the market, such as SE")
    parser.add_argument("--currency", default="", help="only prices in this currency, such as EUR")
    parser.add_argument("--with-cost", action="store_true", help="show what you pay as well, for your eyes only")
    parser.add_argument("--json", action="store_true", help="print the result as JSON, for programs")
    parser.set_defaults(run=_catalogue)


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="histories as JSON; - is standard input")
    parser.add_argument("--language", choices=sorted(LANGUAGES), default="", help="of the sentences; else the file's")
    parser.add_argument("--table", action="store_true", help="print a table with sentences, for people")
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of a history and stop")
    _add_sale_prices(parser)
    parser.set_defaults(run=_explain)


def _add_template(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, default=Path("price_list.xlsx"), help=".xlsx or .csv")
    parser.set_defaults(run=_template)


def _add_change(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("list", type=Path, help="the price list, CSV or XLSX")
    by = parser.add_mutually_exclusive_group(required=True)
    by.add_argument("--percent", type=_number, help="so much dearer, such as 5; negative is cheaper")
    by.add_argument("--amount", type=_number, help="so much more for a unit, with --currency")
    parser.add_argument("--currency", default="", help="of the amount; only prices in it change")
    parser.add_argument("--from", dest="first_day", type=date.fromisoformat, required=True, metavar="DATE")
    parser.add_argument("--round", dest="step", type=_number, metavar="STEP", help="round new prices to such as 0.05")
    for name, what in _FILTERS.items():
        parser.add_argument(
            f"--{name}", action="append", default=[], help=f"only rows for this {what}; may be repeated"
        )
    parser.add_argument("--include-later", action="store_true", help="change prices as well that begin later")
    parser.add_argument("--author", default="", help="who decided it")
    parser.add_argument("--note", default="", help="why")
    parser.add_argument("--out", type=Path, metavar="NEW", help="write the new list here; without it only a preview")
    parser.set_defaults(run=_change)


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON, for programs")
    parser.set_defaults(run=_demo)


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=7071)
    parser.add_argument("--key", default="", help="ask callers for this function key (?code= or x-functions-key)")
    parser.set_defaults(run=_serve)


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the checks as JSON, for programs")
    parser.set_defaults(run=_doctor)


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenario", type=Path, metavar="FILE", help="customers and dated events, as YAML")
    parser.add_argument("--customers", type=int, default=0, metavar="N", help="make up so many customers")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write those customers as a scenario, and stop")
    parser.add_argument("--seed", type=int, help="another world of the same kind")
    parser.add_argument("--port", type=int, default=7072)
    parser.add_argument("--tls", type=Path, metavar="DIR", help="speak HTTPS; the certificates are kept in this folder")
    parser.add_argument(
        "--start", type=date.fromisoformat, metavar="DATE", help="let its clock stand still on that day; else it is now"
    )
    parser.add_argument("--real-time", action="store_true", help="let the clock of --start or --scenario run")
    parser.add_argument(
        "--no-bom", action="store_true", help="send no byte order marks, for clients that trip over them"
    )
    parser.add_argument("--requests-per-minute", type=int, default=0, metavar="N", help="throttle; Microsoft takes 500")
    parser.add_argument("--json", action="store_true", help="print where everything is as JSON, for programs")
    parser.set_defaults(run=_simulate)


def _bill(options: argparse.Namespace, screen: Screen) -> int:
    from local.bill_files import BillRequest, bill_files  # noqa: PLC0415 - other commands start faster without it

    request = BillRequest(
        lines=_distinct(options.lines),
        prices=options.prices,
        out=options.out,
        period=options.period,
        price_sheets=options.price_sheet,
        subscription_details=options.subscriptions,
        control=options.control,
        controls=options.invoice_total,
        reseller_name=options.reseller or Settings().reseller_name,
        offers=options.offers,
        price_lock=options.price_lock,
        customer_groups=options.customer_groups,
    )
    with screen.progress(sum(path.stat().st_size for path in request.lines)) as progress:
        result = bill_files(request, progress)
    screen.bill(result)
    return BLOCKED if result.is_blocked else DONE


def _explain(options: argparse.Namespace, _screen: Screen) -> int:
    from local.explaining import explain_files  # noqa: PLC0415 - as above
    from shared.documents.histories import history_schema  # noqa: PLC0415 - as above

    if options.schema:
        sys.stdout.write(history_schema())
        return DONE
    if not options.files:
        raise InvalidError("name a history to explain, or - for standard input; docs/history-format.md shows some")
    explained = explain_files(
        options.files,
        sys.stdin.buffer,
        language=options.language,
        as_table=options.table,
        prices=_price_files(options),
    )
    sys.stdout.write(explained.text)
    return BLOCKED if explained.is_blocked else DONE


def _quote(options: argparse.Namespace, _screen: Screen) -> int:
    from local.quoting import quote_file  # noqa: PLC0415 - as above

    files = _price_files(options)
    quoted = quote_file(
        options.file,
        sys.stdin.buffer,
        files,
        language=options.language,
        as_table=options.table,
        for_customer=options.for_customer,
    )
    sys.stdout.write(quoted.text)
    return BLOCKED if quoted.is_blocked else DONE


def _catalogue(options: argparse.Namespace, _screen: Screen) -> int:
    from local.catalogue_search import CatalogueRequest, search_catalogue  # noqa: PLC0415 - as above

    request = CatalogueRequest(
        price_sheets=options.price_sheet,
        catalogue=options.catalogue,
        prices=options.prices,
        customer_groups=options.customer_groups,
        customer_id=options.customer,
        category=options.category,
        group=options.group,
        text=options.text,
        add_on_of=options.add_on_of,
        on=options.on,
        country=options.country,
        currency=options.currency.upper(),
        shows_cost=options.with_cost,
    )
    sys.stdout.write(search_catalogue(request, as_json=options.json))
    return DONE


def _price_files(options: argparse.Namespace) -> "PriceFiles":
    from local.price_files import PriceFiles  # noqa: PLC0415 - as above

    return PriceFiles(
        prices=options.prices,
        price_sheets=options.price_sheet,
        customer_groups=options.customer_groups,
        offers=options.offers,
        price_lock=options.price_lock,
    )


def _template(options: argparse.Namespace, screen: Screen) -> int:
    from shared.documents.price_list_template import write_template  # noqa: PLC0415 - as above

    path: Path = options.file
    if path.exists():
        raise InvalidError(f"{path} is there already: remove it first, or name another file")
    try:
        with path.open("xb") as stream:
            write_template(stream, as_xlsx=path.suffix.casefold() != ".csv")
    except OSError as error:
        raise InvalidError(f"{path} cannot be written ({error.strerror}): choose another place") from error
    screen.say(f"Wrote {path}. Fill it in, then: prorata bill --prices {path} --lines FILE... --out DIR")
    return DONE


def _change(options: argparse.Namespace, screen: Screen) -> int:
    from local.price_changes import ChangeRequest, change_prices  # noqa: PLC0415 - as above

    request = ChangeRequest(
        price_list=options.list,
        first_day=options.first_day,
        percent=options.percent,
        amount=options.amount,
        currency=options.currency.upper(),
        step=options.step,
        filters={name: getattr(options, name) for name in _FILTERS},
        includes_later=options.include_later,
        author=options.author,
        note=options.note,
        out=options.out,
    )
    screen.say(change_prices(request))
    return DONE


def _demo(_options: argparse.Namespace, screen: Screen) -> int:
    from local.demo.run import closed_month, run_demo  # noqa: PLC0415 - as above
    from local.serving import prepare_store  # noqa: PLC0415 - as above

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    settings, now = Settings(reseller_name="Norrsken Cloud AB (demo)"), datetime.now(UTC)
    folder = settings.embedded_root.parent / "demo"
    prepare_store(settings)
    screen.demo(run_demo(settings, folder, screen.say, period=closed_month(now), now=now))
    return DONE


def _serve(options: argparse.Namespace, screen: Screen) -> int:
    from local.functions_host.host import serve  # noqa: PLC0415 - as above
    from local.functions_host.keys import AccessKeys  # noqa: PLC0415 - as above
    from local.serving import open_machine, prepare_store  # noqa: PLC0415 - as above

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = Settings(base_url=f"http://127.0.0.1:{options.port}")
    prepare_store(settings)
    keys = AccessKeys(master=options.key, host={"default": options.key}) if options.key else None
    machine = open_machine(settings, port=options.port, keys=keys)
    for sentence in misspelt(os.environ):
        screen.say(f"Warning: {sentence}")
    screen.say(f"Serving the function app on {settings.base_url}/api from {settings.embedded_root}; stop with Ctrl+C.")
    return serve(machine.host)


def _doctor(options: argparse.Namespace, _screen: Screen) -> int:
    from local.doctor import as_json, as_text, doctor, needs_a_person  # noqa: PLC0415 - as above
    from shared.bootstrap import services_for  # noqa: PLC0415 - as above

    checks = doctor(services_for(Settings()), misspelt(os.environ))
    sys.stdout.write(as_json(checks) if options.json else as_text(checks))
    return BLOCKED if needs_a_person(checks) else DONE


def _simulate(options: argparse.Namespace, _screen: Screen) -> int:
    from local.simulate import SimulateRequest, simulate, write  # noqa: PLC0415 - as above

    start = options.start
    request = SimulateRequest(
        scenario=options.scenario,
        customers=options.customers,
        seed=options.seed,
        port=options.port,
        tls=options.tls,
        start=datetime(start.year, start.month, start.day, 8, tzinfo=UTC) if start else None,
        follows_real_time=options.real_time,
        has_bom=not options.no_bom,
        requests_per_minute=options.requests_per_minute,
        folder=_simulator_folder(Settings().embedded_root.parent),
    )
    if options.write is not None:
        print(f"{options.write}: {write(request, options.write)} events")  # noqa: T201 - as below
        return DONE
    simulate(request, lambda text: print(text, flush=True), as_json=options.json)  # noqa: T201 - plain, to be pasted
    return DONE


def _simulator_folder(place: Path) -> Path:
    """Return where the simulator keeps its files; *place* may be that already, by the settings that it printed."""
    return place if place.name == "simulator" else place / "simulator"


def _distinct(paths: Sequence[Path]) -> list[Path]:
    """Return the files; a path given twice is a slip of the shell, one that is missing an error.

    Raises:
        InvalidError: a file is not there.
    """
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise InvalidError(f"--lines: there is no file {', '.join(missing)}. Check the path.")
    return list(paths)


def _period(text: str) -> BillingPeriod:
    try:
        return BillingPeriod.parse(text)
    except InvalidError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number such as 5 or -2.5") from error
    if not number.is_finite():
        raise argparse.ArgumentTypeError(f"{text!r}: write a number such as 5 or -2.5")
    return number


def _control(text: str) -> ControlTotal:
    number, _, stated = text.partition("=")
    amount, _, currency = stated.partition(" ")
    try:
        cost = Decimal(amount)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError(f"{text!r}: write NUMBER=AMOUNT CUR, as G012345678=1234.56 EUR") from error
    if not cost.is_finite() or len(currency.strip()) != 3:
        raise argparse.ArgumentTypeError(f"{text!r}: write NUMBER=AMOUNT CUR, as G012345678=1234.56 EUR")
    return ControlTotal(invoice_number=number, currency=currency.strip().upper(), cost=cost)


if __name__ == "__main__":
    sys.exit(main())
