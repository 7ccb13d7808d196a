"""Addresses of the methods: why a score is what it is, and whether it can be trusted."""

from django.urls import path

from coe.views import explanation, forecast, models, overrides, score_reports

app_name = "coe"

urlpatterns = [
    path("priorities/<uuid:account_id>/", explanation.score, name="score"),
    path("priorities/<uuid:account_id>/override/", overrides.score_override, name="score-override"),
    path("priorities/<uuid:account_id>/automatic/", overrides.score_automatic, name="score-automatic"),
    path("priorities/<uuid:account_id>/report/", score_reports.score_report_new, name="score-report-new"),
    path("forecast/model/", forecast.forecast_model, name="forecast-model"),
    path("forecast/model/accuracy/", forecast.forecast_accuracy, name="forecast-accuracy"),
    path("models/", models.models, name="models"),
    path("models/pays/", models.closed_loop, name="model-pays"),
    path("models/learn/", models.model_learn, name="model-learn"),
    path("models/doubts/", score_reports.score_reports, name="score-reports"),
    path("models/doubts/<uuid:report_id>/", score_reports.score_report, name="score-report"),
    path("models/<slug:purpose>/", models.model, name="model"),
    path("models/<slug:purpose>/trials/", models.model_trials, name="model-trials"),
    path("models/<slug:purpose>/revert/", models.model_revert, name="model-revert"),
    path("models/<slug:purpose>/promote/", models.model_promote, name="model-promote"),
]
