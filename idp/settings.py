"""Every setting, typed and frozen; read from one TOML file and the environment, checked whole, all faults told at once.

The file comes from `--config`, else `IDP_CONFIG`, else config/default.toml; `IDP_*` variables override it. An unknown
variable is a fault too: a misspelt setting must not pass silently. Choices that are unsafe are refused in production
mode.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from idp.delivery.mail import UnusableAddress, envelope_address
from idp.delivery.sms_webhook import LEAST_SECRET
from idp.delivery.smtp import SmtpServer
from idp.delivery.witnesses import place_fault
from idp.issuance.ceiling import ceiling_faults
from idp.issuance.key_homes import home_faults, kek_faults
from idp.issuance.pick_up import LEAST_SECONDS
from idp.issuance.timetable import Timetable, timetable_faults, timetable_of
from idp.resources import resource_directory
from idp.wire.addresses import TrustedProxies
from idp.wire.bind import Bind

PREFIX = "IDP_"
# Variables of the commands themselves, not settings of the service.
NOT_SETTINGS = frozenset({"IDP_CONFIG", "IDP_DEMO_PORT", "IDP_REQUIRE_SERVICES"})
_REGION = re.compile("[A-Z]{2}")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Mode(StrEnum):
    """How strict the service is; production is the default."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    DEMO = "demo"


class SettingsRefused(Exception):
    """The settings cannot be used; `faults` has one sentence for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Settings(BaseModel):
    """The settings of one process; durations in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode = Mode.PRODUCTION
    issuer: str
    database_url: SecretStr
    redis_url: SecretStr | None = None
    kek_file: Path | None = None
    kek_pkcs11: str = ""
    kek_kms: str = ""
    previous_kek_file: Path | None = None
    previous_kek_pkcs11: str = ""
    previous_kek_kms: str = ""
    key_homes: tuple[str, ...] = ()
    new_key_home: str = "local"
    standby_key_home: str = "local"
    trusted_proxies: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    outbound_allow: tuple[str, ...] = ()
    product: str = "Example Motor Finance"
    imprint_uri: str = ""
    privacy_uri: str = ""
    accessibility_uri: str = ""
    support_phone: str = ""
    report_address: str = ""
    security_contact: str = ""
    smtp_url: SecretStr | None = None
    mail_from: str = ""
    mail_folder: Path | None = None
    sms: bool = False
    sms_webhook: str = ""
    sms_webhook_secret: SecretStr | None = None
    sms_regions: tuple[str, ...] = ("AT", "CH", "DE", "GB")
    time_zone: str = "UTC"
    signing_algs: tuple[str, ...] = ("ES256", "RS256", "PS256", "Ed25519")
    two_person_acts: bool = True
    scope_permissions: tuple[str, ...] = ("payments.create=pay", "payees.write=manage", "contracts.write=manage")
    rotation_days: float = 90
    staging_days: float = 14
    retention_days: float = 14
    pick_up_hours: float = Field(default=24, ge=0)
    audit_checkpoints: tuple[str, ...] = ()
    audit_checkpoint_minutes: float = Field(default=60, ge=1, le=1440)
    password_hashing: str = "owasp"
    password_profile: Literal["default", "pci_strict"] = "default"
    breached_passwords_url: str = ""
    threads: int = Field(default=32, ge=4, le=256)
    database_pool: int = Field(default=16, ge=1, le=200)
    management_bind: str = "127.0.0.1:9000"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("kek_file", "previous_kek_file", "mail_folder", mode="before")
    @classmethod
    def _none_when_empty(cls, value: object) -> object:
        return None if value == "" else value

    @property
    def secure(self) -> bool:
        """Whether the issuer is reached over https."""
        return self.issuer.startswith("https://")

    @property
    def issuer_host(self) -> str:
        """The host, with port where it is not the scheme's own, that requests must name."""
        return urlsplit(self.issuer).netloc

    @property
    def timetable(self) -> Timetable:
        """How long signing keys stay in each part of their lives."""
        return timetable_of(
            rotation_days=self.rotation_days, staging_days=self.staging_days, retention_days=self.retention_days
        )

    @property
    def pick_up_seconds(self) -> float:
        """How long apps that can't be told apart are given to fetch a new key."""
        return self.pick_up_hours * 3600

    @property
    def mail_sender(self) -> str:
        """The address that mails come from."""
        return self.mail_from or f"no-reply@{urlsplit(self.issuer).hostname}"


