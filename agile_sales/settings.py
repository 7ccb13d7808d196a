"""The one settings file. What differs between machines comes from the environment (`agile_sales.environment`)."""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from agile_sales.environment import env_bool, env_choice, env_database, env_int, env_list, env_text

BASE_DIR = Path(__file__).resolve().parent.parent
PRODUCT_NAME = "Agile Sales"

# --- Safety -----------------------------------------------------------------------------------------------------------
DEBUG = env_bool("DEBUG", default=False)
# Checks and schema commands run without servers and secrets; nothing is served then.
OFFLINE = env_bool("AGILE_SALES_OFFLINE", default=False)
SECRET_KEY = env_text("SECRET_KEY", "offline-" * 8 if OFFLINE else None)
# A key that was replaced: what it signed and enciphered is still read.
SECRET_KEY_FALLBACKS = env_list("OLD_SECRET_KEYS", [])
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
# Behind TLS everywhere but on a person's own machine, where `make demo` says False.
SECURE = env_bool("SECURE", default=True)
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 63_072_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env_bool("BEHIND_PROXY", default=False) else None
# Whose addresses are shown beside sessions and counted in limits: the last one that our own proxy wrote.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if SECURE_PROXY_SSL_HEADER else 0
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# The cache answers first and the database keeps the truth: signing out ends a session at once, Valkey may restart.
SESSION_ENGINE = "agile_sales.session_store"
# Unused for so long, a sign-in ends; used or not, it ends so long after it began (agile_sales.sessions).
SESSION_COOKIE_AGE = env_int("SESSION_IDLE_DAYS", 14) * 86_400
SESSION_LIFETIME = env_int("SESSION_LIFETIME_DAYS", 30) * 86_400
CSRF_FAILURE_VIEW = "agile_sales.error_views.csrf_failure"
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", [])
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_HANDLERS = [
    "integrations.upload_limits.SizeLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Parts ------------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "tenancy",
    "ui",
    "integrations",
    "pipeline",
    "coe",
    "agile_sales",
    "simulation",
]
MIDDLEWARE = [
    "agile_sales.request_trace.RequestTrace",
    "integrations.api.middleware.ApiMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "agile_sales.form_bytes.whole_forms",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "agile_sales.sessions.note_activity",
    "agile_sales.answers.private_by_default",
    "agile_sales.answers.toasts_of_fragments",
    "tenancy.middleware.OrganizationMiddleware",
]
ROOT_URLCONF = "agile_sales.urls"
WSGI_APPLICATION = "agile_sales.asgi.django_wsgi"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "agile_sales.context.shell",
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    }
]

# --- Database, cache, broker ------------------------------------------------------------------------------------------
DATABASES = {"default": env_database()}
REDIS_URL = env_text("REDIS_URL", "redis://127.0.0.1:1/0" if OFFLINE else None)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "agile-sales",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}

# --- Background work: the settings with which nothing was lost when children, workers, brokers and databases died -----
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_ACKS_ON_FAILURE_OR_TIMEOUT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = env_int("TASK_TIME_LIMIT", 1500)
CELERY_TASK_SOFT_TIME_LIMIT = CELERY_TASK_TIME_LIMIT * 0.95
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Above the hard time limit, or a long task would be delivered twice.
    "visibility_timeout": env_int("TASK_VISIBILITY_TIMEOUT", CELERY_TASK_TIME_LIMIT + 300),
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "health_check_interval": 5,
}
# How long published work may stay undone before the sweeper publishes it again. A second copy of running work steps
# aside (the outbox row is locked), so this may be short.
OUTBOX_SWEEP_SECONDS = env_int("OUTBOX_SWEEP_SECONDS", 60)
# So many accounts are one piece of a night's scoring; more than one piece is work for several workers.
SCORING_CHUNK = env_int("SCORING_CHUNK", 50_000)

