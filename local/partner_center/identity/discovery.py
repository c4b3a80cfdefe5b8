"""What the token service says about itself: where its endpoints are and which key signs.

Addresses are those by which the caller came, so that a client needs to be told one address only. Over plain HTTP the
token endpoint alone keeps Microsoft's address: Microsoft's libraries take no other than HTTPS, and who talks to them
without TLS has to redirect that address anyway.

Not here: the endpoints (``grants``, ``consent``, ``devices``).
"""

from local.partner_center.answers import Answer, Asked, Call, Handler, Host
from local.partner_center.entities import Json
from local.partner_center.identity.refused import SignInError
from local.partner_center.identity.requests import ANY_TENANT, tenant_of
from local.partner_center.identity.signing import public_keys

_LOGIN = "login.microsoftonline.com"


def answer_configuration(asked: Asked) -> Answer:
    """Answer OpenID discovery of a tenant."""
    try:
        tenant_id = tenant_of(asked)
    except SignInError as error:
        return error.answer(asked.now)
    name = asked.path["tenant"].lower()
    version = "v2.0/" if "/v2.0/" in asked.url_path.lower() else ""
    return Answer(json=_configuration(asked.base_url, name if name in ANY_TENANT else tenant_id, version))


def answer_keys(_asked: Asked) -> Answer:
    """Answer with the public half of the key that signs."""
    return Answer(json=public_keys())


def answer_instance(asked: Asked) -> Answer:
    """Answer instance discovery: any host by which the simulator is reached counts as one of Microsoft's."""
    host = asked.base_url.partition("://")[2]
    tenant = asked.first("authorization_endpoint").partition("://")[2].split("/")[1:2] or ["common"]
    return Answer(
        json={
            "tenant_discovery_endpoint": f"{asked.base_url}/{tenant[0]}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {"preferred_network": host, "preferred_cache": host, "aliases": sorted({host, _LOGIN})},
            ],
        }
    )


def _configuration(base_url: str, tenant: str, version: str) -> Json:
    oauth = f"{base_url}/{tenant}/oauth2/{version}"
    issuer_tenant = "{tenantid}" if tenant in ANY_TENANT else tenant
    tokens = oauth if base_url.startswith("https:") else f"https://{_LOGIN}/{tenant}/oauth2/{version}"
    return {
        "token_endpoint": f"{tokens}token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base_url}/{tenant}/discovery/{version}keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{base_url}/{issuer_tenant}/v2.0",
        "authorization_endpoint": f"{oauth}authorize",
        "device_authorization_endpoint": f"{oauth}devicecode",
        "http_logout_supported": True,
        "end_session_endpoint": f"{oauth}logout",
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver"],
        "tenant_region_scope": None if tenant in ANY_TENANT else "EU",
        "cloud_instance_name": "microsoftonline.com",
    }


def _get(path: str, handler: Handler) -> Call:
    return Call(method="GET", path=path, handler=handler, host=Host.OPEN)


CALLS = (
    _get("/{tenant}/v2.0/.well-known/openid-configuration", answer_configuration),
    _get("/{tenant}/.well-known/openid-configuration", answer_configuration),
    _get("/{tenant}/discovery/v2.0/keys", answer_keys),
    _get("/{tenant}/discovery/keys", answer_keys),
    _get("/common/discovery/instance", answer_instance),
)
