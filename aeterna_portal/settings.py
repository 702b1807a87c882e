"""Django's settings, composed from the validated environment."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionFailed
from redis.retry import Retry

from apps.kernel.environment import BadEnvironment, Mode, read_environment
from apps.kernel.logs import logging_config
from apps.kernel.mail_server import read_mail_server

try:
    ENVIRONMENT = read_environment(dict(os.environ))
except BadEnvironment as error:
    sys.exit(str(error))

BASE_DIR = Path(__file__).resolve().parent.parent
IS_PRODUCTION = ENVIRONMENT.aeterna_environment is Mode.PRODUCTION
IS_TEST = ENVIRONMENT.aeterna_environment is Mode.TEST
DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key.get_secret_value()
SECRET_KEY_FALLBACKS = [key.get_secret_value() for key in ENVIRONMENT.secret_key_fallbacks]
REDIS_URL = ENVIRONMENT.redis_url.get_secret_value()
PUBLIC_URL = str(ENVIRONMENT.public_url).rstrip("/")
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts) or ["127.0.0.1", "localhost", "[::1]", "testserver"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "aeterna_portal",
    "apps.events",
    "apps.orgs",
    "apps.identity",
    "apps.audit",
    "apps.notifications",
    "apps.webhooks",
    "apps.policies",
    "apps.fleet",
    "apps.proposals",
    "apps.portal",
    "apps.api",
    "channels",
    "corsheaders",
    "apps.portal.operator.OperatorConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_htmx",
    "drf_spectacular",
    "guardian",
    "rest_framework",
]

MIDDLEWARE = [
    "apps.kernel.entrypoints.request_span.RequestSpanMiddleware",
    "apps.kernel.entrypoints.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "apps.kernel.entrypoints.body_limit.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "apps.identity.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.portal.middleware.PageErrorMiddleware",
]

ROOT_URLCONF = "aeterna_portal.urls"
ASGI_APPLICATION = "aeterna_portal.asgi.application"
# More than there are database connections: not every request needs one all the time.
HTTP_THREADS = 4 * ENVIRONMENT.database_pool_size
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "django.contrib.auth.context_processors.auth",
                "csp.context_processors.nonce",
                "apps.portal.context.shell",
            ],
            "builtins": ["apps.portal.templatetags.portal"],
        },
    },
]


def _database(url: str, *, pool_size: int | None) -> dict[str, Any]:
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    options.setdefault("connect_timeout", 5)
    if pool_size and not ENVIRONMENT.database_pooler:
        # Who stops in the middle, or waits for somebody who did, must not hold everybody up.
        options.setdefault(
            "options", "-c lock_timeout=15s -c idle_in_transaction_session_timeout=60s"
        )
    if pool_size and not IS_TEST:
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 10}
    return {
        "ENGINE": "apps.kernel.postgres",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 0,
        # A pooled connection may have died while nobody used it.
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": ENVIRONMENT.database_pooler,
        "OPTIONS": options,
    }


DATABASES = {
    "default": _database(
        ENVIRONMENT.database_url.get_secret_value(), pool_size=ENVIRONMENT.database_pool_size
    ),
    "platform": _database(
        ENVIRONMENT.database_platform_url.get_secret_value(),
        pool_size=min(4, ENVIRONMENT.database_pool_size),
    ),
}
if ENVIRONMENT.database_owner_url:
    # Only migrations, on the command line, ever connect as the owner.
    DATABASES["owner"] = _database(
        ENVIRONMENT.database_owner_url.get_secret_value(), pool_size=None
    )
DATABASE_ROUTERS = ["apps.kernel.routing.ScopeRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "orgs.User"
AUTHENTICATION_BACKENDS = ["apps.identity.permissions.CedarBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
if IS_TEST:
    PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Shares are rows of ours with a tenant; guardian's generic tables stay empty and closed.
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"

SESSION_ENGINE = "apps.identity.sessions"
IS_SECURE = PUBLIC_URL.startswith("https://")
# Browsers take such a name only from this host itself, over https and for all of its paths.
COOKIE_PREFIX = "__Host-" if IS_SECURE else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}aeterna_session"
SESSION_COOKIE_AGE = ENVIRONMENT.session_seconds
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_SECURE
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}aeterna_csrf"
CSRF_FAILURE_VIEW = "aeterna_portal.error_views.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if IS_PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
DATA_UPLOAD_MAX_MEMORY_SIZE = ENVIRONMENT.max_body_bytes
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
CORS_ALLOWED_ORIGINS = list(ENVIRONMENT.cors_allowed_origins)
CORS_URLS_REGEX = r"^/api/.*$"
CORS_ALLOW_HEADERS = [
    "accept",
    "aeterna-company",
    "aeterna-dry-run",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-request-id",
]
CORS_ALLOW_METHODS = ["DELETE", "GET", "OPTIONS", "PATCH", "POST"]
CORS_EXPOSE_HEADERS = [
    "Aeterna-Dry-Run",
    "ETag",
    "Idempotent-Replay",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static" if IS_PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# One more try at once, for a connection that a restarted Redis closed; the client's own default
# waits seconds for a lost one, and whoever asks has a way to go on without.
REDIS_OPTIONS: dict[str, Any] = {
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
    "retry": Retry(NoBackoff(), 1, supported_errors=(ConnectionFailed,)),
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "aeterna",
        "OPTIONS": REDIS_OPTIONS,
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            # What goes over it are hints: a Redis that hangs must not hold up who gives them.
            "hosts": [{"address": REDIS_URL, "socket_timeout": 2, "socket_connect_timeout": 2}],
            "prefix": "aeterna",
        },
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.api.authentication.ActorAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "apps.api.schema.PortalSchema",
    "DEFAULT_THROTTLE_CLASSES": ["apps.api.throttling.TenantThrottle"],
    "EXCEPTION_HANDLER": "apps.api.problems.handle",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Aeterna Portal",
    "DESCRIPTION": "Govern who may know, change, approve and enforce what.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["apps.api.schema.complete"],
}

IS_EMAIL_ON = ENVIRONMENT.email_url is not None and bool(ENVIRONMENT.email_url.get_secret_value())
if ENVIRONMENT.email_url and IS_EMAIL_ON:
    _mail = read_mail_server(ENVIRONMENT.email_url.get_secret_value())
    EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = _mail.is_tls, _mail.is_starttls
    DEFAULT_FROM_EMAIL = ENVIRONMENT.email_from
# Longer than a slow server takes, shorter than the lease of the letter at hand.
EMAIL_TIMEOUT = 20
# Hosts that webhooks may reach although their addresses are private.
WEBHOOK_ALLOWED_HOSTS = frozenset(host.lower() for host in ENVIRONMENT.webhook_allowed_hosts)
WEBHOOK_PLAIN_HTTP = not IS_PRODUCTION

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 1800
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    # Whoever queues work goes on at once where the broker is lost: a schedule finds it later.
    "max_retries": 0,
}

LOGGING = logging_config(level=ENVIRONMENT.log_level)
LOGGING_CONFIG = "logging.config.dictConfig"
SILENCED_SYSTEM_CHECKS = [
    "guardian.W001",  # guardian's backend would be a second decider
    "admin.E408",  # our ActorMiddleware does what AuthenticationMiddleware would
    "auth.W004",
]
