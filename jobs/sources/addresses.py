"""Where departments' databases are: from the environment or key files, never from a contract."""

import os
from collections.abc import Mapping

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from jobs.errors import SettingsError
from jobs.settings import Settings
from schemas.loader import Contract, contracts


def variable_of(server: str) -> str:
    """The environment variable that holds the server's URL."""
    return f"SHOUWANG_SOURCE_{server.upper()}"


def is_configured(settings: Settings, server: str) -> bool:
    """Whether this installation knows the server's URL."""
    return _given(settings, server) is not None


def url_of(settings: Settings, server: str) -> URL:
    """The server's SQLAlchemy URL. Raises SettingsError where there is none, or it is none."""
    given = _given(settings, server)
    if given is None:
        raise SettingsError(
            f"No URL for the database {server}: the system administrator must set {variable_of(server)}, or put a "
            f"file 'source_{server}' into {settings.keys_folder}, such as "
            "postgresql+psycopg://reader:password@host:5432/database with an account that may only read."
        )
    try:
        return make_url(given)
    except (ArgumentError, ValueError):
        # Their words would repeat the password.
        raise SettingsError(
            f"{variable_of(server)} is no SQLAlchemy URL (dialect+driver://user:password@host:port/database): "
            "the system administrator must mend it; a '%', '@' or '/' inside a password is written %25, %40 or %2F."
        ) from None


def sourced_contracts() -> list[Contract]:
    """The classes that a contract says can be read from a database."""
    return [contract for contract in contracts().values() if contract.source]


def source_departments(settings: Settings) -> Mapping[str, list[Contract]]:
    """The classes to read from databases whose URL is configured, by department."""
    found: dict[str, list[Contract]] = {}
    for contract in sourced_contracts():
        if contract.source and is_configured(settings, contract.source.server):
            found.setdefault(contract.department, []).append(contract)
    return dict(sorted(found.items()))


def _given(settings: Settings, server: str) -> str | None:
    file = settings.keys_folder / f"source_{server}"
    given = os.environ.get(variable_of(server)) or (file.read_text(encoding="utf-8") if file.is_file() else "")
    return given.strip() or None
