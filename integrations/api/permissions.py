"""What a token may do: its scopes, each of which stands for an action of `tenancy.access`."""

from typing import TYPE_CHECKING, cast

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenancy.http import TokenOwner

if TYPE_CHECKING:
    # DRF imports this module while it is still making APIView.
    from rest_framework.views import APIView


class MissingScope(PermissionDenied):
    """The token lacks the scope that the address asks for."""

    default_code = "missing_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(
            f"This needs a token with the scope {scope}. An administrator of your organisation can make one."
        )
        self.scope = scope


class TokenHasScope(BasePermission):
    """Lets a request through whose token has the scope that the view names for the method."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return True, or say which scope is missing.

        :raises MissingScope: when the token lacks it.
        """
        scope: str = view.scope_for(request.method or "")  # type: ignore[attr-defined]
        if scope not in cast("TokenOwner", request.auth).scopes:
            raise MissingScope(scope)
        return True
