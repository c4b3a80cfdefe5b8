"""What every tenant's directory knows: the roles and the groups of a partner's people.

The ids of the roles' templates are Microsoft's own and the same in every tenant.

Not here: users (``customers_making``), licences.
"""

import uuid

_NAMESPACE = uuid.UUID("2b9f6a0e-0d8e-4b7e-8f57-0e6f3a1a5c11")
ADMINISTRATOR_ROLE = "62e90394-69f5-4237-9190-012177145e10"
ROLES = {
    ADMINISTRATOR_ROLE: "Global Administrator",
    "fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
    "4d6ac14f-3453-41d0-bef9-a3e0c569773a": "License Administrator",
    "729827e3-9c14-49f7-bb1b-9608f156bbb8": "Helpdesk Administrator",
    "b0f54661-2d74-4c50-afa3-1ec803f12efe": "Billing Administrator",
    "9360feb5-f418-4baa-8175-e2a00bac4301": "Directory Writers",
    "88d8e3e3-8f55-4a1e-953a-9b9898b8876b": "Directory Readers",
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451": "Global Reader",
    "158c047a-c907-4556-b7ef-446551a6b5f7": "Cloud Application Administrator",
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "Application Administrator",
    "e8611ab8-c189-46e8-94e1-60213ab1f814": "Privileged Role Administrator",
    "f023fd81-a637-4b56-95fd-791ac0226033": "Service Support Administrator",
}
"""The directory's roles by template id."""

PARTNER_GROUPS = ("AdminAgents", "SalesAgents", "HelpdeskAgents")
"""The security groups of a partner's tenant that open Partner Center."""


def object_id(name: str) -> str:
    """Return the id of what a directory has under that name: the same in every world."""
    return str(uuid.uuid5(_NAMESPACE, name))
