"""Forms about orders and their lines."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.record import NOTHING, AccountNameField, CurrencyField, RecordForm, account_of_name
from pipeline.models import Account, Order, OrderLine, OrderStatus, Product
from pipeline.operations import NewLine
from pipeline.querysets import AccountQuerySet
from tenancy.form_fields import DayField, LineField
from tenancy.likely_days import HAPPENED
from tenancy.models import Organization

SPARE_LINES = 3
MOST_LINES = 200


class OrderForm(RecordForm):
    """What a person says of an order."""

    number = LineField(label=_("Number"), max_length=100)
    account = AccountNameField(label=_("Account"), max_length=300, required=False)
    status = forms.ChoiceField(label=_("State"), choices=OrderStatus.choices)
    currency = CurrencyField()
    order_date = DayField(label=_("Ordered on"), years_ahead=HAPPENED)
    promised_date = DayField(label=_("Promised for"), required=False)
    shipped_date = DayField(label=_("Shipped on"), required=False, years_ahead=HAPPENED)
    layout = (("number", "account"), ("status", "currency"), ("order_date", "promised_date"), ("shipped_date",))

    def __init__(
        self,
        *args: Any,
        organization: Organization,
        accounts: AccountQuerySet,
        current_account: Account | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, organization=organization, **kwargs)
        self.accounts, self.current_account = accounts, current_account
        self.fields["currency"].required = True

    def clean_account(self) -> Account | None:
        """Return the account that ordered."""
        return account_of_name(
            self.organization, self.cleaned_data["account"], current=self.current_account, found=self.accounts
        )


class LineForm(forms.Form):
    """One line of an order; an empty one is left out."""

    product = forms.ChoiceField(label=_("Product"), required=False)
    product_name = LineField(label=_("Name"), max_length=300, required=False)
    quantity = forms.DecimalField(
        label=_("Quantity"), max_digits=16, decimal_places=4, min_value=Decimal("0.0001"), required=False
    )
    unit_price = forms.DecimalField(
        label=_("Price"), max_digits=14, decimal_places=4, min_value=Decimal(0), required=False
    )
    discount = forms.DecimalField(
        label=_("Discount %"),
        max_digits=5,
        decimal_places=2,
        min_value=Decimal(0),
        max_value=Decimal(100),
        required=False,
    )

    def __init__(self, *args: Any, products: Sequence[Product], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.products = {str(product.pk): product for product in products}
        field = self.fields["product"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [NOTHING, *((key, product.name) for key, product in self.products.items())]
        for name, one in self.fields.items():
            one.widget.attrs["class"] = "input" if name in ("product", "product_name") else "input num"

    def clean_product(self) -> Product | None:
        """Return the product."""
        return self.products.get(self.cleaned_data["product"])

    def clean(self) -> dict[str, Any]:
        """Refuse half a line."""
        data = self.cleaned_data
        if self.is_left_out:
            return data
        if not data.get("product") and not data.get("product_name"):
            self.add_error("product_name", _("Choose a product, or write what was ordered."))
        for name in ("quantity", "unit_price"):
            if data.get(name) is None and name not in self.errors:
                self.add_error(name, _("Fill this in, or clear the whole line."))
        return data

    @property
    def is_left_out(self) -> bool:
        """Whether the line is empty."""
        return not any(self.cleaned_data.get(name) not in (None, "") for name in self.fields)

    def line(self) -> NewLine:
        """Return the line as the operation takes it."""
        data = self.cleaned_data
        product: Product | None = data["product"]
        return NewLine(
            product=product,
            product_name=data["product_name"] or (product.name if product else ""),
            quantity=data["quantity"],
            unit_price_e4=int(data["unit_price"] * 10_000),
            discount_bp=int((data["discount"] or 0) * 100),
        )


if TYPE_CHECKING:
    _LineForms = forms.BaseFormSet[LineForm]
else:
    _LineForms = forms.BaseFormSet


class OrderLines(_LineForms):
    """The lines of one order."""

    def lines(self) -> list[NewLine]:
        """Return the lines that say something."""
        return [form.line() for form in self.forms if not form.is_left_out]


LineFormSet = cast(
    "type[OrderLines]",
    forms.formset_factory(
        LineForm,
        formset=OrderLines,
        extra=SPARE_LINES,
        max_num=MOST_LINES,
        validate_max=True,
        absolute_max=MOST_LINES + 10,
    ),
)


def order_values(order: Order) -> dict[str, Any]:
    """Return what the form shows of an order."""
    plain = ("number", "status", "currency", "order_date", "promised_date", "shipped_date")
    return {
        **{name: getattr(order, name) for name in plain},
        "account": order.account.name if order.account else "",
    }


def line_values(line: OrderLine) -> dict[str, Any]:
    """Return what the form shows of a line."""
    return {
        "product": str(line.product_id or ""),
        "product_name": line.product_name,
        "quantity": f"{line.quantity.normalize():f}",
        "unit_price": f"{(Decimal(line.unit_price_e4) / 10_000).normalize():f}",
        "discount": f"{(Decimal(line.discount_bp) / 100).normalize():f}" if line.discount_bp else "",
    }
