"""The only place that knows the deployment. What a clinic may set comes from the environment."""

import os
import sys
from pathlib import Path

import dj_database_url
from django.core.management.utils import get_random_secret_key

PACKAGE = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("KETAFLOW_DATA", "var")).resolve()
TESTING = "pytest" in sys.modules


def _secret_key() -> str:
    """The key from the environment, else one made once and kept beside the record."""
    if given := os.environ.get("KETAFLOW_SECRET_KEY"):
        return given
    kept = DATA / "secret-key"
    if not kept.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        # Two processes may start at once: only the first creates the file, the other reads it.
        try:
            with os.fdopen(os.open(kept, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
                out.write(get_random_secret_key())
        except FileExistsError:
            pass
    return kept.read_text()


SECRET_KEY = _secret_key()
DEBUG = False
SECURE = os.environ.get("KETAFLOW_HTTPS", "") == "1"
ALLOWED_HOSTS = os.environ.get("KETAFLOW_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [
    origin for origin in os.environ.get("KETAFLOW_ORIGINS", "").split(",") if origin
]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "ketaflow.journal",
    "ketaflow.people",
    "ketaflow.screening",
    "ketaflow.protocol",
    "ketaflow.schedule",
    "ketaflow.custody",
    "ketaflow.session",
    "ketaflow.outcomes",
    "ketaflow.correspondence",
    "ketaflow.aftercare",
    "ketaflow.web",
    "ketaflow.portal",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ketaflow.web.headers.ContentSecurityPolicy",
    "ketaflow.web.gate.StaffMiddleware",
    "ketaflow.web.errors.Refusals",
]

ROOT_URLCONF = "ketaflow.config.urls"
ASGI_APPLICATION = "ketaflow.config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ketaflow.web.gate.staff_context",
            ],
            "builtins": ["ketaflow.web.templatetags.ketaflow_tags"],
        },
    },
]
FORM_RENDERER = "ketaflow.web.forms.Renderer"

# How many connections a process that serves pages may hold to PostgreSQL; 0 opens one when needed.
POOL = int(os.environ.get("KETAFLOW_POOL", "0"))
DATABASES = {
    "default": dj_database_url.config(
        # A request has a thread of its own under ASGI, and a connection that outlives its request
        # would stay behind with the thread.
        default=f"sqlite:///{DATA / 'ketaflow.sqlite3'}",
        conn_max_age=0,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql" and POOL:
    # What serves pages keeps so many connections and lends them out; what waits longer is refused.
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 2, "max_size": POOL, "timeout": 20,
    }  # fmt: skip
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Taking the write lock at BEGIN is what lets two hands wait for each other.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: what was acknowledged survives the power cord as well as kill -9.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    # Tests use a file too: only a file can be opened by two processes, as in a clinic.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA / "test" / f"{os.getpid()}.sqlite3")}
    if TESTING:
        (DATA / "test").mkdir(parents=True, exist_ok=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        # Sign-in lockout counts here, so every web process must see the same counts.
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "ketaflow_cache",
    }
}

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "ketaflow.web.sign_in.StaffOnlyAdapter"
ACCOUNT_RATE_LIMITS = {"login_failed": "5/15m/key,30/m/ip", "reauthenticate": "10/15m/user"}
# Whoever sits down at an open screen must not be able to make the sign-in their own.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# The clinic's administrator vouches for the address; nobody clicks a link to prove it.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_ADAPTER = "ketaflow.web.sign_in.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Passkeys need https; browsers make the one exception for localhost, so the demo may too.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
MFA_TOTP_ISSUER = "Ketaflow"

IDLE_LOCK_MINUTES = int(os.environ.get("KETAFLOW_IDLE_MINUTES", "15"))
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en-us"
USE_I18N = True
# What the patient's pages speak; the clinic's own are in English.
PORTAL_LANGUAGES = [("en", "English"), ("es", "Español")]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS: list[Path] = []
# Served from the package itself: there is nothing to collect.
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024

# Where patients find the clinic: the address that links in messages begin with.
PORTAL_URL = os.environ.get("KETAFLOW_URL", "http://127.0.0.1:8000").rstrip("/")
EMAIL_HOST = os.environ.get("KETAFLOW_SMTP_HOST", "")
# Without a mail server messages are printed: a demonstration sends nothing.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = int(os.environ.get("KETAFLOW_SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("KETAFLOW_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("KETAFLOW_SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("KETAFLOW_SMTP_SECURITY", "starttls") == "starttls"
EMAIL_USE_SSL = os.environ.get("KETAFLOW_SMTP_SECURITY", "starttls") == "tls"
EMAIL_TIMEOUT = 20
# Who carries text messages, by dotted path; empty: nobody does. See cli/gateways.py.
TEXT_GATEWAY = os.environ.get("KETAFLOW_TEXT_GATEWAY", "")
DEFAULT_FROM_EMAIL = os.environ.get("KETAFLOW_MAIL_FROM", "no-reply@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False}},
}

if TESTING:
    # Argon2 is meant to be slow; a thousand test sign-ins need not be.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
