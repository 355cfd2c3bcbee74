"""Great Expectations without what it does over and over: a quarter of what a delivery costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from great_expectations.data_context import EphemeralDataContext, set_context
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults
from great_expectations.expectations.expectation import Expectation


class NightContext(EphemeralDataContext):  # type: ignore[misc]
    """A context that is kept nowhere; the base class still writes all its settings out whenever a batch comes."""

    def _save_project_config(self) -> None:
        pass


def night_context() -> NightContext:
    """The context for the batches of one department and night, known to Great Expectations as the current one."""
    config = DataContextConfig(store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False))
    context = NightContext(project_config=config)
    context.variables.progress_bars = {"globally": False}
    set_context(context)
    return context


@contextmanager
def configurations_made_once() -> Iterator[None]:
    """While a batch is judged no expectation changes, and each is described once, not for each word of itself."""
    described: dict[int, tuple[Any, Any]] = {}
    anew = Expectation.configuration

    def once(expectation: Any) -> Any:
        # The expectation is kept too: its id is nobody else's meanwhile.
        known = described.get(id(expectation))
        if known is None:
            known = described[id(expectation)] = (expectation, anew.fget(expectation))
        return known[1]

    Expectation.configuration = property(once)
    try:
        yield
    finally:
        Expectation.configuration = anew
