"""Django's settings, made from `tocsin.config`."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from tocsin import config
from tocsin.platform.database import database

CONFIG = config.load()
HERE = Path(__file__).parent

SECRET_KEY = CONFIG.secret_key
DEBUG = CONFIG.tocsin_debug == "1"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", CONFIG.tocsin_listen, *filter(None, CONFIG.tocsin_hosts.split(","))]
CSRF_TRUSTED_ORIGINS = [CONFIG.url]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "tocsin.platform",
    "tocsin.platform.search",
    "tocsin.rooms.accounts",
    "tocsin.rooms.constituency",
    "tocsin.rooms.intake",
    "tocsin.rooms.intel",
    "tocsin.rooms.notices",
    "tocsin.rooms.notifications",
    "tocsin.rooms.artefacts",
    "tocsin.rooms.rota",
    "tocsin.rooms.rules",
    "tocsin.rooms.alerts",
    "tocsin.rooms.incidents",
    "tocsin.rooms.playbooks",
    "tocsin.rooms.exchange",
    "tocsin.rooms.reports",
    "tocsin.rooms.desk",
    "tocsin.rooms.find",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "tocsin.platform.gate.keeping",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tocsin.platform.doorway.never_kept",
    "tocsin.platform.doorway.bounded",
    "tocsin.platform.doorway.NoNul",
    "tocsin.platform.doorway.no_turning",
    "tocsin.rooms.notifications.pages.unchanged",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tocsin.platform.look.middleware.PersonLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "tocsin.platform.urls"
WSGI_APPLICATION = "tocsin.platform.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "look" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "tocsin.platform.look.context.page",
            ],
            "builtins": ["tocsin.platform.look.tags"],
        },
    }
]

FORM_RENDERER = "tocsin.platform.look.forms.Renderer"

DATABASES = {"default": database(CONFIG.database_url, CONFIG.home)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": CONFIG.home / "cache" / "web",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIG.url.startswith("https://")
SESSION_COOKIE_NAME = f"tocsin{CONFIG.port}"  # several installations on one host keep their sessions apart
CSRF_COOKIE_NAME = f"csrf{CONFIG.port}"
CSRF_COOKIE_HTTPONLY = False
X_FRAME_OPTIONS = "DENY"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SESSION_COOKIE_SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "tocsin.rooms.accounts.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# By address generous, since a whole house may share one; a single account is guarded by its own limit.
ACCOUNT_RATE_LIMITS = {"login_failed": "60/m/ip,5/5m/key", "login": "300/m/ip"}
ALLAUTH_TRUSTED_PROXY_COUNT = CONFIG.proxies
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # administrators make the accounts, addresses included
MFA_TOTP_ISSUER = "Tocsin"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [HERE / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [HERE / "look" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3_000  # the longest playbook as a checklist: 500 lines of five fields

# How the platform learns what a person may see and do, without importing the room that knows.
TOCSIN_SCOPE = "tocsin.rooms.constituency.queries.scope_of"
TOCSIN_RECIPIENT = "tocsin.rooms.constituency.queries.recipient_of"
TOCSIN_BEARER = "tocsin.rooms.accounts.queries.token_owner"
# How the alert room learns which alerts belong to sealed incidents of others, without importing the room above.
TOCSIN_ALERTS_SEALED_FROM = "tocsin.rooms.incidents.querysets.alerts_sealed_from"
# Into which incidents an alert went, as links, for the same reason.
TOCSIN_INCIDENTS_OF_ALERT = "tocsin.rooms.incidents.queries.of_alert"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
