"""Deliberate mistakes in the templates: the checker is worth what it catches."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from bicepcheck.check import findings_of


class Mistake(NamedTuple):
    """*old* becomes *new* in *file*; one finding must contain *says*."""

    file: str
    old: str
    new: str
    says: str


API, STORAGE, RBAC = "app/api.bicep", "app/storage.bicep", "app/rbac.bicep"
MISTAKES = {
    "a comma is missing": Mistake(STORAGE, "'None', default", "'None' default", "a comma or new line is missing"),
    "a colon is missing": Mistake(API, "httpsOnly: true", "httpsOnly true", "SYNTAX"),
    "a brace is missing": Mistake(API, "properties: { reserved: true }", "properties: { reserved: true", "SYNTAX"),
    "a quote is missing": Mistake(STORAGE, "'StorageV2'", "'StorageV2", "SYNTAX"),
    "a property is misspelt": Mistake(STORAGE, "allowSharedKeyAccess:", "allowSharedKeyAcces:", "no property"),
    "a nested property is misspelt": Mistake(API, "maximumInstanceCount", "maxInstanceCount", "no property"),
    "a type does not exist": Mistake(API, "Microsoft.Web/serverfarms@", "Microsoft.Web/serverFarm@", "not on the list"),
    "a version does not exist": Mistake(API, "serverfarms@2024-11-01", "serverfarms@2024-11-31", "not on the list"),
    "a value is of the wrong type": Mistake(
        STORAGE, "allowBlobPublicAccess: false", "allowBlobPublicAccess: 0", "not bool"
    ),
    "a value is none of the allowed": Mistake(API, "instanceMemoryMB: 2048", "instanceMemoryMB: 2000", "2000"),
    "a required property is gone": Mistake(STORAGE, "  sku: { name: 'Standard_LRS' }\n", "", "sku.name is missing"),
    "the parent is the wrong resource": Mistake(STORAGE, "parent: blobService", "parent: account", "the parent of"),
    "the parent is gone": Mistake(API, "  parent: app\n  name: 'scm'", "  name: 'scm'", "the parent of"),
    "an endpoint is misspelt": Mistake(STORAGE, "primaryEndpoints.blob", "primaryEndpoints.blobb", "to read"),
    "a symbol is unknown": Mistake(API, "serverFarmId: plan.id", "serverFarmId: plans.id", "plans is not declared"),
    "a symbol is declared twice": Mistake(RBAC, "resource hostTables ", "resource hostQueues ", "declared 2 times"),
    "a variable is unused": Mistake(
        STORAGE, "var recoveryDays", "var spare = 1\nvar recoveryDays", "spare is not used"
    ),
    "a parameter is unused": Mistake(
        API, "param name string", "param name string\nparam spare string = ''", "not used"
    ),
    "a function is unknown": Mistake("main.bicep", "toLower(", "toLowercase(", "toLowercase"),
    "a role name is unknown": Mistake(RBAC, "roles.metricsPublisher)\n", "roles.metricPublisher)\n", "no member"),
    "an abbreviation is unknown": Mistake("main.bicep", "abbreviations.plan", "abbreviations.plans", "no member plans"),
    "a module file is missing": Mistake("main.bicep", "'app/api.bicep'", "'app/apis.bicep'", "there is no file"),
    "a module parameter is unknown": Mistake(
        "main.bicep", "tablesUrl: data", "tableUrl: data", "no parameter tableUrl"
    ),
    "a module parameter is missing": Mistake("main.bicep", "    linkHours: linkHours\n", "", "linkHours is missing"),
    "a module parameter has the wrong type": Mistake(
        "main.bicep", "linkHours: linkHours", "linkHours: '24'", "not int"
    ),
    "a module output is unknown": Mistake(
        "main.bicep", "identity.outputs.clientId", "identity.outputs.client", "output"
    ),
    "a module has no scope": Mistake("main.bicep", "  name: 'api'\n  scope: group\n", "  name: 'api'\n", "scope"),
    "a default is of the wrong type": Mistake("main.bicep", "linkHours int = 24", "linkHours int = '24'", "not int"),
    "public access is on for the account": Mistake(
        STORAGE, "PublicAccess: false", "PublicAccess: true", "must be False"
    ),
    "public access is on for a container": Mistake(
        STORAGE, "publicAccess: 'None'", "publicAccess: 'Blob'", "must be 'None'"
    ),
    "shared keys are on": Mistake(STORAGE, "SharedKeyAccess: false", "SharedKeyAccess: true", "must be False"),
    "shared keys are not mentioned": Mistake(STORAGE, "    allowSharedKeyAccess: false\n", "", "must be False"),
    "plain HTTP reaches the account": Mistake(STORAGE, "TrafficOnly: true", "TrafficOnly: false", "must be True"),
    "plain HTTP reaches the app": Mistake(API, "httpsOnly: true", "httpsOnly: false", "httpsOnly must be True"),
    "TLS is old": Mistake(STORAGE, "'TLS1_2'", "'TLS1_0'", "minimumTlsVersion must be"),
    "deleted blobs are gone for good": Mistake(
        STORAGE,
        "{ enabled: true, days: recoveryDays }\n    cont",
        "{ enabled: false, days: recoveryDays }\n    cont",
        "must be True",
    ),
    "deployment passwords are on": Mistake(
        API, "{ allow: false }\n}\n\noutput", "{ allow: true }\n}\n\noutput", "must be False"
    ),
    "a deleted secret is gone for good": Mistake(
        "app/vault.bicep", "enablePurgeProtection: true", "enablePurgeProtection: false", "must be True"
    ),
    "access policies open the vault": Mistake(
        "app/vault.bicep", "enableRbacAuthorization: true", "enableRbacAuthorization: false", "must be True"
    ),
    "secrets are read by another identity": Mistake(
        API, "keyVaultReferenceIdentity: identityId", "keyVaultReferenceIdentity: identityClientId", "does not carry"
    ),
    "a client secret is written down": Mistake(
        API, "'@Microsoft.KeyVault(SecretUri=${vaultUrl}secrets/client-secret)'", "'abc'", "Key Vault"
    ),
    "a role is too strong": Mistake(
        RBAC, "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "Owner"
    ),
    "a role is not on the list": Mistake(
        RBAC, "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "no role on the list"
    ),
    "a grant is on the whole group": Mistake(RBAC, "  scope: exports\n", "", "the whole group"),
    "a grant is on the wrong account": Mistake(
        "main.bicep", "dataAccountName: dataStorage", "dataAccountName: hostStorage", "is missing"
    ),
    "a grant is missing": Mistake(RBAC, "scope: insights", "scope: host", "Monitoring Metrics Publisher"),
    "an account key is read": Mistake(
        API, "AzureWebJobsStorage__accountName: hostAccountName", "KEY: app.listKeys().keys[0].value", "reads a key"
    ),
    "an account key is written down": Mistake(
        API, "PRORATA_STORE: 'azure'", "PRORATA_STORE: 'AccountKey=abc'", "carries a key"
    ),
    "an output is a secret": Mistake(
        "app/monitoring.bicep",
        "output applicationInsightsName string = insights.name",
        "output applicationInsightsName string = insights.name\noutput s string = insights.properties.ConnectionString",
        "hands out a secret",
    ),
    "the host storage is a connection string": Mistake(
        API,
        "AzureWebJobsStorage__credential: 'managedidentity'",
        "AzureWebJobsStorage: 'x'",
        "AzureWebJobsStorage must not",
    ),
    "the host identity is not named": Mistake(
        API, "    AzureWebJobsStorage__clientId: identityClientId\n", "", "clientId"
    ),
    "telemetry takes a key": Mistake(
        "app/monitoring.bicep", "DisableLocalAuth: true", "DisableLocalAuth: false", "must be True"
    ),
    "the plan is another": Mistake(
        API, "'FC1', tier: 'FlexConsumption'", "'Y1', tier: 'Dynamic'", "sku.name must be 'FC1'"
    ),
    "Python is another": Mistake(API, "version: '3.12'", "version: '3.13'", "runtime.version must be '3.12'"),
    "the package is read without identity": Mistake(
        API, "type: 'UserAssignedIdentity'", "type: 'StorageAccountConnectionString'", "authentication.type must be"
    ),
    "the package is read by another identity": Mistake(
        API,
        "userAssignedIdentityResourceId: identityId",
        "userAssignedIdentityResourceId: identityClientId",
        "does not carry",
    ),
    "the region is fixed": Mistake(API, "  location: location\n", "  location: 'westeurope'\n", "is fixed"),
    "a loop runs over itself": Mistake(
        STORAGE, "for queue in queues: {", "for queue in queue: {", "queue is not declared"
    ),
    "the target is another": Mistake("main.bicep", "= 'subscription'", "= 'resourceGroup'", "targetScope must be"),
    "a loaded file is missing": Mistake("main.bicep", "abbreviations.json", "abbreviation.json", "there is no file"),
    "outputs is misspelt": Mistake("main.bicep", "= api.outputs.uri", "= api.output.uri", "no such output"),
    "two grants share a name": Mistake(
        RBAC,
        "guid(host.id, principalId, roles.queueDataContributor)",
        "guid(host.id, principalId, roles.blobDataOwner)",
        "name must be guid(",
    ),
    "an existing resource has no name": Mistake(RBAC, "  name: hostAccountName\n", "", "name is missing"),
    "a setting is a number": Mistake(API, "string(linkHours)", "linkHours", "no string"),
    "the exports are kept for ever": Mistake(
        "main.bicep", "    deleteAfterDays: exportRetentionDays\n", "", "managementPolicies"
    ),
    "an account too few": Mistake(
        "main.bicep", "exportAccountName: exportStorage", "exportAccountName: dataStorage", "is missing"
    ),
}


@pytest.fixture
def copy(infra: Path, tmp_path: Path) -> Path:
    """A copy of the templates to make mistakes in."""
    return Path(shutil.copytree(infra, tmp_path / "infra"))


@pytest.mark.parametrize("name", MISTAKES)
def test_checker_catches_a_mistake(name: str, copy: Path) -> None:
    """Each mistake is found, and for its own reason."""
    mistake = MISTAKES[name]
    path = copy / mistake.file
    before = path.read_text("utf-8")
    path.write_text(before.replace(mistake.old, mistake.new, 1), "utf-8")
    found = [str(one) for one in findings_of(copy)]

    assert mistake.old in before, "the template changed: make the mistake anew"
    assert any(mistake.says in one for one in found), found


def test_an_unused_abbreviation_is_found(copy: Path) -> None:
    """The list of abbreviations holds nothing that no name begins with."""
    path = copy / "abbreviations.json"
    path.write_text(path.read_text("utf-8").replace("{", '{ "registry": "cr",', 1), "utf-8")

    assert [one.message for one in findings_of(copy)] == ["abbreviations.json: registry is not used"]
