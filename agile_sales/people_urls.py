"""Addresses of members, units and invitations, below the organisation's own."""

from django.urls import path

from agile_sales.people_views import invitations, members, organization, support, units, view_as

app_name = "people"

urlpatterns = [
    path("members/", members.members, name="members"),
    path("members/roles/", members.roles, name="roles"),
    path("members/invite/", invitations.invite, name="invite"),
    path("members/invitations/", invitations.invitations, name="invitations"),
    path("members/invitations/<uuid:invitation_id>/resend/", invitations.invitation_resend, name="invitation-resend"),
    path("members/invitations/<uuid:invitation_id>/revoke/", invitations.invitation_revoke, name="invitation-revoke"),
    path("members/<uuid:member_id>/", members.member, name="member"),
    path("members/<uuid:member_id>/name/", members.rename, name="member-rename"),
    path("members/<uuid:member_id>/hours/", members.hours, name="member-hours"),
    path("members/<uuid:member_id>/role/", members.role, name="member-role"),
    path("members/<uuid:member_id>/deactivate/", members.deactivate, name="member-deactivate"),
    path("members/<uuid:member_id>/reactivate/", members.reactivate, name="member-reactivate"),
    path("members/<uuid:member_id>/tokens/end/", members.end_tokens, name="member-end-tokens"),
    path("members/<uuid:member_id>/units/", members.join, name="member-join"),
    path("members/<uuid:member_id>/units/<uuid:membership_id>/end/", members.leave, name="member-leave"),
    path("members/<uuid:member_id>/view-as/", view_as.start, name="view-as"),
    path("view-as/end/", view_as.end, name="view-as-end"),
    path("settings/", organization.settings, name="settings"),
    path("support/", support.sessions, name="support"),
    path("support/leave/", support.leave, name="support-leave"),
    path("support/<uuid:session_id>/", support.session, name="support-session"),
    path("support/<uuid:session_id>/end/", support.end, name="support-end"),
    path("units/", units.units, name="units"),
    path("units/new/", units.unit_new, name="unit-new"),
    path("units/<uuid:unit_id>/", units.unit, name="unit"),
    path("units/<uuid:unit_id>/name/", units.unit_rename, name="unit-rename"),
    path("units/<uuid:unit_id>/move/", units.unit_move, name="unit-move"),
    path("units/<uuid:unit_id>/close/", units.unit_close, name="unit-close"),
]
