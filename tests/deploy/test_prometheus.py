"""A real Prometheus takes the rules and the metrics, draws what the dashboard asks for, and raises alerts."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from case_service.settings import DEMO_SERVICE_TOKEN
from jobs.alerts import KINDS
from jobs.installation import Installation
from jobs.metrics import metrics_text
from jobs.settings import Settings
from tests.case_service import made_up
from tests.case_service.running_service import free_port, running_with_directory
from tests.deploy.compose import PROJECT
from tests.jobs.test_metrics import night_of_two_people

RULES = PROJECT / "deploy/prometheus/alerts.yaml"
DASHBOARD = PROJECT / "deploy/grafana/shouwang.json"
WATCHING = PROJECT / "docs/operations/watching.md"
BEARER = {"Authorization": f"Bearer {DEMO_SERVICE_TOKEN}"}
SECONDS = 60
# What compares may rightly find nothing, and so may what is told by reason where nothing waits.
MAY_BE_EMPTY = re.compile(r"[<>]|==|^shouwang_waiting$")


def program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"no {name} on the PATH: install it with the system's package manager"
    return found


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def drawn() -> list[str]:
    """The expressions of the dashboard's panels."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


@dataclass(frozen=True)
class Watched:
    """A Prometheus that reads the jobs' metrics, as a node exporter passes them on, and the case service's."""

    prometheus: httpx.Client
    jobs: str
    stop_service: Callable[[], None]

    def asked(self, expression: str) -> list[dict[str, Any]]:
        answer = self.prometheus.get("/api/v1/query", params={"query": expression})
        assert answer.is_success, (expression, answer.text)
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def states(self) -> dict[str, str]:
        """Every alert with whether it is inactive, pending or firing."""
        groups = self.prometheus.get("/api/v1/rules").raise_for_status().json()["data"]["groups"]
        assert all(rule["health"] == "ok" for group in groups for rule in group["rules"])
        return {rule["name"]: rule["state"] for group in groups for rule in group["rules"]}


def wait_for(look: Callable[[], object], awaited: str) -> None:
    give_up = time.monotonic() + SECONDS
    while not look():
        assert time.monotonic() < give_up, awaited
        time.sleep(0.2)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    with ExitStack() as running, ExitStack() as service:
        address = service.enter_context(running_with_directory())
        batch = {"json": made_up.batch(made_up.warning()), "headers": BEARER, "trust_env": False}
        httpx.put(f"{address}/api/v1/warnings", **batch).raise_for_status()
        refuse_a_sign_in(address)
        installation = Installation(Settings(mode="demo", home=folder / "home", case_service_url=address))
        night_of_two_people(installation)
        jobs = metrics_text(installation, datetime.now(UTC))
        (folder / "metrics").mkdir()
        (folder / "metrics" / "shouwang.prom").write_text(jobs, encoding="utf-8")
        exporter = f"127.0.0.1:{free_port()}"
        running.enter_context(
            process(
                [
                    program("prometheus-node-exporter"),
                    "--collector.disable-defaults",
                    "--collector.textfile",
                    f"--collector.textfile.directory={folder / 'metrics'}",
                    f"--web.listen-address={exporter}",
                ],
                folder / "exporter.log",
            )
        )
        write_settings(folder, address.removeprefix("http://"), exporter)
        own = f"127.0.0.1:{free_port()}"
        running.enter_context(
            process(
                [
                    program("prometheus"),
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address={own}",
                ],
                folder / "prometheus.log",
            )
        )
        client = running.enter_context(httpx.Client(base_url=f"http://{own}", trust_env=False))
        found = Watched(client, jobs, service.close)
        wait_for(lambda: is_ready(client), "Prometheus did not start")
        # A rate needs two samples.
        both = "shouwang_metrics_at", "shouwang_service_connections_most"
        twice = " and on() ".join(f"count_over_time({name}[1m]) > 1" for name in both)
        wait_for(lambda: found.asked(twice), "Prometheus did not read both twice")
        wait_for(lambda: "unknown" not in found.states().values(), "no rule was looked at")
        yield found


def refuse_a_sign_in(address: str) -> None:
    with httpx.Client(base_url=address, trust_env=False) as browser:
        token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/sign-in").text)
        assert token
        browser.post("/sign-in", data={"form_token": token[1], "username": made_up.WORKER, "password": "wrong"})


def write_settings(folder: Path, service: str, exporter: str) -> None:
    """What the guide gives an operator, with the addresses and the token of here, and a second for a minute."""
    (given,) = re.findall(r"```yaml\n(scrape_configs:.*?)```", WATCHING.read_text(encoding="utf-8"), re.DOTALL)
    settings = yaml.safe_load(given)
    (job,) = settings["scrape_configs"]
    (folder / "token").write_text(DEMO_SERVICE_TOKEN, encoding="utf-8")
    job["authorization"]["credentials_file"] = str(folder / "token")
    job["static_configs"] = [{"targets": [service]}]
    settings["scrape_configs"].append({"job_name": "node", "static_configs": [{"targets": [exporter]}]})
    settings |= {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(RULES)]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")


@contextmanager
def process(command: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as written:
        started = subprocess.Popen(command, stdout=written, stderr=written)
    try:
        yield
    finally:
        started.terminate()
        started.wait(SECONDS)


def is_ready(client: httpx.Client) -> bool:
    with suppress(httpx.TransportError):
        return client.get("/-/ready").is_success
    return False


def test_the_rules_are_sound() -> None:
    command = [program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", str(RULES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_says_what_is_and_who_does_what() -> None:
    for rule in rules():
        assert rule["annotations"]["summary"]
        assert re.match(
            r"The (data team|system administrator|security administrator) ", rule["annotations"]["action"]
        ), rule["alert"]


def test_an_alert_of_each_kind_reaches_whoever_is_on_duty() -> None:
    severities = {
        rule["expr"].split('"')[1]: rule["labels"]["severity"] for rule in rules() if "_alerts{" in rule["expr"]
    }
    assert severities == KINDS


@pytest.mark.parametrize("expression", sorted(set(drawn())))
def test_every_panel_has_something_to_draw(watched: Watched, expression: str) -> None:
    found = watched.asked(expression)
    assert found or MAY_BE_EMPTY.search(expression)


def test_what_rules_ask_for_is_told_and_what_jobs_tell_is_shown(watched: Watched) -> None:
    asked = " ".join([*drawn(), *(rule["expr"] for rule in rules())])
    names = set(re.findall(r"shouwang_\w+", asked))
    assert len(names) > 20
    assert [name for name in sorted(names) if not watched.asked(name) and not MAY_BE_EMPTY.search(name)] == []
    told = {line.split()[2] for line in watched.jobs.splitlines() if line.startswith("# TYPE")}
    assert told <= names


def test_what_the_jobs_say_stands_is_raised(watched: Watched) -> None:
    standing = dict(re.findall(r'^shouwang_alerts\{alert="(\w+)",.*\} (\S+)$', watched.jobs, re.MULTILINE))
    assert standing.keys() == KINDS.keys()
    states = watched.states()
    for rule in rules():
        if kind := re.search(r'shouwang_alerts\{alert="(\w+)"\}', rule["expr"]):
            assert (states[rule["alert"]] != "inactive") == (float(standing[kind[1]]) > 0), rule["alert"]
    assert states["MetricsStopped"] == states["ServiceSilent"] == "inactive"
    assert states["BatchesRefused"] == "inactive"


def test_a_service_that_fell_silent_is_noticed(watched: Watched) -> None:
    watched.stop_service()
    wait_for(lambda: watched.states()["ServiceSilent"] == "pending", "nobody noticed")
