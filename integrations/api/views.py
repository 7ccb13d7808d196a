"""The two shapes of reading: a list, page by page, and one record. Rows are values: nothing is fetched twice."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from integrations.api.errors import NOT_HERE, FieldProblem, InvalidParameters, problem
from integrations.api.parameters import Asked, Filter, read_list, read_none
from integrations.api.schema import ApiSchema
from tenancy.access import API_SCOPES, AccessPolicy, hidden_from_token, public
from tenancy.http import TokenOwner
from tenancy.keyset import InvalidCursor, Page, Sort, page_of

Row = Mapping[str, Any]
HEADERS = {"Cache-Control": "no-store"}


class ApiView(APIView):
    """An endpoint of integrators: it names the scope that a token needs, and so the action that it stands for."""

    required_scope: ClassVar[str]
    schema = ApiSchema()
    is_list: ClassVar[bool] = False
    metadata_class = None
    summary: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if scope := getattr(cls, "required_scope", None):
            cls.access_policy = AccessPolicy(action=API_SCOPES[scope])

    access_policy: ClassVar[AccessPolicy]

    @property
    def organization_id(self) -> UUID:
        """The organisation that the token belongs to."""
        return cast("TokenOwner", self.request.auth).organization_id

    def visible(self, record: str, row: Row, column: str) -> Any:
        """Return what a row has in a column, or None where the token is not shown that field of a `record`."""
        if record not in self._hidden:
            self._hidden[record] = hidden_from_token(cast("TokenOwner", self.request.auth).scopes, record)
        return None if column in self._hidden[record] else row[column]

    @cached_property
    def _hidden(self) -> dict[str, frozenset[str]]:
        return {}


class RecordView(ApiView):
    """What a list and its records share: the rows, their columns, and how a row becomes an object of the API."""

    record: ClassVar[type[Serializer[Any]]]
    singular: ClassVar[str]
    plural: ClassVar[str]
    columns: ClassVar[Sequence[str]]
    example: ClassVar[Mapping[str, Any]]

    def rows(self) -> QuerySet[Any, Any]:
        """Return the rows of the organisation that the API shows."""
        raise NotImplementedError

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a row as the API shows it."""
        raise NotImplementedError

    def with_parts(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of a page with what belongs to them from other tables, in one query for all of them."""
        return rows


class ListView(RecordView):
    """A list: `{"results": […], "next": …, "previous": …}`, by keyset, filtered and sorted by what is allowed."""

    is_list = True
    filters: ClassVar[Sequence[Filter]]
    sorts: ClassVar[Sequence[Sort]]

    def get(self, request: Request) -> Response:
        """Return a page."""
        asked = read_list(request.query_params, filters=self.filters, sorts=self.sorts)
        rows = self.rows().filter(*asked.conditions).values(*self.columns)
        scope = f"api {self.plural} {self.organization_id} {asked.fingerprint}"
        try:
            page: Page[Any] = page_of(
                rows, sort=asked.sort, size=asked.limit, scope=scope, cursor=asked.cursor, filled=False
            )
        except InvalidCursor:
            raise InvalidParameters([FieldProblem("cursor", BAD_CURSOR)]) from None
        page = replace(page, rows=list(self.with_parts(page.rows)))
        return Response(envelope(request, asked, page, self.shaped), headers=HEADERS)


BAD_CURSOR = (
    "cursor belongs to another list, filter or sort, or is damaged. Follow next and previous as they are, or start "
    "again without it."
)


class DetailView(RecordView):
    """One record by its id."""

    key: ClassVar[str] = "id"

    def get(self, request: Request, **key: UUID) -> Response:
        """Return the record.

        :raises Http404: when the organisation has none, or it was deleted.
        """
        read_none(request.query_params)
        row = self.rows().filter(**{self.key: key[self.key]}).values(*self.columns).order_by().first()
        if row is None:
            raise Http404(NOT_HERE)
        return Response(self.shaped(self.with_parts([row])[0]), headers=HEADERS)


def envelope(request: Request, asked: Asked, page: Page[Any], shaped: Callable[[Row], Any]) -> dict[str, Any]:
    """Return a page with the whole addresses of its neighbours, null at the ends."""

    def address(cursor: str) -> str | None:
        if not cursor:
            return None
        query = request.query_params.copy()
        query["cursor"] = cursor
        return f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"

    return {
        "results": [shaped(row) for row in page.rows],
        "next": address(page.next),
        "previous": address(page.previous),
    }


@public(reason="says that the API has no such address")
@csrf_exempt
def no_such_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer whatever else is asked under /api/, before an organisation could be called that."""
    return problem(404, detail="The API has no such address; GET /api/v1/schema lists all that it has.")
