"""The pipeline's settings: from the environment (prefix SHOUWANG_), or from key files."""

import os
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from jobs.errors import SettingsError

# Known to everybody who reads the source: accepted in demo mode only.
DEMO_KEYS = {
    "person_key": "demo-person-key-not-for-production",
    "vault_key": "demo-vault-key-not-for-production",
    "service_token": "demo-service-token-not-for-production",
}


class Settings(BaseSettings):
    """One installation. `home` holds everything it writes."""

    model_config = SettingsConfigDict(env_prefix="SHOUWANG_")

    mode: Literal["demo", "production"] = "production"
    home: Path = Path("var")
    landing: Path | None = None
    engine: Literal["duckdb", "spark"] = "duckdb"
    catalog_uri: str | None = None
    case_service_url: str = "http://127.0.0.1:8420"
    keys_dir: Path | None = None
    controls: Path | None = None
    published_nights: int = Field(default=7, ge=1)
    lineage_events: Literal["file", "off"] = "file"
    lineage_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    lineage_token: str | None = Field(default=None, repr=False)
    lineage_namespace: str = "shouwang"
    smallest_count_shown: int = Field(default=5, ge=1)
    workers: int = Field(default_factory=lambda: min(4, os.cpu_count() or 1), ge=1)
    person_key: str | None = Field(default=None, repr=False)
    vault_key: str | None = Field(default=None, repr=False)
    service_token: str | None = Field(default=None, repr=False)
    operators_webhook: str | None = Field(default=None, pattern=r"^https?://\S+$", repr=False)

    @property
    def keys_folder(self) -> Path:
        return self.keys_dir or self.home / "keys"

    @property
    def landing_folder(self) -> Path:
        return self.landing or self.home / "landing"

    @property
    def warehouse_folder(self) -> Path:
        return self.home / "warehouse"

    @property
    def reports_folder(self) -> Path:
        return self.home / "reports"

    @property
    def published_folder(self) -> Path:
        return self.warehouse_folder / "published"

    @property
    def lineage_folder(self) -> Path:
        return self.home / "lineage"

    @property
    def work_folder(self) -> Path:
        return self.home / "work"

    @property
    def operators_webhook_address(self) -> str | None:
        """The address of the bot of the operators' group, which holds its key; None where no group is told."""
        return self.operators_webhook or self._in_file("operators_webhook")

    @property
    def lineage_server_token(self) -> str | None:
        """What the lineage server wants as `Authorization: Bearer`; None where it asks for nothing."""
        return self.lineage_token or self._in_file("lineage_token")

    def key(self, name: str) -> bytes:
        """A secret by name, from its environment variable or from a file in `keys_folder`.

        Raises SettingsError where it is missing, or where a demo key is used outside demo mode.
        """
        value: str | None = getattr(self, name)
        if value is None:
            value = self._in_file(name)
        if value is None and self.mode == "demo":
            value = DEMO_KEYS[name]
        if value is None:
            raise SettingsError(
                f"No {name.replace('_', ' ')}: the system administrator must set SHOUWANG_{name.upper()}, "
                f"or put a file '{name}' into {self.keys_folder} (SHOUWANG_KEYS_DIR names another folder). "
                "To try with made-up data set SHOUWANG_MODE=demo."
            )
        if self.mode == "production" and set(value.split()) & set(DEMO_KEYS.values()):
            raise SettingsError(
                f"SHOUWANG_{name.upper()} is the demo key, which everybody knows: "
                "the system administrator must make a new one."
            )
        return value.encode()

    def _in_file(self, name: str) -> str | None:
        file = self.keys_folder / name
        return file.read_text(encoding="utf-8").strip() or None if file.is_file() else None


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
