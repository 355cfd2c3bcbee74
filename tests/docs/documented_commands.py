"""Every command that the documents show, and those that a test of the documents cannot run, each with its reason."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*sorted(PROJECT.glob("README*.md")), *sorted((PROJECT / "docs").rglob("*.md"))]
SHELL_FENCE = re.compile(r"^```(?:sh|bash|shell|console)\b[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"(?:^|\s+)#\s.*$")

HOURS = "takes hours, or a quarter of one: a larger city than tests build"
STAYS = "stays until it is told to stop"
CHECKOUT = "works on the checkout itself"
CONTAINERS = "needs a container engine"
SECRETS = "makes the folders and secrets of an installation, as root"
HELD = "needs a held delivery"
PROPOSED = "needs a proposal of the review list by its own number"

# Patterns of whole commands, why they are not run with the rest, and the test that runs the like of them, if any does.
NOT_RUN: dict[str, tuple[str, str]] = {
    r"make (nightly|serve|setup).*": (CHECKOUT, "tests/journeys/test_first_work_order.py"),
    r"make (test|test-long|bench|docs|lint|format|lock|sbom|canary|calibrate|airflow).*": (CHECKOUT, ""),
    r"make notebooks": (CHECKOUT, "tests/notebooks/test_notebooks.py"),
    r"(mkdir -p secrets|for name in|openssl|touch|echo|cp /path/to/your|chown 1000).*": (
        SECRETS,
        "tests/deploy/test_compose.py",
    ),
    r"shouwang sources pull .*": ("needs a department's database", "tests/jobs/sources/test_pull.py"),
    r"shouwang backup .* --only \w+": ("is part of the one before it", "tests/journeys/test_backup_and_restore.py"),
    r"shouwang models rank .*": ("needs the outcomes of months", "tests/journeys/test_evaluation.py"),
    r"\.venv/bin/pytest .*": (CHECKOUT, ""),
    r"python -m warning_models\.lock": (CHECKOUT, "tests/warning_models/test_house_rules.py"),
    r"shouwang demo( --scale \w+| --people 5000 --nights 60| --mess none)?": (HOURS, "tests/demo_city/test_build.py"),
    r"python -m benchmarks\..*": (HOURS, "tests/benchmarks/test_calibration.py"),
    r"shouwang nightly --every-date": ("two whole nights", "tests/journeys/test_first_work_order.py"),
    r"shouwang replay .*--engine spark.*": ("starts a Spark", "tests/journeys/test_spark_cluster.py"),
    r"spark-class .*": (STAYS, "tests/journeys/test_spark_cluster.py"),
    r"shouwang serve": (STAYS, "tests/case_service/test_running_service.py"),
    r"shouwang watch( --interval \d+| --until \S+)?": (STAYS, "tests/journeys/test_as_it_lands.py"),
    r"docker compose .*": (CONTAINERS, ""),
    r"export JAVA_HOME=.*": ("would hold for the commands of other pages", "tests/deploy/test_compose.py"),
    r"export SHOUWANG_(MODE=production|ENGINE=spark).*": ("would hold for the commands of other pages", ""),
    r"shouwang deliveries (release|reject)\s.*": (HELD, "tests/journeys/test_held_delivery_in_airflow.py"),
    r"shouwang people (accept|reject|withdraw) .*": (PROPOSED, "tests/jobs/test_people_review.py"),
}

# What the documents leave to the reader, or name by a place that only an installation has.
STANDS_FOR = {
    "<department>": "civil_affairs",
    "<username>": "city",
    "<folder>": "drafts/medical/medical_cost_over_limit",
    "/backup/": "backup/",
    "/etc/shouwang/directory": "directory",
    "/var/lib/node_exporter/": "",
}


@dataclass(frozen=True)
class Command:
    """One command of a document as written, without its comment."""

    document: str
    text: str

    @property
    def reason_not_to_run(self) -> tuple[str, str] | None:
        """Why it is not run with the rest, and which test runs the like of it; None where it is run."""
        found = [reason for pattern, reason in NOT_RUN.items() if re.fullmatch(pattern, self.text)]
        return found[0] if found else None

    @property
    def to_run(self) -> str:
        """The command with what stands for the reader's own."""
        text = self.text
        for written, stands_for in STANDS_FOR.items():
            text = text.replace(written, stands_for)
        return text


def commands_in(document: str, text: str) -> Iterator[Command]:
    """The commands of a document in their order; a line that ends in a backslash goes on in the next."""
    for block in SHELL_FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            command = COMMENT.sub("", line).strip()
            if command:
                yield Command(document, re.sub(r"\s{2,}", " ", command))


def documented_commands() -> list[Command]:
    """All commands of all documents."""
    return [
        command
        for path in DOCUMENTS
        for command in commands_in(path.relative_to(PROJECT).as_posix(), path.read_text(encoding="utf-8"))
    ]
