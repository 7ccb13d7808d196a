"""Addresses of imports and API tokens, below the organisation's own."""

from django.urls import path

from integrations.views import imports, mapping, review, tokens, undo

app_name = "integrations"

urlpatterns = [
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.import_new, name="import-new"),
    path("imports/<uuid:import_id>/", mapping.import_page, name="import"),
    path("imports/<uuid:import_id>/fix/", mapping.import_fix, name="import-fix"),
    path("imports/<uuid:import_id>/rows/", mapping.import_rows, name="import-rows"),
    path("imports/<uuid:import_id>/mend/", mapping.import_mend, name="import-mend"),
    path("imports/<uuid:import_id>/review/", review.import_review, name="import-review"),
    path("imports/<uuid:import_id>/commit/", review.import_commit, name="import-commit"),
    path("imports/<uuid:import_id>/progress/", review.import_progress, name="import-progress"),
    path("imports/<uuid:import_id>/problems/", review.import_problems, name="import-problems"),
    path("imports/<uuid:import_id>/cancel/", imports.import_cancel, name="import-cancel"),
    path("imports/<uuid:import_id>/undo/", undo.import_undo, name="import-undo"),
    path("imports/<uuid:import_id>/left/", undo.import_left, name="import-left"),
    path("imports/<uuid:import_id>/reopen/", imports.import_reopen, name="import-reopen"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<uuid:token_id>/revoke/", tokens.revoke, name="token-revoke"),
]
