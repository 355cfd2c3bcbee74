"""The Data Docs site of a department's night: readable where the network is closed, and quick to build.

The same templates are not compiled for every department anew.
"""

from pathlib import Path
from types import CodeType
from typing import Any

from great_expectations.render.view import DefaultJinjaIndexPageView, DefaultJinjaPageView
from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from jinja2.bccache import Bucket, BytecodeCache

SITE = "departments"
PAGES = Path(__file__).parent / "data_docs_pages"


class _CompiledTemplates(BytecodeCache):
    """What the templates compile to, for the life of the process: compiling takes longer than all else."""

    def __init__(self) -> None:
        self._compiled: dict[str, CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._compiled.get(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._compiled[bucket.key] = bucket.code


_COMPILED = _CompiledTemplates()


def _dressed(environment: Environment) -> None:
    """Have our own pages, which ask nothing of any network, come before those of Great Expectations."""
    assert environment.loader, "Great Expectations brings its pages"
    environment.loader = ChoiceLoader([FileSystemLoader(PAGES), environment.loader])
    environment.bytecode_cache = _COMPILED


class OwnPageView(DefaultJinjaPageView):  # type: ignore[misc]
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        _dressed(self.env)


class OwnIndexView(DefaultJinjaIndexPageView):  # type: ignore[misc]
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        _dressed(self.env)


def site_in(folder: Path) -> dict[str, Any]:
    """The description of a site under the folder: suites, what came of them, and an index."""
    pages = {"view": {"module_name": __name__, "class_name": OwnPageView.__name__}}
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(folder.resolve()),
        },
        "site_section_builders": {"expectations": pages, "validations": pages, "profiling": "none"},
        "site_index_builder": {
            "class_name": "DefaultSiteIndexBuilder",
            "view": {"module_name": __name__, "class_name": OwnIndexView.__name__},
        },
    }
