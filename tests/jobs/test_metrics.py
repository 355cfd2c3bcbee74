"""What Prometheus is told is what the night did, and rules and dashboard name nothing else."""

import json
import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from case_service.settings import DEMO_SERVICE_TOKEN
from jobs.alerts import KINDS
from jobs.conform import conform
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.metrics import metrics_text
from jobs.nightly import SHANGHAI, night_report
from jobs.publish import publish
from jobs.settings import Settings
from jobs.warn import warn
from tests.case_service.running_service import running_with_directory
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.people import on_dibao

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = DEPLOY / "grafana" / "shouwang.json"
# Of the day after the night, before the next one is due.
MORNING = datetime.combine(NIGHT_1 + timedelta(days=1), time(8), SHANGHAI)


def told_by_the_service(address: str) -> set[str]:
    """The names under which Prometheus keeps what the service tells; it was asked something before."""
    bearer = {"Authorization": f"Bearer {DEMO_SERVICE_TOKEN}"}
    text = httpx.get(f"{address}/metrics", headers=bearer, trust_env=False).raise_for_status().text
    families = text_string_to_metric_families(text)
    return {name for family in families for name in (family.name, *(sample.name for sample in family.samples))}


def told(installation: Installation) -> dict[str, dict[tuple[str, ...], float]]:
    """Every metric by name: its values by its labels' values."""
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(metrics_text(installation, MORNING))
    }


@pytest.fixture
def after_a_night(installation: Installation) -> Installation:
    deliver(installation.settings.landing_folder, "dibao", [on_dibao(1), on_dibao(2)], NIGHT_1)
    ingest_department(installation, "civil_affairs", NIGHT_1)
    for step in (conform, warn, publish):
        step(installation, NIGHT_1)
    return installation


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


def test_rules_and_dashboard_ask_only_for_what_is_told(after_a_night: Installation) -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    asked = [rule["expr"] for rule in rules] + [target["expr"] for panel in panels for target in panel["targets"]]
    names = set(re.findall(r"shouwang_\w+", " ".join(asked)))
    with running_with_directory() as address:
        jobs = told(Installation(Settings(mode="demo", home=after_a_night.settings.home, case_service_url=address)))
        service = told_by_the_service(address)
    assert len(names) > 20
    assert names <= jobs.keys() | service
    assert jobs.keys() <= names, "what is told is shown"
    severities = {
        rule["expr"].split('"')[1]: rule["labels"]["severity"] for rule in rules if "_alerts{" in rule["expr"]
    }
    assert severities == KINDS, "an alert of each kind reaches whoever is on duty"


def test_every_rule_says_what_is_and_who_does_what() -> None:
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["summary"]
            assert re.match(
                r"The (data team|system administrator|security administrator) ", rule["annotations"]["action"]
            ), rule["alert"]
