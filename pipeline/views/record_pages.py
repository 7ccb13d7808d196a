"""The one shape of adding, changing, deleting and restoring, whatever the kind of record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from pipeline.forms.record import RecordForm
from pipeline.models import CrmRecord
from pipeline.operations import noted_changes
from pipeline.views.editing import FormPage, answer_form
from pipeline.views.listing import refuse_unless_editable
from pipeline.views.removing import JustDeleted, address, bring_back, just_deleted, remove
from pipeline.views.undo import say_done
from tenancy.access import Action
from tenancy.http import MemberRequest
from tenancy.working_time import local_day


@dataclass(frozen=True)
class RecordKind:
    """What the pages of one kind of record differ in."""

    name: str  # its URLs are name, name-edit, name-delete and name-restore; operations call it that, too
    model: type[CrmRecord]
    list_page: str
    list_name: str | Promise
    action: Action  # what changing one needs
    found: Callable[[MemberRequest], QuerySet[Any]]  # what the member sees, with `is_editable` and what forms show
    make_form: Callable[..., RecordForm]  # of the request and the record, None for a new one
    values: Callable[[Any], Mapping[str, Any]]
    update: Callable[..., Any]
    title: str | Promise  # of the form that changes one, with a place for its name
    added: str | Promise  # what is said when one was added, with a place for its name
    has_page: bool = True

    def list_url(self, request: MemberRequest) -> str:
        """Return the address of the list."""
        return address(request, self.list_page)

    def url(self, request: MemberRequest, record: CrmRecord) -> str:
        """Return the address at which a record shows: its own, or the list."""
        return address(request, self.name, record.pk) if self.has_page else self.list_url(request)


@dataclass(frozen=True)
class More:
    """What a form has beside its fields, such as the lines of an order."""

    stated: Callable[[], dict[str, Any]] = dict
    is_valid: Callable[[], bool] = lambda: True
    template: str = "pipeline/record_form.html"
    extra: Mapping[str, Any] = field(default_factory=dict)


def editable(request: MemberRequest, kind: RecordKind, record_id: UUID) -> Any:
    """Return the record that the member may change; 404 when they can't see it, 403 when they only can."""
    record = get_object_or_404(kind.found(request), pk=record_id)
    refuse_unless_editable(record)
    return record


def add_record(
    request: MemberRequest,
    kind: RecordKind,
    *,
    title: str,
    save_word: str,
    create: Callable[..., CrmRecord],
    initial: Mapping[str, Any],
    back_url: str = "",
    make_form: Callable[..., RecordForm] | None = None,
    more: More | None = None,
) -> HttpResponse:
    """Show the form of a new record, or add it; `create` gets the organisation, the actor and what it says."""
    more = more or More()

    def save(form: RecordForm) -> str:
        with noted_changes() as noted:
            record = create(organization=request.organization, actor=request.member, **form.stated(), **more.stated())
        say_done(request, kind.added % record, noted, page=kind.list_url(request))
        return kind.url(request, record)

    page = FormPage(
        title=title,
        save_word=save_word,
        list_name=str(kind.list_name),
        list_url=kind.list_url(request),
        back_url=back_url or kind.list_url(request),
        template=more.template,
        extra=more.extra,
    )
    return answer_form(
        request,
        page=page,
        make_form=make_form or (lambda **data: kind.make_form(request, None, **data)),
        initial=initial,
        values=kind.values,
        save=save,
        also_valid=more.is_valid,
    )


def edit_record(request: MemberRequest, kind: RecordKind, record: Any, *, more: More | None = None) -> HttpResponse:
    """Show the form of a record, or save it and offer to take that back."""
    more = more or More()
    here = kind.url(request, record)

    def save(form: RecordForm) -> str:
        with noted_changes() as noted:
            kind.update(
                organization=request.organization,
                **{kind.name: record},
                version=form.cleaned_data["version"] or 0,
                actor=request.member,
                updated_at=timezone.now(),
                **form.stated(),
                **more.stated(),
            )
        say_done(request, _("Saved."), noted, page=here)
        return here

    page = FormPage(
        title=kind.title % record,
        save_word=_("Save"),
        list_name=str(kind.list_name),
        list_url=kind.list_url(request),
        back_url=here,
        template=more.template,
        extra={**more.extra, "delete_url": address(request, f"{kind.name}-delete", record.pk), "record": record},
    )
    return answer_form(
        request,
        page=page,
        make_form=lambda **data: kind.make_form(request, record, **data),
        initial={**kind.values(record), "version": record.version},
        values=kind.values,
        save=save,
        also_valid=more.is_valid,
    )


def delete_record(request: MemberRequest, kind: RecordKind, record_id: UUID) -> HttpResponse:
    """Delete a record; its list offers to take it back."""
    record = editable(request, kind, record_id)
    page_url = kind.url(request, record)
    return remove(request, record=record, list_url=kind.list_url(request), page_url=page_url)


def restore_record(request: MemberRequest, kind: RecordKind, record_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    record = get_object_or_404(_restorable(request, kind), pk=record_id)
    page_url = kind.url(request, record)
    return bring_back(request, record=record, list_url=kind.list_url(request), page_url=page_url)


def deleted_of_address(request: MemberRequest, kind: RecordKind) -> JustDeleted | None:
    """Return what the list's address says was just deleted."""
    return just_deleted(request, _restorable(request, kind).deleted(), kind.name)


def _restorable(request: MemberRequest, kind: RecordKind) -> Any:
    """Return the records that the member may change, the deleted ones among them."""
    found: Any = kind.model.objects.for_organization(request.organization)
    if not hasattr(found, "visible_to"):  # what belongs to nobody, such as products
        return found
    return found.visible_to(request.member, kind.action, as_of=local_day(request.organization, timezone.now()))
