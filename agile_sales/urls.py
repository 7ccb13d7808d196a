"""Every address of the product."""

from django.urls import include, path

from agile_sales import (
    entrance_views,
    error_views,
    health,
    home_views,
    live_views,
    metrics,
    night_views,
    search_views,
    ui_views,
    who_views,
)
from agile_sales.audit_views import trail
from agile_sales.people_views import invitations, support

urlpatterns = [
    path("", entrance_views.front_door, name="front-door"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("auth/mailbox/", entrance_views.mailbox, name="mailbox"),
    path("auth/mailbox/<uuid:mail_id>/", entrance_views.mailbox_message, name="mailbox-message"),
    path("auth/support/", support.desk, name="support-desk"),
    path("auth/", include("agile_sales.auth_urls")),
    path("invite/<str:token>/", invitations.join, name="invite"),
    path("api/", include("agile_sales.api_urls")),
    path("ui/", ui_views.components, name="ui-components"),
    path("ui/reasons/", ui_views.component_reasons, name="ui-component-reasons"),
    path("ui/preferences/", ui_views.preferences, name="ui-preferences"),
    path("<slug:organization>/", home_views.home, name="home"),
    path("<slug:organization>/accounts/<uuid:account_id>/who/", who_views.account, name="who-account"),
    path("<slug:organization>/opportunities/<uuid:opportunity_id>/who/", who_views.opportunity, name="who-opportunity"),
    path("<slug:organization>/orders/<uuid:order_id>/who/", who_views.order, name="who-order"),
    path("<slug:organization>/audit/", trail.audit, name="audit"),
    path("<slug:organization>/audit/export/", trail.audit_export, name="audit-export"),
    path("<slug:organization>/audit/<uuid:entry_id>/", trail.audit_entry, name="audit-entry"),
    path("<slug:organization>/audit/anchors/", trail.audit_anchors, name="audit-anchors"),
    path("<slug:organization>/palette", search_views.palette, name="palette"),
    path("<slug:organization>/live/", live_views.ticket, name="live-ticket"),
    path("<slug:organization>/search/", search_views.search_page, name="search"),
    path("<slug:organization>/nights/", night_views.nights, name="nights"),
    path("<slug:organization>/nights/run/", night_views.night_run, name="night-run"),
    path("<slug:organization>/nights/<uuid:run_id>/", night_views.night, name="night"),
    path("<slug:organization>/", include("agile_sales.people_urls")),
    path("<slug:organization>/", include("coe.urls")),
    path("<slug:organization>/", include("pipeline.urls")),
    path("<slug:organization>/", include("integrations.urls")),
]

handler400 = error_views.bad_request
handler403 = error_views.permission_denied
handler404 = error_views.page_not_found
# django-allauth asks for this one
handler429 = "agile_sales.error_views.too_many_requests"
handler500 = error_views.server_error
