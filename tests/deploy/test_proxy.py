"""The proxy: a real nginx reads its file, and stands with TLS before a real case service."""

import ipaddress
import json
import os
import re
import secrets
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import html
from sqlalchemy import update
from sqlalchemy.orm import Session

from case_service.body_sizes import MOST_BYTES_OF_JSON
from case_service.database import make_engine
from case_service.sign_in import passwords
from case_service.tables import Staff
from tests.case_service import made_up
from tests.case_service.own_database import prepared_database, server_of_its_own
from tests.case_service.running_service import free_port, running_case_service
from tests.deploy.compose import PROJECT, compose_file

NGINX = os.environ.get("SHOUWANG_NGINX", "/usr/sbin/nginx")
SITE = PROJECT / "deploy/nginx/shouwang.conf"
ONE_SERVER = PROJECT / "docs/operations/install-on-one-server.md"
SECONDS = 60
MB = 1024 * 1024
PASSWORD = "correct horse battery"
SERVICE_TOKEN = secrets.token_hex(32)
BEARER = {"Authorization": f"Bearer {SERVICE_TOKEN}"}
PRODUCTION = {
    "SHOUWANG_MODE": "production",
    "SHOUWANG_SERVICE_TOKEN": SERVICE_TOKEN,
    "SHOUWANG_CASE_SEALING_KEY": secrets.token_hex(16),
    # Of 127.0.0.1 alone the service believes that TLS was spoken; a proxy in a container has another address.
    "FORWARDED_ALLOW_IPS": "203.0.113.1",
}
HSTS = ["max-age=31536000"]
# What images and distributions put around the site; who is not root runs nginx as themselves. The oldest TLS is allowed
# here: it is the site that refuses it.
AROUND = """
daemon off;
user root;
pid nginx.pid;
error_log error.log;
events {}
http {
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    log_format named $request_id;
    access_log access.log named;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    ssl_ciphers DEFAULT:@SECLEVEL=0;
    include sites/*.conf;
}
"""


@dataclass
class Proxy:
    """An nginx with the site twice: before the case service, and before what tells which headers came."""

    folder: Path
    service: str
    port: int
    teller: int
    before_teller: int

    @property
    def command(self) -> list[str]:
        """How this nginx is called."""
        return [NGINX, "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"]

    def tls(self) -> ssl.SSLContext:
        """What trusts the certificate."""
        return ssl.create_default_context(cafile=self.folder / "certificate.pem")

    def client(self, port: int | None = None) -> httpx.Client:
        """A browser that trusts the certificate."""
        return httpx.Client(base_url=f"https://127.0.0.1:{port or self.port}", verify=self.tls(), trust_env=False)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """nginx before a case service in production."""
    assert Path(NGINX).exists(), (
        f"no nginx at {NGINX}: install it with the system's package manager, or name yours in SHOUWANG_NGINX"
    )
    folder = tmp_path_factory.mktemp("proxy")
    with server_of_its_own() as server:
        database = prepared_database(server, folder / "directory")
        engine = make_engine(database)
        with Session(engine) as session:
            session.execute(update(Staff).values(password_hash=passwords.hashed(PASSWORD), has_demo_password=False))
            session.commit()
        engine.dispose()
        with running_case_service(folder, PRODUCTION | {"DATABASE_URL": database}) as service:
            proxy = Proxy(folder, service, free_port(), free_port(), free_port())
            with running_nginx(proxy):
                yield proxy


