"""The two shapes of reading: a list, page by page, and one record. Rows are values: nothing is fetched twice."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from typing import Any, ClassVar, cast
from uuid import UUID

import orjson
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from integrations.api.deprecation import Deprecation
from integrations.api.errors import NOT_HERE, FieldProblem, InvalidParameters, LimitReached, problem
from integrations.api.parameters import Asked, Filter, Offer, Shape, read_list, read_shape
from integrations.api.permissions import MissingScope
from integrations.api.preconditions import etag, has_newest
from integrations.api.schema import ApiSchema
from integrations.api.statements import rows_of
from tenancy.access import API_SCOPES, AccessPolicy, hidden_from_token, public
from tenancy.http import TokenOwner
from tenancy.keyset import Fetch, InvalidCursor, Page, Sort, page_from, segment_of
from tenancy.token_limits import Metered

Row = Mapping[str, Any]


class ApiView(APIView):
    """An endpoint of integrators: it names the scope that a token needs, and so the action that it stands for.

    `write_scope` is what POST, PATCH and DELETE need where the view has them.
    """

    required_scope: ClassVar[str]
    write_scope: ClassVar[str] = ""
    schema = ApiSchema()
    is_list: ClassVar[bool] = False
    is_bulk: ClassVar[bool] = False
    metadata_class = None
    # OPTIONS would say what the document says, and no browser calls from elsewhere.
    http_method_names = ("get", "post", "put", "patch", "delete", "head")
    summary: ClassVar[str]
    deprecation: ClassVar[Deprecation | None] = None
    # What the document says beside the general words, by method.
    about: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if scope := getattr(cls, "required_scope", None):
            cls.access_policy = AccessPolicy(action=API_SCOPES[scope])
        if cls.write_scope:
            cls.write_policy = AccessPolicy(action=API_SCOPES[cls.write_scope])

    access_policy: ClassVar[AccessPolicy]
    write_policy: ClassVar[AccessPolicy]

    @classmethod
    def scope_for(cls, method: str) -> str:
        """Return the scope that a token needs for a method."""
        return cls.required_scope if method in SAFE_METHODS or not cls.write_scope else cls.write_scope

    @property
    def owner(self) -> TokenOwner:
        """Whose token signed the request."""
        return cast("TokenOwner", self.request.auth)

    @property
    def organization_id(self) -> UUID:
        """The organisation that the token belongs to."""
        return self.owner.organization_id

    def check_throttles(self, request: Request) -> None:
        """Refuse what goes beyond the limits; the middleware has counted.

        :raises LimitReached: with the seconds until the next call is free.
        """
        metered: Sequence[Metered] = getattr(request._request, "metered", ())
        if reached := [one.verdict.resets_in for one in metered if not one.verdict.allowed]:
            raise LimitReached(seconds=max(reached))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the answer; that of an address on its way out says so."""
        if self.deprecation is not None:
            for name, value in self.deprecation.headers():
                response[name] = value
        return super().finalize_response(request, response, *args, **kwargs)

    def visible(self, record: str, row: Row, column: str) -> Any:
        """Return what a row has in a column, or None where the token is not shown that field of a `record`."""
        if record not in self._hidden:
            self._hidden[record] = hidden_from_token(self.owner.scopes, record)
        return None if column in self._hidden[record] else row[column]

    @cached_property
    def _hidden(self) -> dict[str, frozenset[str]]:
        return {}


class RecordView(ApiView):
    """What a list and its records share: the rows, their columns, and how a row becomes an object of the API.

    `expansions` names fields that show another record by id and name, with the view that shows it whole.
    """

    record: ClassVar[type[Serializer[Any]]]
    singular: ClassVar[str]
    plural: ClassVar[str]
    columns: ClassVar[Sequence[str]]
    example: ClassVar[Mapping[str, Any]]
    expansions: ClassVar[Mapping[str, "type[RecordView]"]] = {}

    def rows(self) -> QuerySet[Any, Any]:
        """Return the rows of the organisation that the API shows; which they are depends on nothing else."""
        raise NotImplementedError

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a row as the API shows it."""
        raise NotImplementedError

    def with_parts(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of a page with what belongs to them from other tables, in one query for all of them."""
        return rows

    def row(self, key: UUID, column: str = "id") -> Row:
        """Return the row of a record.

        :raises Http404: when the organisation has none, or it was deleted.
        """

        def build(values: Mapping[str, Any]) -> QuerySet[Any, Any]:
            return self.rows().filter(**{column: values["key"]}).values(*self.columns).order_by()

        shape, values = (type(self), column), {"key": key, "organization": self.organization_id}
        rows = rows_of(shape, build, values, 1)
        if not rows:
            raise Http404(NOT_HERE)
        return rows[0]

    @classmethod
    @cache
    def offer(cls) -> Offer:
        """Return what a caller may choose to see."""
        return Offer(tuple(cls.record().fields), tuple(cls.expansions))

    def shown(self, rows: Sequence[Row], shape: Shape) -> list[dict[str, Any]]:
        """Return rows as the caller wants to see them; each expansion costs one query for all of them."""
        records = [self.shaped(row) for row in self.with_parts(rows)]
        for name in shape.expand:
            self._expand(name, records)
        if shape.fields:
            records = [{name: record[name] for name in shape.fields} for record in records]
        return records

    def _expand(self, name: str, records: Sequence[dict[str, Any]]) -> None:
        other = self.expansions[name]()
        other.setup(self.request._request)
        other.request = self.request
        if other.required_scope not in self.owner.scopes:
            raise MissingScope(other.required_scope)
        ids = {record[name]["id"] for record in records if record[name] is not None}
        rows = list(other.rows().filter(pk__in=ids).values(*other.columns)) if ids else []
        found = {row["id"]: other.shaped(row) for row in other.with_parts(rows)}
        for record in records:
            if record[name] is not None:
                record[name] = found.get(record[name]["id"], record[name])


