"""Forms about products."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.record import AmountField, CurrencyField, RecordForm, minor_units, whole_units
from pipeline.models import Product
from tenancy.form_fields import LineField


class ProductForm(RecordForm):
    """What a person says of a product."""

    name = LineField(label=_("Name"), max_length=300)
    code = LineField(label=_("Code"), max_length=100, required=False)
    family = LineField(label=_("Family"), max_length=120, required=False)
    list_price = AmountField(label=_("List price"))
    currency = CurrencyField()
    is_active = forms.BooleanField(label=_("Can be sold"), required=False, initial=True)
    layout = (("name",), ("code", "family"), ("list_price", "currency"), ("is_active",))

    def clean(self) -> dict[str, Any]:
        """Return the data with the price in minor units."""
        self.cleaned_data["list_price_minor"] = minor_units(self, "list_price", self.cleaned_data.get("currency", ""))
        return self.cleaned_data

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operation takes it."""
        said = super().stated()
        del said["list_price"]
        return said | {"list_price_minor": self.cleaned_data["list_price_minor"]}


def product_values(product: Product) -> dict[str, Any]:
    """Return what the form shows of a product."""
    return {
        **{name: getattr(product, name) for name in ("name", "code", "family", "currency", "is_active")},
        "list_price": whole_units(product.list_price_minor, product.currency),
    }
