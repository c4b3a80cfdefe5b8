"""Organisations, tenants and domains over HTTP: import, matches, a person's decision, who has a domain.

Not here: how tenants are matched (``shared/domain/organisations``).
"""

import io
from dataclasses import asdict
from typing import Any

import azure.functions as func

from functions.http import json_of, respond, upload_of
from shared.application.domains import check_domain
from shared.application.organisation_views import import_view, match_view, organisation_view
from shared.application.organisations import decide, import_organisations, matches
from shared.bootstrap import services
from shared.documents.organisations_file import read_organisations, read_organisations_json
from shared.domain.errors import InvalidError
from shared.domain.organisations.matching import MatchState

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library leaves this one untyped
_YES_NO = {"": False, "false": False, "true": True}
NOT_SAID = "by-rule"


@blueprint.route(route="organisations", methods=["PUT"])
def put_organisations(req: func.HttpRequest) -> func.HttpResponse:
    """Import organisations from CSV, XLSX or JSON; with ``?dry_run=true`` only say what would happen."""
    return respond(lambda: _import(req))


@blueprint.route(route="organisations", methods=["GET"])
def list_organisations(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the engine passes it by this name
    """Show all organisations."""
    return respond(lambda: (200, [organisation_view(each) for each in services().organisations.all().values()]))


@blueprint.route(route="tenants", methods=["GET"])
def list_tenants(req: func.HttpRequest) -> func.HttpResponse:
    """Show every tenant and whom it belongs to; ``?state=unmatched`` or ``ambiguous`` shows those that wait."""
    return respond(lambda: _tenants(req))


@blueprint.route(route="tenants/{tenant}/organisation", methods=["PUT"])
def decide_tenant(req: func.HttpRequest) -> func.HttpResponse:
    """Say whose tenant it is: an organisation's id, ``nobody``, or ``by-rule`` to take the word back."""
    return respond(lambda: _decide(req))


@blueprint.route(route="domains/{domain}", methods=["GET"])
def show_domain(req: func.HttpRequest) -> func.HttpResponse:
    """Say whether a new tenant may have the domain, and if not, why and what to do."""
    return respond(lambda: (200, asdict(check_domain(services(), req.route_params["domain"]))))


def _import(req: func.HttpRequest) -> tuple[int, Any]:
    dry_run = _YES_NO.get(req.params.get("dry_run", "").lower())
    if dry_run is None:
        raise InvalidError("dry_run: say true or false")
    body = upload_of(req)
    is_json = "json" in (req.headers.get("Content-Type") or "") or body.lstrip()[:1] in {b"{", b"["}
    rows = read_organisations_json(body) if is_json else read_organisations(io.BytesIO(body), "body")
    return 200, import_view(import_organisations(services(), rows, dry_run=dry_run), dry_run=dry_run)


def _tenants(req: func.HttpRequest) -> tuple[int, Any]:
    state = req.params.get("state", "")
    if state and state not in list(MatchState):
        raise InvalidError(f"state: say one of {', '.join(MatchState)}")
    found, tenants, organisations = matches(services())
    return 200, [
        match_view(each, tenants[each.tenant_id.lower()], organisations)
        for each in found
        if not state or each.state == state
    ]


def _decide(req: func.HttpRequest) -> tuple[int, Any]:
    said = json_of(req, "organisation_id", "decided_by", "reason")
    organisation_id = {"nobody": "", NOT_SAID: None}.get(said["organisation_id"], said["organisation_id"])
    match = decide(services(), req.route_params["tenant"], organisation_id, said["decided_by"], said["reason"])
    _, tenants, organisations = matches(services())
    return 200, match_view(match, tenants[match.tenant_id.lower()], organisations)
