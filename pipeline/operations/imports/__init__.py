"""What files can bring into this app: the import targets, and the writes behind them."""

from integrations.imports.targets import register_target
from pipeline.operations.imports.accounts import AccountTarget
from pipeline.operations.imports.activities import ActivityTarget
from pipeline.operations.imports.contacts import ContactTarget
from pipeline.operations.imports.deals import DealTarget
from pipeline.operations.imports.order_lines import OrderLineTarget
from pipeline.operations.imports.orders import OrderTarget
from pipeline.operations.imports.people import PeopleTarget
from pipeline.operations.imports.products import ProductTarget
from pipeline.operations.imports.satisfaction import SatisfactionTarget

TARGETS = (
    PeopleTarget,
    AccountTarget,
    ContactTarget,
    ProductTarget,
    DealTarget,
    ActivityTarget,
    OrderTarget,
    OrderLineTarget,
    SatisfactionTarget,
)


def register_import_targets() -> None:
    """Make this app's targets known to imports."""
    for target in TARGETS:
        register_target(target())
