"""Who calls: the owner of the bearer token, found by the middleware before the view runs."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from tenancy.http import TokenOwner
from tenancy.tokens import PREFIX, bearer_token

CHALLENGE = 'Bearer realm="Agile Sales"'


class TokenAuthentication(BaseAuthentication):
    """Takes the owner that `tenancy.middleware` found; a token belongs to an organisation and not to a person."""

    def authenticate(self, request: Request) -> tuple[None, TokenOwner]:
        """Return no user, and the token's owner as `request.auth`.

        :raises NotAuthenticated: without an Authorization header.
        :raises AuthenticationFailed: with a token that is malformed, unknown, expired or revoked.
        """
        owner: TokenOwner | None = getattr(request._request, "token_owner", None)
        if owner is not None:
            return None, owner
        header = request.headers.get("Authorization", "")
        if not header:
            raise NotAuthenticated("Send your API token in the header: Authorization: Bearer " + PREFIX + "…")
        if bearer_token(header) is None:
            raise AuthenticationFailed(
                f"This is not a whole API token. It follows the word Bearer, begins with {PREFIX} and has "
                "54 characters; copy it again."
            )
        raise AuthenticationFailed("The token is not known, has expired, or was revoked.")

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401 (RFC 6750); a refused token is named as such."""
        return f'{CHALLENGE}, error="invalid_token"' if request.headers.get("Authorization") else CHALLENGE


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes the tokens."""

    target_class = "integrations.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the security scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": f"{PREFIX}…",
            "description": (
                "An administrator of your organisation makes tokens on the page API tokens. A token belongs to one "
                "organisation and reads what its scopes name."
            ),
        }
