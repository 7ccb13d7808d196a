"""Making, changing and deleting a record: what each such address does around its one domain call.

The body is held against an allow-list, ids in it are looked up in the organisation, a change names the version it is
based on, and a change that is sent again has its effect once. All of it is one transaction, the request's: a refusal
leaves nothing behind.
"""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from integrations.api.bodies import Body, Values, references_of
from integrations.api.errors import NOT_HERE, FieldProblem, InvalidBody, PreconditionFailed
from integrations.api.idempotency import once
from integrations.api.parameters import Shape, read_none
from integrations.api.parsers import MergePatchParser, OrjsonParser, body_of
from integrations.api.preconditions import Seen, etag, seen_by
from integrations.api.views import DetailView, ListView, RecordView, answer, encoded


class WritingView(RecordView):
    """What the writing addresses of a kind of record share.

    `body` is what a caller may say. `refusals` maps the domain's exceptions (`UnableTo…`) to the field that they are
    about ("" for the record as a whole), `stale` is the one that says that somebody else was faster.
    """

    body: ClassVar[Body]
    refusals: ClassVar[Mapping[type[Exception], str]] = {}
    stale: ClassVar[tuple[type[Exception], ...]] = ()

    def stated(self, request: Request, *, change: bool) -> Values:
        """Return what the body says, with the records that its ids mean.

        :raises InvalidBody: with all that is wrong with it.
        """
        values = self.body.read(body_of(request), change=change)
        return references_of(self.body, values, self.organization_id)

    def written(self, key: UUID, *, status: int, location: str = "") -> HttpResponse:
        """Return a record that was just written. A token that may not read it is told its id and version only."""
        row = self.row(key)
        (record,) = self.shown([row], Shape())
        body = encoded(record)
        headers = {"ETag": etag(row.get("version"), body)}
        if location:
            headers["Location"] = self.request.build_absolute_uri(location)
        if self.required_scope not in self.owner.scopes:
            body = encoded({name: record[name] for name in ("id", "version") if name in record})
        return answer(body, status=status, headers=headers)

    def handle_exception(self, exc: Exception) -> Any:
        """Return the problem that an exception means; the domain's own say which field they are about."""
        for kind, name in self.refusals.items():
            if isinstance(exc, kind):
                exc = InvalidBody([FieldProblem(name, str(exc))], code=_code_of(kind))
        if self.stale and isinstance(exc, self.stale):
            exc = PreconditionFailed(getattr(getattr(exc, "current", None), "version", None))
        return super().handle_exception(exc)


class CreatingView(WritingView, ListView):
    """A list that takes new records: POST, 201 with Location and ETag."""

    parser_classes = (OrjsonParser,)

    def create(self, values: Values) -> Any:
        """Make the record that `values` describe, by one domain call, and return it."""
        raise NotImplementedError

    def post(self, request: Request) -> HttpResponse:
        """Make a record."""
        read_none(request.query_params)
        return once(request, self._make)

    def _make(self) -> HttpResponse:
        record = self.create(self.stated(self.request, change=False))
        return self.written(record.pk, status=201, location=f"{self.request.path}/{record.pk}")


class ChangingView(WritingView, DetailView):
    """A record that can be changed: PATCH with If-Match. What the body leaves out stays as it is, null empties."""

    parser_classes = (OrjsonParser, MergePatchParser)

    def change(self, record: Any, values: Values) -> None:
        """Change the record as `values` say, by one domain call."""
        raise NotImplementedError

    def patch(self, request: Request, **key: UUID) -> HttpResponse:
        """Change the record."""
        read_none(request.query_params)
        return once(request, lambda: self._change(key[self.key]))

    def _change(self, key: UUID) -> HttpResponse:
        seen = seen_by(self.request)
        values = self.stated(self.request, change=True)
        record = self.locked(key, seen)
        self.change(record, values)
        return self.written(record.pk, status=200)

    def locked(self, key: UUID, seen: Seen) -> Any:
        """Return the record, which nobody else can change now, if it is as the caller saw it.

        :raises Http404: when the organisation has none, or it was deleted.
        :raises PreconditionFailed: when it was changed since.
        """
        rows = self.rows().filter(**{self.key: key}).order_by()
        record = rows.select_for_update(of=("self",), no_key=True).first()
        if record is None:
            raise Http404(NOT_HERE)
        version = getattr(record, "version", None)
        seen.check(version=version, tag="" if version is not None else self._tag(key))
        return record

    def _tag(self, key: UUID) -> str:
        """Return the ETag of a record without versions."""
        (shown,) = self.shown([self.row(key, self.key)], Shape())
        return etag(None, encoded(shown))


class DeletingView(ChangingView):
    """A record that can also be deleted: DELETE with If-Match, 204."""

    def delete_record(self, record: Any) -> None:
        """Delete the record, by one domain call."""
        raise NotImplementedError

    def delete(self, request: Request, **key: UUID) -> HttpResponse:
        """Delete the record."""
        read_none(request.query_params)
        return once(request, lambda: self._delete(key[self.key]))

    def _delete(self, key: UUID) -> HttpResponse:
        record = self.locked(key, seen_by(self.request))
        self.delete_record(record)
        gone = HttpResponse(status=204, headers={"Cache-Control": "no-store"})
        del gone["Content-Type"]
        return gone


def _code_of(kind: type[Exception]) -> str:
    """Return the code of a refusal: UnableToMoveStage is unable_to_move_stage."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__).strip("_")
