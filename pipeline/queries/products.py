"""The list of products."""

from dataclasses import dataclass

from pipeline.models import Product
from pipeline.querysets import ProductQuerySet
from tenancy.keyset import Page, Sort, Total, page_of, total_of
from tenancy.models import Organization

PAGE_SIZE = 50
SORTS = (Sort("name", "name_key"), Sort("price", "list_price_minor", descending=True, nullable=True))


@dataclass(frozen=True)
class ProductFilter:
    """What the list is narrowed to; empty means everything."""

    name: str = ""
    family: str = ""
    state: str = ""  # active or retired


def products(*, organization: Organization, narrowed: ProductFilter | None = None) -> ProductQuerySet:
    """Return the products; everybody in the organisation may see them."""
    found: ProductQuerySet = Product.objects.for_organization(organization)
    found = found.alive()
    if narrowed is None:
        return found
    if narrowed.name:
        found = found.named_like(narrowed.name)
    if narrowed.family:
        found = found.filter(family=narrowed.family)
    if narrowed.state:
        found = found.filter(is_active=narrowed.state == "active")
    return found


def products_page(
    *, organization: Organization, narrowed: ProductFilter, sort: Sort, cursor: str = ""
) -> tuple[Page[Product], Total]:
    """Return a page of the list, and how many there are.

    :raises tenancy.keyset.InvalidCursor: when the cursor was not made for this list and order.
    """
    found = products(organization=organization, narrowed=narrowed)
    page = page_of(found, sort=sort, size=PAGE_SIZE, scope="products", cursor=cursor)
    fits = not page.next and not page.previous
    return page, Total(len(page.rows), is_capped=False) if fits else total_of(found)
