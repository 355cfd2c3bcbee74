"""schemathesis asks every operation of the OpenAPI document what it promises, rightly and wrongly."""

from collections.abc import Callable, Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import GenerationConfig, SchemathesisConfig

from case_service.access_matrix import access_matrix
from case_service.app import answer_from, routed_app
from case_service.settings import DEMO_SERVICE_TOKEN, read_settings
from case_service.sign_in.sessions import SESSION_COOKIE
from tests.case_service.conftest import Door, opened_door
from tests.case_service.made_up import WORKER, warning

# The document is the same on every database; the tests' own is put in behind it.
APP = routed_app()
APP.state.settings = read_settings(mode="demo")
CONFIG = SchemathesisConfig()
# Texts with a NUL are refused by PostgreSQL and so by us (422), which JSON Schema cannot promise everywhere.
CONFIG.projects.default.generation = GenerationConfig(allow_x00=False, with_security_parameters=False)
schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", APP, config=CONFIG)


@pytest.fixture(scope="module")
def door(new_test_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened_door(new_test_database(), tmp_path_factory.mktemp("fuzzed")) as door:
        door.put(*(warning(household_key=f"h{n}") for n in range(3)))
        answer_from(APP, door.settings, door.engine)
        APP.dependency_overrides = door.app.dependency_overrides
        yield door


@pytest.fixture(scope="module")
def headers(door: Door) -> dict[str, dict[str, str]]:
    """How the pipeline, the worker and the supervisor prove who they are."""
    found = {"pipeline": {"Authorization": f"Bearer {DEMO_SERVICE_TOKEN}"}}
    for username in (WORKER, "yian"):
        browser = door.browser(username)
        cookie = f"{SESSION_COOKIE}={browser.cookies[SESSION_COOKIE]}"
        found[username] = {"Cookie": cookie, "X-Form-Token": browser.form_token}
    return found


@schema.parametrize()
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_operation_keeps_its_promise(case: Case, headers: dict[str, dict[str, str]]) -> None:
    route = f"{case.method.upper()} {case.operation.path}"
    as_whom = "pipeline" if route in access_matrix().pipeline else WORKER if route.endswith("/visit") else "yian"
    case.call_and_validate(headers=headers[as_whom])
