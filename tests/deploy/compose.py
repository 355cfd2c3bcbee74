"""The services of docker-compose.yml as processes of this machine: same commands, same settings, in the same order.

What differs is what a container is: hosts become 127.0.0.1, ports become free ones, folders lie under one root.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.case_service.running_service import free_port

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE = PROJECT / "docker-compose.yml"
DOCKERFILE = PROJECT / "Dockerfile"
# Not of our making.
NOT_STARTED = frozenset({"postgres", "proxy"})
SECONDS = 240


def compose_file() -> dict[str, Any]:
    """The file, with its anchors merged."""
    content: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return content


def image_environment(target: str) -> dict[str, str]:
    """What the images of the Dockerfile set, up to the stage `target`."""
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    stages = dict(re.findall(r"^FROM \S+ AS (\S+)$(.*?)(?=^FROM|\Z)", text, re.MULTILINE | re.DOTALL))
    lines = re.findall(r"^ENV (.+)$", stages["runtime"] + stages[target], re.MULTILINE)
    return {name: value.strip('"') for line in lines for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', line)}


def in_order(services: Mapping[str, Any], profile: str | None = None) -> Iterator[str]:
    """The services of a profile, or those of none, each after those on which it depends."""
    done: set[str] = set()
    chosen = {name: service for name, service in services.items() if service.get("profiles") == (profile and [profile])}
    while len(done) < len(chosen):
        ready = [n for n, s in chosen.items() if n not in done and set(s.get("depends_on", {})) <= done]
        assert ready, "services wait for each other"
        done |= set(ready)
        yield from ready


@dataclass
class Processes:
    """The services under a root that holds `secrets/`, `home/`, `landing/` and `directory/`."""

    root: Path
    services: Mapping[str, Any]
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    ports: dict[str, str] = field(default_factory=dict)

    def up(self, profile: str | None = None) -> None:
        """Start every service as soon as what it depends on is healthy or done; return when all are healthy."""
        for name in in_order(self.services, profile):
            if name in NOT_STARTED:
                continue
            for other, how in self.services[name].get("depends_on", {}).items():
                if other not in NOT_STARTED:
                    self._wait(other, how["condition"])
            self.running[name] = self._start(name, self.services[name]["command"])
        for name, service in self.services.items():
            if name in self.running and "healthcheck" in service:
                self._wait(name, "service_healthy")

    def down(self) -> None:
        """Stop what runs, the last first."""
        for process in reversed(self.running.values()):
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def run(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a service, as `docker compose exec` does."""
        return subprocess.run(
            self._local(command), env=self.environment(name), capture_output=True, text=True, check=False
        )

    def environment(self, name: str) -> dict[str, str]:
        """What a process of the service finds in its environment: that of its image, then that of the file."""
        service = self.services[name]
        given = image_environment(service["build"]["target"]) | service.get("environment", {})
        own = {key: self._moved(_defaulted(str(value))) for key, value in given.items() if key != "PATH"}
        around = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "XDG_RUNTIME_DIR") if key in os.environ}
        around["PATH"] = f"{Path(sys.executable).parent}:{around['PATH']}"
        more = {
            "PYTHONPATH": str(PROJECT),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": self._port("8793"),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": self._port("8794"),
        }
        return around | own | more

    def _start(self, name: str, command: list[str]) -> "subprocess.Popen[bytes]":
        with (self.root / f"{name}.log").open("ab") as log:
            return subprocess.Popen(self._local(command), env=self.environment(name), stdout=log, stderr=log)

    def _wait(self, name: str, condition: str) -> None:
        give_up = time.monotonic() + SECONDS
        while time.monotonic() < give_up:
            ended = self.running[name].poll()
            if condition == "service_completed_successfully" and ended is not None:
                assert ended == 0, self._log(name)
                return
            if condition == "service_healthy":
                assert ended is None, self._log(name)
                if self.is_healthy(name):
                    return
            time.sleep(1)
        raise AssertionError(f"{name} did not get there:\n{self._log(name)}")

    def is_healthy(self, name: str) -> bool:
        """Whether the service's own check answers."""
        how, *command = self.services[name]["healthcheck"]["test"]
        assert how == "CMD"
        return self.run(name, *command).returncode == 0

    def _local(self, command: list[str] | tuple[str, ...]) -> list[str]:
        return [self._moved(part) for part in command]

    def _port(self, inside: str) -> str:
        return self.ports.setdefault(inside, str(free_port()))

    def _moved(self, text: str) -> str:
        for host in self.services:
            text = re.sub(rf"(?<=//){re.escape(host)}(?=:)", "127.0.0.1", text)
        text = re.sub(r"^airflow-scheduler$|^0\.0\.0\.0$|^spark-master$|(?<=')spark-master(?=')", "127.0.0.1", text)
        text = re.sub(r"\b(8420|8480|7077|8081)\b", lambda found: self._port(found[1]), text)
        for inside, outside in (
            ("/tmp", "tmp"),
            ("/opt/shouwang/java", "java"),
            ("/run/secrets", "secrets"),
            ("/var/lib/shouwang", "home"),
            ("/landing", "landing"),
            ("/directory", "directory"),
        ):
            text = re.sub(rf"(?<![\w.]){inside}(?=/|$)", str(self.root / outside), text)
        return text.replace("/opt/shouwang", str(PROJECT))

    def _log(self, name: str) -> str:
        return (self.root / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-3000:]


def _defaulted(text: str) -> str:
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text).replace("$$", "$")
