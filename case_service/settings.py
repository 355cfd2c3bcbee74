"""What can be set from outside, and the refusal to start with keys that protect nobody."""

import os
import re
from collections.abc import Mapping
from datetime import time
from enum import StrEnum
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.messages import OutcomeKind

PROJECT_FOLDER = Path(__file__).parent.parent
DEMO_SERVICE_TOKEN = "demo-service-token-not-for-production"  # noqa: S105 - public on purpose, refused in production
DEMO_SEALING_KEY = b"demo-not-for-use".hex()
DEMO_PASSWORD = "shouwang-demo"  # noqa: S105 - as above
SHORTEST_SERVICE_TOKEN = 24
SM4_KEY = re.compile("[0-9a-fA-F]{32}")


class Mode(StrEnum):
    """Demo brings made-up people and public keys; production refuses both."""

    DEMO = "demo"
    PRODUCTION = "production"


class UnsafeToStartError(Exception):
    """The service may not start like this; the message says who must do what."""


class Settings(BaseSettings):
    """Read from the environment, prefix `SHOUWANG_`; only `DATABASE_URL` has its customary name."""

    model_config = SettingsConfigDict(env_prefix="SHOUWANG_", env_ignore_empty=True, populate_by_name=True)

    mode: Mode = Mode.PRODUCTION
    home: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = 8420
    processes: int = Field(default=1, ge=1)
    public_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    keys_dir: Path | None = None
    service_token: str | None = None
    case_sealing_key: str | None = None
    node_modules: Path = PROJECT_FOLDER / "node_modules"
    due_cut_off: time = time(23, 59, 59)
    work_order_working_days: int = Field(default=5, ge=1)
    papers_working_days: int = Field(default=10, ge=1, le=250)
    follow_up_working_days: int = Field(default=20, ge=0, le=250)
    outcomes_to_approve: frozenset[OutcomeKind] = frozenset()
    smallest_count_shown: int = Field(default=5, ge=1)
    visits_per_week: int = Field(default=10, ge=1)
    clock_plans_dir: Path = Path(__file__).parent / "clocks" / "plans"
    tick_seconds: int = Field(default=60, ge=0)
    channels_file: Path | None = None
    session_idle_minutes: int = Field(default=60, ge=1)
    session_longest_hours: int = Field(default=12, ge=1)
    failures_before_lockout: int = Field(default=5, ge=1)
    lockout_minutes: int = Field(default=15, ge=1)
    second_factor_in_demo: bool = False
    oidc_issuer: str | None = None
    oidc_client_id: str = ""
    oidc_client_secret: str | None = None
    oidc_username_claim: str = "preferred_username"

    @field_validator("case_sealing_key")
    @classmethod
    def key_is_sixteen_bytes(cls, value: str | None) -> str | None:
        """An SM4 key has 128 bits, written as 32 hexadecimal digits; of several the oldest stands first."""
        if value is not None and not all(SM4_KEY.fullmatch(key) for key in value.split() or [value]):
            raise ValueError("must be 32 hexadecimal digits (openssl rand -hex 16), or several such on lines")
        return value

    @property
    def address(self) -> str:
        """Where staff reach the service, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def needs_second_factor(self) -> bool:
        """Whether administrators must show a second factor; only a demo may do without."""
        return self.second_factor_in_demo or not self.is_demo

    @property
    def is_demo(self) -> bool:
        """Whether made-up people and public keys are allowed."""
        return self.mode is Mode.DEMO


def read_settings(**given: object) -> Settings:
    """Settings with their keys in place, or `UnsafeToStartError`.

    A key, or the address of the database, comes from the environment, else from a file in the keys folder;
    a key else, in demo mode only, from the constants above.
    """
    settings = _read(given)
    keys_dir = settings.keys_dir or settings.home / "keys"
    demo_keys = {"service_token": DEMO_SERVICE_TOKEN, "case_sealing_key": DEMO_SEALING_KEY} if settings.is_demo else {}
    found = {
        name: getattr(settings, name) or _key_from_file(keys_dir / name) or demo_keys.get(name)
        for name in ("service_token", "case_sealing_key", "oidc_client_secret", "database_url")
    }
    settings = _read({**given, **found})
    if not settings.is_demo:
        refuse_unsafe_keys(settings, keys_dir)
    return settings


def refuse_unsafe_keys(settings: Settings, keys_dir: Path) -> None:
    """In production: raise unless every key is there, long enough, and not a demo key."""
    complaints = []
    if not settings.service_token:
        complaints.append(_missing("service_token", keys_dir, "openssl rand -hex 32"))
    elif settings.service_token == DEMO_SERVICE_TOKEN or len(settings.service_token) < SHORTEST_SERVICE_TOKEN:
        complaints.append(_not_safe("service_token", keys_dir, "openssl rand -hex 32"))
    if not settings.case_sealing_key:
        complaints.append(_missing("case_sealing_key", keys_dir, "openssl rand -hex 16"))
    elif DEMO_SEALING_KEY in settings.case_sealing_key.split():
        complaints.append(_not_safe("case_sealing_key", keys_dir, "openssl rand -hex 16"))
    if settings.oidc_issuer and not (settings.oidc_issuer.startswith("https://") and settings.oidc_client_secret):
        complaints.append(
            "SHOUWANG_OIDC_ISSUER must be an https address, with SHOUWANG_OIDC_CLIENT_ID and the secret that the "
            f"city's sign-in issued in {keys_dir / 'oidc_client_secret'}."
        )
    if complaints:
        complaints.append("To look around with made-up people instead, set SHOUWANG_MODE=demo.")
        raise UnsafeToStartError(os.linesep.join(complaints))


def _read(given: Mapping[str, object]) -> Settings:
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        # Without the values: some are keys.
        told = (f"{_name_outside(str(one['loc'][0]))}: {one['msg']}" for one in error.errors())
        raise UnsafeToStartError(f"the system administrator must mend {'; '.join(told)}") from None


def _name_outside(field: str) -> str:
    return field if field.isupper() else f"SHOUWANG_{field.upper()}"


def _key_from_file(path: Path) -> str | None:
    return path.read_text(encoding="utf-8").strip() or None if path.is_file() else None


def _missing(name: str, keys_dir: Path, command: str) -> str:
    return (
        f"{name} is missing. The system administrator must write it to {keys_dir / name} (mode 600) "
        f"or set SHOUWANG_{name.upper()}; make one with: {command}"
    )


def _not_safe(name: str, keys_dir: Path, command: str) -> str:
    return (
        f"{name} is the demo key or too short, so it protects nobody. The system administrator must replace it "
        f"in {keys_dir / name} or SHOUWANG_{name.upper()}; make one with: {command}"
    )