@contextmanager
def running_nginx(proxy: Proxy) -> Iterator[None]:
    """nginx as a process, until the end of the block."""
    folder = proxy.folder
    write_certificate(folder)
    (folder / "nginx.conf").write_text(AROUND, encoding="utf-8")
    (folder / "sites").mkdir()
    for name, text, port, upstream in (
        ("composed", SITE.read_text(encoding="utf-8"), proxy.port, proxy.service),
        ("one_server", site_of_one_server(folder), proxy.before_teller, f"http://127.0.0.1:{proxy.teller}"),
    ):
        (folder / "sites" / f"{name}.conf").write_text(site_here(text, folder, port, upstream), encoding="utf-8")
    with (folder / "nginx.log").open("ab") as log:
        process = subprocess.Popen(proxy.command, stdout=log, stderr=log)
    try:
        give_up = time.monotonic() + SECONDS
        while not (answers(proxy.port) and answers(proxy.before_teller)):
            assert process.poll() is None, (folder / "nginx.log").read_text(encoding="utf-8")
            assert time.monotonic() < give_up, "nginx did not start"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(SECONDS)


def answers(port: int) -> bool:
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def site_of_one_server(folder: Path) -> str:
    """The site as the commands of the guide for one server write it."""
    (command,) = re.findall(r"^ +(sed .+?\.conf)$", ONE_SERVER.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    here = command.replace("/opt/shouwang", str(PROJECT)).replace("/etc/nginx/conf.d", str(folder))
    subprocess.run(["/bin/sh", "-euc", here], check=True)
    return (folder / "shouwang.conf").read_text(encoding="utf-8")


def site_here(text: str, folder: Path, port: int, upstream: str) -> str:
    """The site as it stands but for its port, its certificate and the address of the case service."""
    for found, here in (
        (r"listen \d+", f"listen 127.0.0.1:{port}"),
        (r"ssl_certificate\s+[^;]+", f"ssl_certificate {folder}/certificate.pem"),
        (r"ssl_certificate_key\s+[^;]+", f"ssl_certificate_key {folder}/key.pem"),
        (r"proxy_pass\s+[^;]+", f"proxy_pass {upstream}"),
    ):
        text, times = re.subn(found, here, text)
        assert times == 1, found
    return text


def write_certificate(folder: Path) -> None:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shouwang")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


class Teller(BaseHTTPRequestHandler):
    """Answers with the headers that came."""

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: what came is in the answer."""


@contextmanager
def telling(port: int) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", port), Teller) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield
        server.shutdown()
        thread.join()


def told_of_a_body(proxy: Proxy, length: int) -> bytes:
    """The first line of the answer to somebody who asks before sending `length` bytes."""
    with (
        socket.create_connection(("127.0.0.1", proxy.port), SECONDS) as plain,
        proxy.tls().wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        head = (
            f"PUT /api/v1/warnings HTTP/1.1\r\nHost: here\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        )
        connection.sendall(head.encode())
        return connection.recv(4096).partition(b"\r\n")[0]


def test_compose_gives_the_site_what_it_names() -> None:
    text, services = SITE.read_text(encoding="utf-8"), compose_file()["services"]
    ((upstream, port),) = re.findall(r"proxy_pass\s+http://(\w+):(\d+);", text)
    assert upstream in services["proxy"]["depends_on"]
    assert port in services[upstream]["command"]
    assert set(re.findall(r"/run/secrets/(\w+);", text)) == set(services["proxy"]["secrets"])
    (listened,) = re.findall(r"listen (\d+) ssl", text)
    assert [one.rpartition(":")[2] for one in services["proxy"]["ports"]] == [listened]


def test_the_guide_for_one_server_changes_what_is_of_the_container(tmp_path: Path) -> None:
    site = site_of_one_server(tmp_path)
    assert re.findall(r"listen (\d+)", site) == ["443"]
    assert re.findall(r"proxy_pass\s+(\S+);", site) == ["http://127.0.0.1:8420"]
    assert not re.search(r"/run/|/tmp|server_name _", site)


def test_nginx_accepts_the_site_from_both_guides(proxy: Proxy) -> None:
    done = subprocess.run([*proxy.command, "-t"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_pages_come_over_tls_once_with_hsts_and_tell_no_version(proxy: Proxy) -> None:
    with proxy.client() as browser:
        # The service's own, and one that the proxy makes.
        for path, status in (("/sign-in", 200), ("/metrics", 404)):
            answer = browser.get(path)
            assert answer.status_code == status
            assert answer.headers.get_list("Strict-Transport-Security") == HSTS
            assert answer.headers.get_list("Server") == ["nginx"]


def test_somebody_signs_in_with_cookies_for_tls_alone_and_stays_there(proxy: Proxy) -> None:
    with proxy.client() as browser:
        page = html.fromstring(browser.get("/sign-in").text)
        fields = {"form_token": page.xpath("//input[@name='form_token']/@value")[0], "username": made_up.WORKER}
        signed_in = browser.post("/sign-in", data=fields | {"password": PASSWORD})
        assert signed_in.status_code == 303
        assert all(cookie.secure for cookie in browser.cookies.jar)
        assert browser.get("/orders").status_code == 200
        elsewhere = browser.get("/orders/")
        assert (elsewhere.status_code, elsewhere.headers["Location"]) == (307, f"{browser.base_url}/orders")


def test_what_prometheus_reads_is_not_read_through_it(proxy: Proxy) -> None:
    assert httpx.get(f"{proxy.service}/metrics", headers=BEARER, trust_env=False).status_code == 200
    with proxy.client() as outside:
        for path in ("/metrics", "/metrics?all", "//metrics", "/%6detrics", "/static/%2e%2e/metrics"):
            answer = outside.get(f"https://127.0.0.1:{proxy.port}{path}", headers=BEARER)
            assert answer.status_code == 404, path
            assert "X-Request-Id" not in answer.headers, f"{path} reached the service"


def test_the_service_is_told_who_asks_and_not_what_they_say_of_themselves(proxy: Proxy) -> None:
    said = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "http", "X-Request-Id": "of-my-own-choice"}
    with telling(proxy.teller), proxy.client(proxy.before_teller) as client:
        told = client.get("/", headers=said).json()
    assert told["x-forwarded-for"] == "127.0.0.1"
    assert told["x-forwarded-proto"] == "https"
    assert re.fullmatch("[0-9a-f]{32}", told["x-request-id"])
    assert told["host"] == f"127.0.0.1:{proxy.before_teller}"


def test_proxy_and_service_log_a_request_under_one_name(proxy: Proxy) -> None:
    with proxy.client() as client:
        name = client.get("/sign-in").headers["X-Request-Id"]
        # A line is written after its answer; before the next answer it stands there.
        client.get("/sign-in")
    lines = [json.loads(line) for line in (proxy.folder / "case_service.log").read_text(encoding="utf-8").splitlines()]
    assert [line["route"] for line in lines if line.get("request_id") == name] == ["/sign-in"]
    assert name in (proxy.folder / "access.log").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda one: one.name
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_tls_is_refused_and_new_speaks_http_2(proxy: Proxy, version: ssl.TLSVersion) -> None:
    context = proxy.tls()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(("127.0.0.1", proxy.port), SECONDS) as plain:
        if version is ssl.TLSVersion.TLSv1_1:
            with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
                context.wrap_socket(plain, server_hostname="127.0.0.1")
            return
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
            assert connection.selected_alpn_protocol() == "h2"


def test_a_body_is_let_through_up_to_what_the_service_takes(proxy: Proxy) -> None:
    assert told_of_a_body(proxy, MOST_BYTES_OF_JSON) == b"HTTP/1.1 100 Continue"
    assert told_of_a_body(proxy, MOST_BYTES_OF_JSON + 1) == b"HTTP/1.1 413 Request Entity Too Large"
    batch = json.dumps(made_up.batch(made_up.warning())).encode() + b" " * 5 * MB
    with proxy.client() as client:
        answer = client.put("/api/v1/warnings", content=batch, headers=BEARER | {"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text


def test_while_the_service_is_away_it_says_so_at_once_and_then_goes_on(proxy: Proxy) -> None:
    with proxy.client(proxy.before_teller) as client:
        away = client.get("/", timeout=5)
        assert (away.status_code, away.headers.get_list("Strict-Transport-Security")) == (502, HSTS)
        with telling(proxy.teller):
            assert client.get("/").status_code == 200