class ListView(RecordView):
    """A list: `{"results": […], "next": …, "previous": …}`, by keyset, filtered and sorted by what is allowed."""

    is_list = True
    filters: ClassVar[Sequence[Filter]]
    sorts: ClassVar[Sequence[Sort]]

    def get(self, request: Request) -> HttpResponse:
        """Return a page."""
        asked = read_list(request.query_params, filters=self.filters, sorts=self.sorts, offer=self.offer())
        scope = f"api {self.plural} {self.organization_id} {asked.fingerprint}"
        try:
            page: Page[Any] = page_from(
                self._fetch(asked), sort=asked.sort, size=asked.limit, scope=scope, cursor=asked.cursor, filled=False
            )
        except InvalidCursor:
            raise InvalidParameters([FieldProblem("cursor", BAD_CURSOR)]) from None
        return answer(envelope(request, replace(page, rows=self.shown(page.rows, asked.shape))))

    def _fetch(self, asked: Asked) -> Fetch[Row]:
        """Return what reads a segment of the list, by a statement that is compiled once for lists of this shape."""
        own = asked.values | {"organization": self.organization_id}

        def fetch(is_null: bool, position: tuple[Any, UUID] | None, backward: bool, limit: int) -> list[Row]:
            def build(values: Mapping[str, Any]) -> QuerySet[Any, Any]:
                rows = self.rows().filter(*asked.conditions(values)).values(*self.columns)
                beyond = None if position is None else (values["cursor value"], values["cursor id"])
                return segment_of(rows, asked.sort, is_null, beyond, backward)

            place = {} if position is None else {"cursor value": position[0], "cursor id": position[1]}
            shape = (type(self), asked.sort, is_null, backward)
            return list(rows_of(shape, build, own | place, limit))

        return fetch


BAD_CURSOR = (
    "cursor belongs to another list, filter or sort, or is damaged. Follow next and previous as they are, or start "
    "again without it."
)


class DetailView(RecordView):
    """One record by its id."""

    key: ClassVar[str] = "id"

    def get(self, request: Request, **key: UUID) -> HttpResponse:
        """Return the record.

        :raises Http404: when the organisation has none, or it was deleted.
        """
        shape = read_shape(request.query_params, self.offer())
        return record_answer(self, self.row(key[self.key], self.key), shape)


def record_answer(view: RecordView, row: Row, shape: Shape) -> HttpResponse:
    """Return one record with its ETag, or 304 to who has it already."""
    (record,) = view.shown([row], shape)
    body = encoded(record)
    tag = etag(row.get("version"), body)
    if has_newest(view.request, tag):
        unchanged = HttpResponse(status=304, headers={"ETag": tag, "Cache-Control": "no-store"})
        del unchanged["Content-Type"]
        return unchanged
    return answer(body, headers={"ETag": tag})


def encoded(data: Any) -> bytes:
    """Return data as the API writes it: UUIDs and dates as they are, moments in UTC with a Z."""
    return orjson.dumps(data, option=orjson.OPT_UTC_Z)


def answer(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a good answer. It is written here: Response and its renderer would only pass it on."""
    body = data if isinstance(data, bytes) else encoded(data)
    return HttpResponse(
        body,
        status=status,
        headers={"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})},
    )


def envelope(request: Request, page: Page[Any]) -> dict[str, Any]:
    """Return a page with the whole addresses of its neighbours, null at the ends."""

    def address(cursor: str) -> str | None:
        if not cursor:
            return None
        query = request.query_params.copy()
        query["cursor"] = cursor
        return f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"

    return {"results": page.rows, "next": address(page.next), "previous": address(page.previous)}


@public(reason="says that the API has no such address")
@csrf_exempt
def no_such_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer whatever else is asked under /api/, before an organisation could be called that."""
    return problem(404, detail="The API has no such address; GET /api/v1/schema lists all that it has.")
