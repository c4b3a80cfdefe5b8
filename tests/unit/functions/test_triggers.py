"""The function app as a whole: what importing it does, and what it offers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = """
import json, sys
sys.path.insert(0, {root!r})
import function_app
functions = function_app.app.get_functions()
print(json.dumps([sorted(one.get_function_name() for one in functions), sorted(sys.modules)]))
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str], list[Path]]:
    """Function names, loaded modules and new files after importing the app with an empty environment."""
    folder = tmp_path_factory.mktemp("read-only")
    folder.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(root=str(ROOT))],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    names, modules = json.loads(done.stdout)
    return names, modules, list(folder.iterdir())


def test_importing_the_app_needs_and_leaves_nothing(imported: tuple[list[str], list[str], list[Path]]) -> None:
    """No setting, no credential, no file, no connection: an empty environment and a folder that cannot be written."""
    _, modules, files = imported

    assert files == []
    for library in (
        "azure.storage.blob",
        "azure.data.tables",
        "azure.identity",
        "msal",
        "requests",
        "sqlite3",
        "uvicorn",
    ):
        assert library not in modules


def test_the_app_offers_its_functions(imported: tuple[list[str], list[str], list[Path]]) -> None:
    """Requests, queues and timers, by name."""
    names, _, _ = imported

    assert names == [
        "advance_billing_run",
        "approve_billing_run",
        "ask_for_sync",
        "begin_connection",
        "bill_customers",
        "complete_connection",
        "decide_tenant",
        "export_customers",
        "follow_partner_center_hint",
        "forget_consent",
        "ingest_source_file",
        "ingest_stored_file",
        "list_customers",
        "list_deliveries",
        "list_exports",
        "list_microsoft_invoices",
        "list_organisations",
        "list_source_files",
        "list_tenants",
        "look_for_deliveries",
        "monthly_billing_run",
        "nightly_sync",
        "partner_center_webhook",
        "put_organisations",
        "redeem_refresh_token",
        "show_billing_run",
        "show_connection",
        "show_customer",
        "show_domain",
        "show_drift",
        "show_subscription_timeline",
        "show_sync",
        "show_timeline",
        "start_billing_run",
        "sweep_billing_runs",
        "sweep_deliveries",
        "sync_customers",
        "take_in_delivery",
        "upload_billing_terms",
        "upload_source_file",
        "withdraw_source_file",
    ]
