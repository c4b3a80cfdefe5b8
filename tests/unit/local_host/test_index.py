"""Indexing accepts what Azure accepts and refuses what Azure refuses, with a name and a cure."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local.functions_host.functions import HttpTrigger, QueueTrigger, TimerTrigger
from local.functions_host.index import index_app
from shared.domain.errors import InvalidError

AppFile = Callable[[str], Path]

GOOD = """
    @app.route(route="invoices/{number:int}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
    def show(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("ok")

    @app.route(methods=["POST"])
    @app.queue_output(arg_name="out", queue_name="work-items", connection="S")
    async def order(req: func.HttpRequest, out: func.Out[typing.List[str]], context: func.Context) -> str:
        return "ok"

    @app.timer_trigger(arg_name="timer", schedule="%NIGHTLY%", run_on_startup=False)
    def nightly(timer: func.TimerRequest) -> None: ...

    @app.queue_trigger(arg_name="msg", queue_name="work-items", connection="S")
    def work(msg: func.QueueMessage) -> None: ...
"""
QUEUE = '@app.queue_trigger(arg_name="msg", queue_name="work-items", connection="S")\n'
TIMER = '@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")\n'
ROUTE = '@app.route(route="{}", methods=["GET"])\ndef {}(req: func.HttpRequest) -> str: return ""\n'

TRAPS = {
    "a parameter without binding, in spite of its default": (
        QUEUE + "def work(msg: func.QueueMessage, extra: int = 1) -> None: ...",
        "function work: parameter extra has no binding",
    ),
    "arg_name and parameter differ": (
        QUEUE + "def work(message: func.QueueMessage) -> None: ...",
        "function work: parameter message has no binding",
    ),
    "a binding without parameter": (
        QUEUE + "def work() -> None: ...",
        "function work: the binding msg has no parameter",
    ),
    "an annotation that does not resolve": (
        "if typing.TYPE_CHECKING:\n    from decimal import Decimal\n" + QUEUE + 'def work(msg: "Decimal") -> None: ...',
        "function work: an annotation does not resolve",
    ),
    "X or None": (QUEUE + "def work(msg: func.QueueMessage | None) -> None: ...", "no X | None"),
    "Optional": (QUEUE + "def work(msg: typing.Optional[func.QueueMessage]) -> None: ...", "no X | None"),
    "a dict as queue type": (QUEUE + "def work(msg: dict) -> None: ...", "a queueTrigger binding cannot carry"),
    "another binding's class": (QUEUE + "def work(msg: func.HttpRequest) -> None: ...", "cannot carry"),
    "list[str] in an Out": (
        QUEUE
        + '@app.queue_output(arg_name="out", queue_name="next", connection="S")\n'
        + "def work(msg: func.QueueMessage, out: func.Out[list[str]]) -> None: ...",
        "typing.List[str] instead of list[str]",
    ),
    "an output without Out": (
        QUEUE
        + '@app.queue_output(arg_name="out", queue_name="next", connection="S")\n'
        + "def work(msg: func.QueueMessage, out: str) -> None: ...",
        "annotate func.Out[...]",
    ),
    "an input with Out": (QUEUE + "def work(msg: func.Out[str]) -> None: ...", "annotated with its plain type"),
    "a wrong context": (QUEUE + "def work(msg: str, context: str) -> None: ...", "annotate func.Context"),
    "a return annotation HTTP cannot carry": (
        '@app.route(route="a")\ndef a(req: func.HttpRequest) -> dict: ...',
        "return func.HttpResponse or str",
    ),
    "a Union return": ('@app.route(route="a")\ndef a(req: func.HttpRequest) -> str | None: ...', "return annotation"),
    "names that differ in case alone": (
        QUEUE + "def work(msg: str) -> None: ...\n" + TIMER + "def Work(timer: func.TimerRequest) -> None: ...",
        "function Work: the name is taken by work",
    ),
    "equal names": (
        QUEUE + "def work(msg: str) -> None: ...\n" + TIMER + "def work(timer: func.TimerRequest) -> None: ...",
        "does not have a unique",
    ),
    "a name with a dot": ('@app.function_name("a.b")\n' + QUEUE + "def work(msg: str) -> None: ...", "function a.b"),
    "the name host": (QUEUE + "def host(msg: str) -> None: ...", "function host"),
    "an underscore in arg_name": (
        QUEUE.replace("msg", "my_msg") + "def work(my_msg: str) -> None: ...",
        "no underscore",
    ),
    "a route that begins with admin": (ROUTE.format("Administration/x", "a"), "begins with admin or runtime"),
    "a route that begins with runtime": (ROUTE.format("runtime", "a"), "begins with admin or runtime"),
    "a route template that cannot be read": (ROUTE.format("a/{b", "a"), "cannot be read"),
    "an unknown constraint": (ROUTE.format("a/{b:regex(x)}", "a"), "asks for more than one constraint of int"),
    "one route and method twice": (
        ROUTE.format("a/{x}", "one") + ROUTE.format("A/{y}/", "two"),
        "function two: route 'A/{y}/' with the same method belongs to one",
    ),
    "an unknown trigger": (
        '@app.blob_trigger(arg_name="blob", path="c/n", connection="S")\ndef b(blob: func.InputStream) -> None: ...',
        "of type blobTrigger is not known here",
    ),
    "a retry policy": (
        '@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:01")\n'
        + TIMER
        + "def tick(timer: func.TimerRequest) -> None: ...",
        "retry policies are not known here",
    ),
    "a queue name Azure does not allow": (
        '@app.queue_trigger(arg_name="msg", queue_name="Work_Items", connection="S")\ndef w(msg: str) -> None: ...',
        "queue_name 'Work_Items'",
    ),
    "a schedule that cannot be read": (
        '@app.timer_trigger(arg_name="timer", schedule="nightly")\ndef t(timer: func.TimerRequest) -> None: ...',
        "'nightly' is no NCRONTAB schedule",
    ),
    "a setting that is missing": (
        '@app.timer_trigger(arg_name="timer", schedule="%WHEN%")\ndef t(timer: func.TimerRequest) -> None: ...',
        "%WHEN% has no value; set WHEN",
    ),
    "no trigger": ("@app.function_name('x')\ndef x() -> None: ...", "does not have a trigger"),
    "a second name for the app": ("application = app", "exactly one name at the top level must be a FunctionApp"),
    "a second app": ("other = func.FunctionApp()", "found 2 (app, other)"),
    "an app that fails to import": ("raise RuntimeError('no such setting')", "cannot be imported: RuntimeError"),
}


def test_a_good_app_is_indexed_with_its_triggers_and_outputs(app_file: AppFile) -> None:
    """Every function keeps its trigger, its outputs and how it is called."""
    index = index_app(app_file(GOOD), {"NIGHTLY": "0 30 3 * * *"})

    show, order, nightly, work = index.functions
    assert HttpTrigger("invoices/{number:int}", frozenset({"GET"}), "ANONYMOUS") == show.trigger
    assert HttpTrigger("order", frozenset({"POST"}), "FUNCTION") == order.trigger
    assert (order.is_async, order.takes_context, order.outputs["out"].queue) == (True, True, "work-items")
    assert isinstance(nightly.trigger, TimerTrigger)
    assert nightly.trigger.schedule.text == "0 30 3 * * *"
    assert QueueTrigger("work-items", is_binary=False) == work.trigger


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_refused_with_a_cure(app_file: AppFile, trap: str) -> None:
    """What Azure would refuse at deployment is refused on the first start at home."""
    body, message = TRAPS[trap]

    with pytest.raises(InvalidError) as refusal:
        index_app(app_file(body), {})

    assert message in str(refusal.value)


def test_one_bad_function_refuses_the_app_and_all_problems_are_listed(app_file: AppFile) -> None:
    """Indexing is all or nothing, and a person sees every problem at once."""
    bad = QUEUE + "def one(msg: dict) -> None: ...\n" + QUEUE + "def two() -> None: ...\n"

    with pytest.raises(InvalidError) as refusal:
        index_app(app_file(bad), {})

    assert "function one" in str(refusal.value)
    assert "function two" in str(refusal.value)


def test_an_app_can_be_indexed_again(app_file: AppFile) -> None:
    """Each indexing executes the module anew, for an app cannot be asked for its functions twice."""
    path = app_file(GOOD)
    settings = {"NIGHTLY": "0 30 3 * * *"}

    first, second = index_app(path, settings), index_app(path.parent, settings)

    assert [one.name for one in first.functions] == [one.name for one in second.functions]


def test_an_app_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A wrong path is named."""
    with pytest.raises(InvalidError, match="neither an app folder"):
        index_app(tmp_path / "nothing.py")
