"""Addresses of customers and deals, below the organisation's own."""

from django.urls import path

from pipeline.views import (
    account_page,
    accounts,
    answers,
    contacts,
    opportunities,
    opportunity,
    orders,
    priorities,
    products,
)

app_name = "pipeline"

urlpatterns = [
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/export/", accounts.accounts_export, name="accounts-export"),
    path("accounts/names/", accounts.account_suggestions, name="account-names"),
    path("accounts/new/", accounts.account_new, name="account-new"),
    path("accounts/<uuid:account_id>/", account_page.account, name="account"),
    path("accounts/<uuid:account_id>/edit/", accounts.account_edit, name="account-edit"),
    path("accounts/<uuid:account_id>/delete/", accounts.account_delete, name="account-delete"),
    path("accounts/<uuid:account_id>/restore/", accounts.account_restore, name="account-restore"),
    path("accounts/<uuid:account_id>/activities/new/", account_page.activity_new, name="activity-new"),
    path("contacts/", contacts.contacts, name="contacts"),
    path("contacts/new/", contacts.contact_new, name="contact-new"),
    path("contacts/<uuid:contact_id>/", contacts.contact, name="contact"),
    path("contacts/<uuid:contact_id>/edit/", contacts.contact_edit, name="contact-edit"),
    path("contacts/<uuid:contact_id>/delete/", contacts.contact_delete, name="contact-delete"),
    path("contacts/<uuid:contact_id>/restore/", contacts.contact_restore, name="contact-restore"),
    path("opportunities/", opportunities.opportunities, name="opportunities"),
    path("opportunities/export/", opportunities.opportunities_export, name="opportunities-export"),
    path("opportunities/new/", opportunity.opportunity_new, name="opportunity-new"),
    path("opportunities/<uuid:opportunity_id>/", opportunity.opportunity, name="opportunity"),
    path("opportunities/<uuid:opportunity_id>/edit/", opportunity.opportunity_edit, name="opportunity-edit"),
    path("opportunities/<uuid:opportunity_id>/move/", opportunity.opportunity_move, name="opportunity-move"),
    path("opportunities/<uuid:opportunity_id>/delete/", opportunity.opportunity_delete, name="opportunity-delete"),
    path("opportunities/<uuid:opportunity_id>/restore/", opportunity.opportunity_restore, name="opportunity-restore"),
    path("orders/", orders.orders, name="orders"),
    path("orders/export/", orders.orders_export, name="orders-export"),
    path("orders/new/", orders.order_new, name="order-new"),
    path("orders/<uuid:order_id>/", orders.order, name="order"),
    path("orders/<uuid:order_id>/edit/", orders.order_edit, name="order-edit"),
    path("orders/<uuid:order_id>/delete/", orders.order_delete, name="order-delete"),
    path("orders/<uuid:order_id>/restore/", orders.order_restore, name="order-restore"),
    path("priorities/", priorities.priorities, name="priorities"),
    path("priorities/export/", priorities.priorities_export, name="priorities-export"),
    path("priorities/<uuid:account_id>/", priorities.priority, name="priority"),
    path("satisfaction/", answers.answers, name="answers"),
    path("products/", products.products, name="products"),
    path("products/new/", products.product_new, name="product-new"),
    path("products/<uuid:product_id>/edit/", products.product_edit, name="product-edit"),
    path("products/<uuid:product_id>/delete/", products.product_delete, name="product-delete"),
    path("products/<uuid:product_id>/restore/", products.product_restore, name="product-restore"),
]
