"""What Prometheus is told is what the night did."""

from datetime import UTC, datetime, time, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from jobs.conform import conform
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.metrics import metrics_text
from jobs.nightly import SHANGHAI, night_report
from jobs.publish import publish
from jobs.warn import warn
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.people import on_dibao

# Of the day after the night, before the next one is due.
MORNING = datetime.combine(NIGHT_1 + timedelta(days=1), time(8), SHANGHAI)


def told(installation: Installation) -> dict[str, dict[tuple[str, ...], float]]:
    """Every metric by name: its values by its labels' values."""
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(metrics_text(installation, MORNING))
    }


@pytest.fixture
def after_a_night(installation: Installation) -> Installation:
    night_of_two_people(installation)
    return installation


def night_of_two_people(installation: Installation) -> None:
    """A night up to what it publishes, of one delivery of two rows."""
    deliver(installation.settings.landing_folder, "dibao", [on_dibao(1), on_dibao(2)], NIGHT_1)
    ingest_department(installation, "civil_affairs", NIGHT_1)
    for step in (conform, warn, publish):
        step(installation, NIGHT_1)


def test_before_the_first_night_only_space_is_known(installation: Installation) -> None:
    assert told(installation).keys() == {"shouwang_disk_free_bytes", "shouwang_alerts", "shouwang_metrics_at"}


def test_the_figures_are_those_of_the_night(after_a_night: Installation) -> None:
    metrics, report = told(after_a_night), night_report(after_a_night, NIGHT_1)
    midnight = datetime(NIGHT_1.year, NIGHT_1.month, NIGHT_1.day, tzinfo=UTC)
    assert metrics["shouwang_night_date"] == {(): midnight.timestamp()}
    assert metrics["shouwang_night_rows"][("received",)] == 2
    assert metrics["shouwang_night_deliveries"] == {("ingested",): 1}
    assert {model: count for (model,), count in metrics["shouwang_night_warnings"].items()} == report["warnings"]
    [(labels, late)] = metrics["shouwang_source_late"].items()
    assert (set(labels), late) == ({"civil_affairs", "dibao"}, 0)
