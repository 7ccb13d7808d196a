"""What is read of customers and deals."""

from pipeline.queries.account_overview import AccountOverview, account_contacts, account_deals, account_overview
from pipeline.queries.accounts import AccountFilter, accounts, accounts_page, with_score
from pipeline.queries.choices import (
    account_choices,
    deal_choices,
    owner_choices,
    product_choices,
    product_families,
    stages_in_use,
    stages_of,
)
from pipeline.queries.contacts import ContactFilter, contact_activities, contacts, contacts_page, with_last_touch
from pipeline.queries.custom import CustomFact, custom_columns, custom_facts
from pipeline.queries.deal_parties import people_of_deal, splits_of_deal
from pipeline.queries.deal_warnings import yardstick
from pipeline.queries.decisions import decisions, decisions_of_deal
from pipeline.queries.external_scores import external_scores_of, said_of
from pipeline.queries.inquiries import InquiryFilter, inquiries, inquiries_page
from pipeline.queries.opportunities import (
    OpportunityFilter,
    field_changes,
    opportunities,
    opportunities_page,
    opportunity_activities,
    opportunity_history,
    opportunity_totals,
    push_words,
    stage_stays,
)
from pipeline.queries.opportunity_scores import deal_outlook, opportunity_score
from pipeline.queries.orders import OrderFilter, order_lines, order_totals, orders, orders_page
from pipeline.queries.process import pipelines, process_changes
from pipeline.queries.products import ProductFilter, products, products_page
from pipeline.queries.snapshots import PastPipeline, first_recorded_day, pipeline_as_of, recorded_day
from pipeline.queries.timeline import undone_of

__all__ = [
    "AccountFilter",
    "AccountOverview",
    "ContactFilter",
    "CustomFact",
    "InquiryFilter",
    "OpportunityFilter",
    "OrderFilter",
    "PastPipeline",
    "ProductFilter",
    "account_choices",
    "account_contacts",
    "account_deals",
    "account_overview",
    "accounts",
    "accounts_page",
    "contact_activities",
    "contacts",
    "contacts_page",
    "custom_columns",
    "custom_facts",
    "deal_choices",
    "deal_outlook",
    "decisions",
    "decisions_of_deal",
    "external_scores_of",
    "field_changes",
    "first_recorded_day",
    "inquiries",
    "inquiries_page",
    "opportunities",
    "opportunities_page",
    "opportunity_activities",
    "opportunity_history",
    "opportunity_score",
    "opportunity_totals",
    "order_lines",
    "order_totals",
    "orders",
    "orders_page",
    "owner_choices",
    "people_of_deal",
    "pipeline_as_of",
    "pipelines",
    "process_changes",
    "product_choices",
    "product_families",
    "products",
    "products_page",
    "push_words",
    "recorded_day",
    "said_of",
    "splits_of_deal",
    "stage_stays",
    "stages_in_use",
    "stages_of",
    "undone_of",
    "with_last_touch",
    "with_score",
    "yardstick",
]
