"""Templates, sample settings, azd's files and code speak of the same names."""

import importlib
import importlib.util
import json
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from bicepcheck.check import resources_of, templates_of
from bicepcheck.values import Resource

from shared.storage import names

LOCAL_ONLY = {
    "PRORATA_CLIENT_CERTIFICATE_PASSWORD",
    "PRORATA_CONNECTION_STRING",
    "PRORATA_EMBEDDED_ROOT",
    "PRORATA_SECRETS_KEY",
    "PRORATA_SECRETS_ROOT",
    # Microsoft's own addresses are the defaults; another one is that of a simulator.
    "PRORATA_EXPORT_HOSTS",
    "PRORATA_GRAPH_URL",
    "PRORATA_LOGIN_URL",
    "PRORATA_PARTNER_API_URL",
    "PRORATA_PARTNER_CENTER_URL",
    "PRORATA_WEBHOOK_CERTIFICATE_HOSTS",
    "PRORATA_WEBHOOK_TRUST_FILE",
}
SHIPPED = {"function_app.py", "functions", "host.json", "requirements.txt", "shared"}
ACTION = re.compile(r"^[\w./-]+@[0-9a-f]{40}$")


def made(infra: Path, kind: str, module: str | None = None) -> list[Resource]:
    """The resources of one kind, of one module of main.bicep if that is given."""
    return [one for one in resources_of(infra) if one.kind == kind and module in {None, one.module}]


def names_made(infra: Path, kind: str, module: str) -> set[str]:
    """What the resources of one kind are called."""
    return {one.get("name") for one in made(infra, kind, module)}


@pytest.fixture
def app_settings(infra: Path) -> dict[str, Any]:
    """The settings of the app in Azure."""
    return dict(made(infra, "Microsoft.Web/sites/config")[0].get("properties"))


@pytest.fixture
def sample(root: Path) -> dict[str, str]:
    """The settings that a developer copies."""
    values: dict[str, str] = json.loads((root / "local.settings.sample.json").read_text("utf-8"))["Values"]
    return values


def prorata(settings: dict[str, Any]) -> set[str]:
    """The settings that are Prorata's own."""
    return {name for name in settings if name.startswith("PRORATA_")}


def test_azd_sets_only_parameters_that_exist(infra: Path) -> None:
    """The parameter file and main.bicep name the same parameters."""
    given = json.loads((infra / "main.parameters.json").read_text("utf-8"))["parameters"]

    assert set(templates_of(infra)["main.bicep"].of("param")) == set(given)


def test_azd_parameters_come_from_the_environment(infra: Path) -> None:
    """No value is fixed in the parameter file: unset ones fall back to the default of main.bicep."""
    given = json.loads((infra / "main.parameters.json").read_text("utf-8"))["parameters"]
    fixed = [name for name, one in given.items() if not re.fullmatch(r"\$\{(AZURE|PRORATA)_[A-Z_]+\}", one["value"])]

    assert fixed == []


def test_sample_settings_are_those_of_azure_and_the_local_ones(
    app_settings: dict[str, Any], sample: dict[str, str]
) -> None:
    """A setting is set in Azure and in the sample, or only makes sense on one machine."""
    assert prorata(sample) == prorata(app_settings) | LOCAL_ONLY


def test_sample_schedules_are_the_defaults(infra: Path, sample: dict[str, str]) -> None:
    """Nobody runs another schedule locally than the one that the templates set unless told."""
    default = {
        name: one.value.text.decode().strip("'")
        for name, one in templates_of(infra)["main.bicep"].of("param").items()
        if one.value is not None and one.value.text
    }

    assert default["billingRunSchedule"] == sample["PRORATA_BILLING_RUN_SCHEDULE"]
    assert default["sweepSchedule"] == sample["PRORATA_SWEEP_SCHEDULE"]
    assert default["linkHours"] == sample["PRORATA_LINK_HOURS"]
    assert default["syncSchedule"] == sample["PRORATA_SYNC_SCHEDULE"]
    assert default["syncTime"] == sample["PRORATA_SYNC_TIME"]
    assert default["syncZone"] == sample["PRORATA_SYNC_ZONE"]
    assert default["redemptionSchedule"] == sample["PRORATA_REDEMPTION_SCHEDULE"]
    assert default["unbilledLookbackDays"] == sample["PRORATA_UNBILLED_LOOKBACK_DAYS"]


