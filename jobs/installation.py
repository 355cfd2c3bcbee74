"""One installation: its settings, tables and keys, opened together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from jobs.identity import Pseudonymiser, Sealer
from jobs.person_keys import PersonKeys
from jobs.settings import Settings, settings
from jobs.vault import Vault
from warehouse.engines import open_engine
from warehouse.engines.engine import Engine
from warehouse.tables import Warehouse


@dataclass(frozen=True)
class Installation:
    """What every job needs besides its business date."""

    settings: Settings

    @cached_property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.settings.warehouse_folder, self.settings.catalog_uri)

    @cached_property
    def pseudonymiser(self) -> Pseudonymiser:
        return Pseudonymiser(self.settings.key("person_key"))

    @cached_property
    def person_keys(self) -> PersonKeys:
        return PersonKeys(self.pseudonymiser)

    @cached_property
    def vault(self) -> Vault:
        return Vault(self.warehouse, Sealer(self.settings.key("vault_key")))

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """The engine that the settings name, closed afterwards."""
        work_folder = self.settings.work_folder
        work_folder.mkdir(parents=True, exist_ok=True)
        with open_engine(self.settings.engine, work_folder=work_folder) as engine:
            yield engine


def this_installation() -> Installation:
    """The installation of this process's environment."""
    return Installation(settings())
