"""Products: the list and the forms."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pipeline import operations, queries
from pipeline.forms.filters import ProductFilterForm
from pipeline.forms.products import ProductForm, product_values
from pipeline.forms.record import RecordForm
from pipeline.models import Product
from pipeline.queries.products import SORTS
from pipeline.querysets import ProductQuerySet
from pipeline.views.editing import FormPage, answer_form
from pipeline.views.listing import from_the_beginning, read_cursor, read_filters, read_sort, render_list
from pipeline.views.removing import address, bring_back, just_deleted, remove
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
        "sort": sort.parameter,
        "deleted": just_deleted(request, _deleted(request)),
    }
    return render_list(request, "pipeline/products.html", context)


@member_can(Action.EDIT_PRODUCTS)
def product_new(request: MemberRequest) -> HttpResponse:
    """Add a product."""
    now = timezone.now()
    back = address(request, "products")

    def save(form: RecordForm) -> str:
        product = operations.create_product(
            organization=request.organization, actor=request.member, created_at=now, **form.stated()
        )
        messages.success(request, _("%s was added.") % product.name)
        return back

    page = FormPage(
        title=_("New product"),
        save_word=_("Add product"),
        list_name=_("Products"),
        list_url=back,
        back_url=back,
    )
    return answer_form(
        request,
        page=page,
        make_form=lambda **data: ProductForm(organization=request.organization, **data),
        initial={"currency": request.organization.currency, "is_active": True},
        values=product_values,
        save=save,
    )


@member_can(Action.EDIT_PRODUCTS)
def product_edit(request: MemberRequest, product_id: UUID) -> HttpResponse:
    """Change a product."""
    now = timezone.now()
    product = get_object_or_404(queries.products(organization=request.organization), pk=product_id)
    back = address(request, "products")

    def save(form: RecordForm) -> str:
        operations.update_product(
            organization=request.organization,
            product=product,
            version=form.cleaned_data["version"] or 0,
            actor=request.member,
            updated_at=now,
            **form.stated(),
        )
        messages.success(request, _("Saved."))
        return back

    page = FormPage(
        title=_("Edit %s") % product.name,
        save_word=_("Save"),
        list_name=_("Products"),
        list_url=back,
        back_url=back,
        extra={"delete_url": address(request, "product-delete", product.pk), "record": product},
    )
    return answer_form(
        request,
        page=page,
        make_form=lambda **data: ProductForm(organization=request.organization, **data),
        initial={**product_values(product), "version": product.version},
        values=product_values,
        save=save,
    )


@member_can(Action.EDIT_PRODUCTS)
@require_POST
def product_delete(request: MemberRequest, product_id: UUID) -> HttpResponse:
    """Delete a product; the list offers to take it back."""
    product = get_object_or_404(queries.products(organization=request.organization), pk=product_id)
    here = address(request, "product-edit", product.pk)
    return remove(request, record=product, list_url=address(request, "products"), page_url=here)


@member_can(Action.EDIT_PRODUCTS)
@require_POST
def product_restore(request: MemberRequest, product_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    product = get_object_or_404(_restorable(request), pk=product_id)
    back = address(request, "products")
    return bring_back(request, record=product, list_url=back, page_url=back)


def _deleted(request: MemberRequest) -> ProductQuerySet:
    return _restorable(request).deleted()


def _restorable(request: MemberRequest) -> ProductQuerySet:
    found: ProductQuerySet = Product.objects.for_organization(request.organization)
    return found
