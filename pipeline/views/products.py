"""Products: the list and the forms."""

from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Value
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from pipeline import operations, queries
from pipeline.forms.filters import ProductFilterForm
from pipeline.forms.products import ProductForm, product_values
from pipeline.models import Product
from pipeline.queries.products import SORTS
from pipeline.querysets import ProductQuerySet
from pipeline.views.bulk import bulk_bar
from pipeline.views.listing import from_the_beginning, read_cursor, read_filters, read_sort, render_list
from pipeline.views.record_pages import (
    RecordKind,
    add_record,
    delete_record,
    deleted_of_address,
    edit_record,
    editable,
    restore_record,
)
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor


@member_can(Action.VIEW_PRODUCTS)
@require_safe
def products(request: MemberRequest) -> HttpResponse:
    """Show the list of products."""
    filters = ProductFilterForm(request.GET)
    filters.offer(family=queries.product_families(organization=request.organization).values)
    read_filters(filters)
    sort = read_sort(request, SORTS)
    try:
        page, total = queries.products_page(
            organization=request.organization, narrowed=filters.narrowed(), sort=sort, cursor=read_cursor(request)
        )
    except InvalidCursor:
        return from_the_beginning(request)
    context = {
        "filters": filters,
        "in_force": filters.in_force(),
        "page": page,
        "total": total,
        "bulk": bulk_bar(request, "product", total=total.count, is_capped=total.is_capped, filters=filters),
        "sort": sort.parameter,
        "deleted": deleted_of_address(request, PRODUCTS),
    }
    return render_list(request, "pipeline/products.html", context)


def _found(request: MemberRequest) -> ProductQuerySet:
    # Products belong to nobody: who may change one may change all.
    return queries.products(organization=request.organization).annotate(is_editable=Value(True))


def _form(request: MemberRequest, product: Product | None, **data: Any) -> ProductForm:
    return ProductForm(organization=request.organization, **data)


PRODUCTS = RecordKind(
    name="product",
    model=Product,
    list_page="products",
    list_name=gettext_lazy("Products"),
    action=Action.EDIT_PRODUCTS,
    found=_found,
    make_form=_form,
    values=product_values,
    update=operations.update_product,
    title=gettext_lazy("Edit %s"),
    added=gettext_lazy("%s was added."),
    has_page=False,
)


@member_can(Action.EDIT_PRODUCTS)
def product_new(request: MemberRequest) -> HttpResponse:
    """Add a product."""
    return add_record(
        request,
        PRODUCTS,
        title=_("New product"),
        save_word=_("Add product"),
        create=partial(operations.create_product, created_at=timezone.now()),
        initial={"currency": request.organization.currency, "is_active": True},
    )


@member_can(Action.EDIT_PRODUCTS)
def product_edit(request: MemberRequest, product_id: UUID) -> HttpResponse:
    """Change a product."""
    return edit_record(request, PRODUCTS, editable(request, PRODUCTS, product_id))


@member_can(Action.EDIT_PRODUCTS)
@require_POST
def product_delete(request: MemberRequest, product_id: UUID) -> HttpResponse:
    """Delete a product; the list offers to take it back."""
    return delete_record(request, PRODUCTS, product_id)


@member_can(Action.EDIT_PRODUCTS)
@require_POST
def product_restore(request: MemberRequest, product_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    return restore_record(request, PRODUCTS, product_id)
