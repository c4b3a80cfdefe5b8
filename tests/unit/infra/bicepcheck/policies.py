"""What the templates must promise whatever else they do: who gets in, with which role, and what never appears.

Not here: whether Azure would take the template (see ``facts`` and ``azure_types``).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .syntax import Finding, Template, body, properties, text, walk
from .values import Expression, Resource, value_of

Rule = Mapping[str, Any]
STORAGE: Rule = {
    "properties.allowBlobPublicAccess": False,
    "properties.allowCrossTenantReplication": False,
    "properties.allowSharedKeyAccess": False,
    "properties.defaultToOAuthAuthentication": True,
    "properties.isLocalUserEnabled": False,
    "properties.minimumTlsVersion": "TLS1_2",
    "properties.sasPolicy.expirationAction": "Block",
    "properties.supportsHttpsTrafficOnly": True,
}
SITE: Rule = {
    "identity.type": "UserAssigned",
    "properties.functionAppConfig.deployment.storage.authentication.type": "UserAssignedIdentity",
    "properties.functionAppConfig.runtime.name": "python",
    "properties.functionAppConfig.runtime.version": "3.12",
    "properties.httpsOnly": True,
    "properties.siteConfig.ftpsState": "Disabled",
    "properties.siteConfig.minTlsVersion": "1.2",
    "properties.siteConfig.scmMinTlsVersion": "1.2",
}
VAULT: Rule = {
    "properties.enablePurgeProtection": True,
    "properties.enableRbacAuthorization": True,
    "properties.enableSoftDelete": True,
    "properties.softDeleteRetentionInDays": 90,
}
RULES: Mapping[str, Rule] = {
    "Microsoft.KeyVault/vaults": VAULT,
    "Microsoft.Storage/storageAccounts": STORAGE,
    "Microsoft.Storage/storageAccounts/blobServices": {
        "properties.deleteRetentionPolicy.enabled": True,
        "properties.containerDeleteRetentionPolicy.enabled": True,
    },
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"properties.publicAccess": "None"},
    "Microsoft.Web/serverfarms": {
        "sku.name": "FC1",
        "sku.tier": "FlexConsumption",
        "properties.reserved": True,
    },
    "Microsoft.Web/sites": SITE,
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"properties.allow": False},
    "Microsoft.Insights/components": {"properties.DisableLocalAuth": True},
    "Microsoft.OperationalInsights/workspaces": {"properties.features.disableLocalAuth": True},
    "Microsoft.Authorization/roleAssignments": {"properties.principalType": "ServicePrincipal"},
}
ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "db58b8e5-c6ad-4a2a-8342-4190687cbf4a": "Storage Blob Delegator",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
}
HOST, DATA, EXPORTS = (f"{module}.outputs.name" for module in ("hostStorage", "dataStorage", "exportStorage"))
GRANTS = {
    (HOST, "Storage Blob Data Owner"),
    (HOST, "Storage Queue Data Contributor"),
    (HOST, "Storage Table Data Contributor"),
    (DATA, "Storage Table Data Contributor"),
    (f"containers of {DATA}", "Storage Blob Data Contributor"),
    (f"containers of {EXPORTS}", "Storage Blob Data Contributor"),
    (EXPORTS, "Storage Blob Delegator"),
    ("monitoring.outputs.applicationInsightsName", "Monitoring Metrics Publisher"),
    ("vault.outputs.name", "Key Vault Secrets Officer"),
}
"""Everything that the app may do, and where: no more, no less."""

COUNTS = {
    "Microsoft.KeyVault/vaults": 1,
    "Microsoft.Storage/storageAccounts": 3,
    "Microsoft.Storage/storageAccounts/managementPolicies": 1,
    "Microsoft.Web/sites": 1,
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": 2,
    "Microsoft.Web/sites/config": 1,
    "Microsoft.ManagedIdentity/userAssignedIdentities": 1,
}
HOST_SETTINGS = ("AzureWebJobsStorage__accountName", "AzureWebJobsStorage__clientId")
SECRET_SETTINGS = ("PRORATA_CLIENT_SECRET", "PRORATA_CLIENT_CERTIFICATE")
FORBIDDEN_SETTINGS = {
    "APPINSIGHTS_INSTRUMENTATIONKEY",
    "AzureWebJobsStorage",
    "ENABLE_ORYX_BUILD",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_RUNTIME",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_RUN_FROM_PACKAGE",
}
GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
SECRET_VALUE = re.compile(
    r"AccountKey=|SharedAccessSignature|[?&]sig=|InstrumentationKey=|DefaultEndpointsProtocol", re.IGNORECASE
)
SECRET_NAME = re.compile(r"secret|password|connection_?string|access_?key|sas_?token", re.IGNORECASE)


def text_findings(template: Template) -> Iterator[Finding]:
    """Keys read by list*(), unknown GUIDs, secret literals, and secrets among parameters and outputs."""
    for node in walk(template.root):
        function = text(node.child_by_field_name("function")) if node.type == "call_expression" else ""
        if function.rpartition(".")[2].startswith("list"):
            yield template.finding(node, "POLICY", f"{function}() reads a key; use the identity")
        if node.type == "string_content":
            yield from _literal_findings(template, node)
    for one in template.declarations:
        is_secure = any("secure" in text(decorator) for decorator in one.decorators)
        if one.kind in {"param", "output"} and (is_secure or SECRET_NAME.search(one.name)):
            yield template.finding(
                one.node, "POLICY", f"{one.kind} {one.name} looks like a secret; there is none to pass"
            )
        if one.kind == "output" and SECRET_NAME.search(text(one.value)):
            yield template.finding(one.node, "POLICY", f"output {one.name} hands out a secret")


def _literal_findings(template: Template, node: Any) -> Iterator[Finding]:
    for guid in GUID.findall(text(node)):
        if guid.lower() not in ROLES:
            yield template.finding(node, "POLICY", f"{guid} is no role on the list")
    if SECRET_VALUE.search(text(node)):
        yield template.finding(node, "POLICY", "a literal carries a key")


def resource_findings(resource: Resource) -> Iterator[Finding]:
    """Values of one resource that break a rule."""
    for path, wanted in RULES.get(resource.kind, {}).items():
        if resource.get(path) != wanted:
            yield _finding(resource, f"{path} must be {wanted!r}, is {resource.get(path)!r}")
    if resource.kind == "Microsoft.Web/sites":
        yield from _identity_findings(resource)
    if resource.kind == "Microsoft.Authorization/roleAssignments":
        yield from _grant_name_findings(resource)
    if resource.kind == "Microsoft.Web/sites/config":
        yield from _setting_findings(resource)
    location = resource.get("location")
    if isinstance(location, str):
        yield _finding(resource, f"location {location!r} is fixed; take the parameter")


def _identity_findings(site: Resource) -> Iterator[Finding]:
    used = site.get("properties.functionAppConfig.deployment.storage.authentication.userAssignedIdentityResourceId")
    carried = site.get("identity.userAssignedIdentities") or {}
    if str(used) not in carried:
        yield _finding(site, "the deployment storage is read by an identity that the app does not carry")
    if str(site.get("properties.keyVaultReferenceIdentity")) not in carried:
        yield _finding(site, "Key Vault references are read by an identity that the app does not carry")


def _setting_findings(config: Resource) -> Iterator[Finding]:
    given = config.get("properties") or {}
    for name in sorted(given.keys() & FORBIDDEN_SETTINGS):
        yield _finding(config, f"setting {name} must not exist on Flex Consumption with an identity")
    for name in HOST_SETTINGS:
        if not isinstance(given.get(name), Expression):
            yield _finding(config, f"setting {name} must come from a resource")
    for name, value in given.items():
        if not isinstance(value, str | Expression):
            yield _finding(config, f"setting {name} is {value!r}, no string")
    for name in SECRET_SETTINGS:
        if "@Microsoft.KeyVault(SecretUri=${" not in str(given.get(name)):
            yield _finding(config, f"setting {name} must be a reference to the Key Vault")
    if given.get("AzureWebJobsStorage__credential") != "managedidentity":
        yield _finding(config, "setting AzureWebJobsStorage__credential must be managedidentity")
    if "Authorization=AAD" not in str(given.get("APPLICATIONINSIGHTS_AUTHENTICATION_STRING")):
        yield _finding(config, "Application Insights takes no key: its authentication string must say AAD")


def whole_findings(resources: Iterable[Resource], main: Template) -> Iterator[Finding]:
    """What only shows on the whole: grants, numbers of resources, and what lives on which account."""
    made = tuple(resources)
    if main.target_scope != "subscription":
        yield main.finding(main.root, "POLICY", "targetScope must be subscription: the template makes its group")
    granted = {_grant(one) for one in made if one.kind == "Microsoft.Authorization/roleAssignments"}
    for scope, role in sorted(granted ^ GRANTS):
        word = "missing" if (scope, role) in GRANTS else "not allowed"
        yield main.finding(main.root, "POLICY", f"grant of {role} on {scope} is {word}")
    for kind, count in COUNTS.items():
        found = sum(one.kind == kind for one in made)
        if found != count:
            yield main.finding(main.root, "POLICY", f"{found} of {kind} where {count} are meant")
    passwords = {one.get("name") for one in made if one.kind.endswith("basicPublishingCredentialsPolicies")}
    if passwords != {"ftp", "scm"}:
        yield main.finding(main.root, "POLICY", "passwords must be off for both ftp and scm")


def _grant(assignment: Resource) -> tuple[str, str]:
    role = str(assignment.get("properties.roleDefinitionId")).rpartition("/")[2].lower()
    return _target(assignment), ROLES.get(role, role)


def _target(assignment: Resource) -> str:
    """What a grant is on: the account or component by the output that names it, with a word for its containers."""
    scope, template = assignment.get("scope"), assignment.template
    one = template.find(str(scope).strip("${}").partition("[")[0])
    if one is None:
        return "the whole group"
    prefix = "containers of " if one.type.partition("@")[0].endswith("/containers") else ""
    while (parent := properties(body(one)).get("parent")) and (above := template.find(text(parent))):
        one = above
    node = properties(body(one)).get("name")
    name = value_of(node, assignment.scope, template.path.parent) if node else None
    return prefix + str(name).strip("${}")


def _grant_name_findings(assignment: Resource) -> Iterator[Finding]:
    """A name made of scope, identity and role is unique, and stays the same when the templates are run again."""
    given = properties(body(assignment.declaration))
    role = text(properties(given.get("properties")).get("roleDefinitionId")).partition(", ")[2].rstrip(")")
    wanted = f"guid({text(given.get('scope'))}.id, principalId, {role})"
    if text(given.get("name")) != wanted:
        yield _finding(assignment, f"name must be {wanted}")


def _finding(resource: Resource, message: str) -> Finding:
    here = resource.template
    return here.finding(resource.declaration.node, "POLICY", f"{resource.declaration.name}: {message}")