def test_code_reads_the_settings_that_are_set(sample: dict[str, str]) -> None:
    """Each field of the settings class is a setting of the templates or the sample, and the other way round."""
    if importlib.util.find_spec("shared.settings") is None:
        pytest.skip("shared/settings.py does not exist yet: nothing to compare the settings with")
    fields = importlib.import_module("shared.settings").Settings.model_fields

    assert prorata(sample) == {f"PRORATA_{field.upper()}" for field in fields}


def test_each_endpoint_is_of_the_right_account(app_settings: dict[str, Any]) -> None:
    """Triggers read the host's queues; tables and blobs are the data account's; links lead to the exports."""
    endpoints = {name: value.source for name, value in app_settings.items() if name.endswith("_URL")}

    assert endpoints == {
        "PRORATA_BASE_URL": "https://${app.properties.defaultHostName}",
        "PRORATA_VAULT_URL": "vault.outputs.uri",
        "PRORATA_BLOBS_URL": "dataStorage.outputs.blobsUrl",
        "PRORATA_EXPORTS_URL": "exportStorage.outputs.blobsUrl",
        "PRORATA_QUEUES_URL": "hostStorage.outputs.queuesUrl",
        "PRORATA_TABLES_URL": "dataStorage.outputs.tablesUrl",
    }
    assert app_settings["PRORATA_STORE"] == "azure"
    assert app_settings["AzureWebJobsStorage__accountName"].source == "hostStorage.outputs.name"


def test_queues_are_those_of_the_code(infra: Path) -> None:
    """The host account has every queue of the code, each with its poison queue; no other account has one."""
    kind = "Microsoft.Storage/storageAccounts/queueServices/queues"
    poison = {f"{queue}{names.POISON_SUFFIX}" for queue in names.QUEUES}

    assert {*names.QUEUES, *poison} == names_made(infra, kind, "hostStorage")
    assert {"hostStorage"} == {one.module for one in made(infra, kind)}


def test_containers_are_those_of_the_code(infra: Path) -> None:
    """Data and exports are apart, and together they are the containers that the code names."""
    kind = "Microsoft.Storage/storageAccounts/blobServices/containers"

    assert set(names.CONTAINERS) - {names.EXPORTS_CONTAINER} == names_made(infra, kind, "dataStorage")
    assert {names.EXPORTS_CONTAINER} == names_made(infra, kind, "exportStorage")


def test_package_container_is_on_the_host_account(infra: Path, root: Path) -> None:
    """Flex Consumption finds the package where the templates make room for it."""
    site = made(infra, "Microsoft.Web/sites")[0]
    container = names_made(infra, "Microsoft.Storage/storageAccounts/blobServices/containers", "hostStorage")

    assert {"app-package"} == container
    assert str(site.get("properties.functionAppConfig.deployment.storage.value")).endswith("app-package}")


def test_azd_finds_its_service(root: Path, infra: Path) -> None:
    """azure.yaml has the keys azd asks for, and the app carries the tag by which azd finds it."""
    project = yaml.safe_load((root / "azure.yaml").read_text("utf-8"))
    tags = made(infra, "Microsoft.Web/sites")[0].get("tags")

    assert {"name", "metadata", "services"} == set(project)
    assert project["services"] == {"api": {"project": ".", "language": "python", "host": "function"}}
    assert re.fullmatch(r"[a-z0-9-]+@\d+\.\d+\.\d+", project["metadata"]["template"])
    assert tags["azd-service-name"] == "api"
    assert tags["azd-env-name"].source == "environmentName"


def test_only_what_runs_in_azure_is_packed(root: Path) -> None:
    """Every top-level entry is either shipped on purpose or ignored on purpose."""
    lines = (root / ".funcignore").read_text("utf-8").splitlines()
    patterns = [line.strip("/") for line in lines if line and not line.startswith("#")]
    entries = {path.name for path in root.iterdir()}
    packed = {entry for entry in entries if not any(fnmatch(entry, pattern) for pattern in patterns)}

    assert set() == packed - SHIPPED, "name the entry in .funcignore, or in SHIPPED if Azure needs it"
    assert not any(fnmatch(entry, pattern) for entry in SHIPPED for pattern in patterns)


def test_workflow_pins_actions_and_may_only_read(root: Path) -> None:
    """No action can change under us, and no job can write."""
    workflow = yaml.safe_load((root / ".github/workflows/ci.yml").read_text("utf-8"))
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]

    assert [one for one in used if not ACTION.match(one)] == []
    assert workflow["permissions"] == {"contents": "read"}