# --- Sign-in (django-allauth) -----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenancy.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "agile_sales.passwords.GuessedFirstValidator"},
]
ACCOUNT_ADAPTER = "agile_sales.sign_in.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_FORMS = {
    "login": "agile_sales.sign_in_forms.LoginForm",
    "reset_password": "agile_sales.sign_in_forms.ResetPasswordForm",
    "reset_password_from_key": "agile_sales.sign_in_forms.ResetPasswordKeyForm",
    "change_password": "agile_sales.sign_in_forms.ChangePasswordForm",
    "set_password": "agile_sales.sign_in_forms.SetPasswordForm",
    "reauthenticate": "agile_sales.sign_in_forms.ReauthenticateForm",
}
# Whoever changes what keeps an account safe has proved who they are within this time.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
# The library's limits count with a read and a write; ours are exact (agile_sales.sign_in_limits).
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
MFA_ADAPTER = "agile_sales.second_factors.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "agile_sales.second_factor_forms.AuthenticateForm",
    "reauthenticate": "agile_sales.second_factor_forms.ReauthenticateForm",
    "activate_totp": "agile_sales.second_factor_forms.ActivateTOTPForm",
    "add_webauthn": "agile_sales.second_factor_forms.AddPasskeyForm",
    "edit_webauthn": "agile_sales.second_factor_forms.RenamePasskeyForm",
    "authenticate_webauthn": "agile_sales.second_factor_forms.AuthenticatePasskeyForm",
    "login_webauthn": "agile_sales.second_factor_forms.SignInPasskeyForm",
    "reauthenticate_webauthn": "agile_sales.second_factor_forms.ReauthenticatePasskeyForm",
}
# Whether anybody who proves an address may begin an organisation; people are invited either way.
SIGN_UP = env_bool("SIGN_UP", default=True)
LOGIN_URL = "account_login"
# Where members go whose organisation asks for a second factor and who have none yet.
SECOND_FACTOR_URL = "mfa_index"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

# --- Mail -------------------------------------------------------------------------------------------------------------
# Whatever sends mail writes a row; a worker hands it to the server at MAIL_URL, or keeps it in the local mailbox.
EMAIL_BACKEND = "tenancy.mail.OutboxBackend"
DEFAULT_FROM_EMAIL = env_text("MAIL_FROM", "Agile Sales <no-reply@localhost>")
MAIL_HOST = env_text("MAIL_HOST", "")
MAIL_PORT = env_int("MAIL_PORT", 587)
MAIL_USER = env_text("MAIL_USER", "")
MAIL_PASSWORD = env_text("MAIL_PASSWORD", "")
MAIL_TLS = env_bool("MAIL_TLS", default=True)
LOCAL_MAILBOX = env_bool("LOCAL_MAILBOX", default=False)

# --- API --------------------------------------------------------------------------------------------------------------
# Calls in any minute: of one token, and of all the tokens of an organisation together.
# Uploaded files, and what an import needs to be undone, are kept so long; the night then removes them.
IMPORT_KEPT_DAYS = env_int("IMPORT_KEPT_DAYS", 30)
# So much of uploaded files an organisation may keep at once.
IMPORT_QUOTA_MB = env_int("IMPORT_QUOTA_MB", 2_000)
API_CALLS_OF_TOKEN = env_int("API_CALLS_OF_TOKEN", 600)
API_CALLS_OF_ORGANIZATION = env_int("API_CALLS_OF_ORGANIZATION", 3000)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["integrations.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["integrations.api.permissions.TokenHasScope"],
    "DEFAULT_RENDERER_CLASSES": ["integrations.api.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["integrations.api.parsers.OrjsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "integrations.api.errors.problem_response",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    # The Accept header says what comes back; nothing in the address does.
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Agile Sales API",
    "DESCRIPTION": "Customers, deals and scores of one organisation, for its other systems.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {  # codes of fields that several records call the same
        "ActivityKindEnum": "pipeline.models.ActivityKind",
        "ImportStateEnum": "integrations.models.ImportState",
        "InquiryChannelEnum": "pipeline.models.InquiryChannel",
        "InquiryStateEnum": "pipeline.models.InquiryState",
        "MemberRoleEnum": "tenancy.models.Member.Role",
        "RunStatusEnum": "tenancy.models.run.RunStatus",
        "UnitKindEnum": "tenancy.models.Unit.Kind",
        "BuyingRoleEnum": "pipeline.models.BuyingRole",
        "OrderStatusEnum": "pipeline.models.OrderStatus",
        "OutcomeEnum": "pipeline.models.Outcome",
        "PipelineStepEnum": "pipeline.api.pipeline_changes.KIND_CHOICES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "integrations.api.schema.add_bodies",
        "integrations.api.schema.let_fields_be_chosen",
        "integrations.api.schema.share_problems",
    ],
}

# --- Language, time, files --------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env_text("STATIC_ROOT", str(BASE_DIR / ".local" / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if env_bool("HASHED_STATIC", default=True)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not env_bool("HASHED_STATIC", default=True)

# --- What operators see -----------------------------------------------------------------------------------------------
# Without a token /metrics is not there.
METRICS_TOKEN = env_text("METRICS_TOKEN", "")
LOG_FORMAT = env_choice("LOG_FORMAT", "json", ("json", "plain"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"links": {"()": "agile_sales.logs.Links"}},
    "formatters": {"json": {"()": "agile_sales.logs.ObjectLine"}, "plain": {"()": "agile_sales.logs.PlainLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["links"]}},
    "root": {"handlers": ["console"], "level": env_text("LOG_LEVEL", "INFO")},
    # The server's own line of a request has the whole address; ours has the route.
    "loggers": {"uvicorn.access": {"handlers": [], "propagate": False}},
}