def load_settings(config: Path | None, environment: Mapping[str, str], **overrides: object) -> Settings:
    """Read the settings and check them.

    Raises:
        SettingsRefused: with every fault.
    """
    path = config or Path(environment.get("IDP_CONFIG") or resource_directory("config") / "default.toml")
    faults: list[str] = []
    values = _from_file(path, faults) | _from_environment(environment, faults) | overrides
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        faults += [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise SettingsRefused(faults) from None
    faults += _unsafe(settings, environment)
    if faults:
        raise SettingsRefused(faults)
    return settings


def _from_file(path: Path, faults: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        faults.append(f"{path}: cannot be read ({error.strerror})")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{path}: is not TOML ({error})")
    return {}


def _from_environment(environment: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        field = name.removeprefix(PREFIX).lower()
        if field not in Settings.model_fields:
            faults.append(f"{name}: there is no such setting")
        elif value:
            values[field] = _listed(value) if _is_list(field) else value
    return values


def _is_list(field: str) -> bool:
    return "tuple" in str(Settings.model_fields[field].annotation)


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _unsafe(settings: Settings, environment: Mapping[str, str]) -> list[str]:
    return [
        *_issuer_faults(settings),
        *_value_faults(settings),
        *timetable_faults(settings.timetable),
        *_mail_faults(settings),
        *_sms_faults(settings),
        *_audit_faults(settings),
        *_key_faults(settings),
        *ceiling_faults(settings.scope_permissions),
        *_production_faults(settings, environment),
    ]


def _issuer_faults(settings: Settings) -> Iterator[str]:
    parts = urlsplit(settings.issuer)
    if (
        parts.scheme not in {"https", "http"}
        or not parts.hostname
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        yield f"issuer: {settings.issuer!r} is not https://host[:port]"
    elif parts.path:
        yield "issuer: must have no path and no slash at its end (OpenID Connect Discovery compares it to the letter)"
    elif parts.scheme == "http" and settings.mode is Mode.PRODUCTION:
        yield "issuer: http is refused in production mode; use https (or IDP_MODE=development on loopback)"
    elif parts.scheme == "http" and parts.hostname not in LOOPBACK:
        yield "issuer: http is for loopback hosts only"


def _value_faults(settings: Settings) -> Iterator[str]:
    for network in settings.trusted_proxies:
        try:
            TrustedProxies([network])
        except ValueError as error:
            yield f"trusted_proxies: {error}"
    scheme = urlsplit(settings.database_url.get_secret_value()).scheme.partition("+")[0]
    if scheme not in {"sqlite", "postgresql"}:
        yield "database_url: must begin with postgresql:// or sqlite:///"
    try:
        Bind.parse(settings.management_bind)
    except ValueError as error:
        yield f"management_bind: {error}"
    if settings.password_hashing not in {"owasp", "cheapest-for-tests-only"}:
        yield "password_hashing: must be owasp"
    if settings.breached_passwords_url and not urlsplit(settings.breached_passwords_url).hostname:
        yield "breached_passwords_url: is not https://host/path"


def _mail_faults(settings: Settings) -> Iterator[str]:
    if settings.smtp_url is not None:
        try:
            SmtpServer.from_url(settings.smtp_url.get_secret_value())
        except ValueError as error:
            yield f"smtp_url: {error}"
    try:
        envelope_address(settings.mail_sender)
    except UnusableAddress as error:
        yield f"mail_from: {error}"


def _sms_faults(settings: Settings) -> Iterator[str]:
    for region in settings.sms_regions:
        if not _REGION.fullmatch(region):
            yield f"sms_regions: {region!r} is not a country's two letters (ISO 3166-1)"
    secret = settings.sms_webhook_secret
    if settings.sms_webhook and (secret is None or len(secret.get_secret_value()) < LEAST_SECRET):
        yield f"sms_webhook_secret: must be set, with {LEAST_SECRET} characters or more, where sms_webhook is"
    if settings.sms_webhook and urlsplit(settings.sms_webhook).scheme not in {"https", "http"}:
        yield "sms_webhook: must begin with https://"
    if settings.mode is not Mode.PRODUCTION:
        return
    if settings.sms and not settings.sms_webhook.startswith("https://"):
        yield "sms_webhook: must be set in production mode where sms is, and begin with https://"


def _audit_faults(settings: Settings) -> Iterator[str]:
    for fault in filter(None, map(place_fault, settings.audit_checkpoints)):
        yield f"audit_checkpoints: {fault}"
    places = settings.audit_checkpoints
    if settings.mode is Mode.PRODUCTION and places and all(place.startswith("file:") for place in places):
        yield "audit_checkpoints: a file alone is refused in production mode: whoever owns it can rewrite it"


def _key_faults(settings: Settings) -> Iterator[str]:
    yield from kek_faults(
        (settings.kek_file, settings.kek_pkcs11, settings.kek_kms),
        kek_pkcs11=settings.kek_pkcs11,
        kek_kms=settings.kek_kms,
        previous_kek_pkcs11=settings.previous_kek_pkcs11,
        previous_kek_kms=settings.previous_kek_kms,
    )
    yield from home_faults(
        settings.key_homes,
        algorithms=settings.signing_algs,
        new_key_home=settings.new_key_home,
        standby_key_home=settings.standby_key_home,
    )


def _production_faults(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    if settings.mode is not Mode.PRODUCTION:
        return
    if environment.get("AUTHLIB_INSECURE_TRANSPORT"):
        yield "AUTHLIB_INSECURE_TRANSPORT is set: refused in production mode"
    if settings.password_hashing != "owasp":
        yield "password_hashing: the cheap profile is refused in production mode"
    if settings.pick_up_seconds < LEAST_SECONDS:
        yield f"pick_up_hours: at least {LEAST_SECONDS / 3600:.0f} in production mode: apps must have fetched a key"
    if settings.smtp_url is None:
        yield "smtp_url: must be set in production mode; without it nobody recovers a forgotten password"
    if not settings.mail_from:
        yield "mail_from: must be set in production mode; it is the address that people see"
    if settings.mail_folder is not None:
        yield "mail_folder: is for the demo; refused in production mode"
    for name in ("imprint_uri", "privacy_uri", "accessibility_uri", "support_phone", "report_address"):
        if not getattr(settings, name):
            yield f"{name}: must be set in production mode; it stands in the footer of every page"


def environment_of_process() -> Mapping[str, str]:
    """Give the process's environment, for the commands that load settings."""
    return os.environ
