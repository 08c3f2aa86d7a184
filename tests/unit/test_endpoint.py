"""Which engine is meant: the order of docker's own client, and one line where it names nonsense."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from docker.errors import DockerException

from harness import endpoint, engine
from harness.errors import BenchdlError, UsageError
from harness.images import credentials
from harness.launchers import choice

PEM = "-----BEGIN NOTHING-----\n"


@pytest.fixture
def settings(tmp_path):
    """Write docker's own configuration; returns what the environment says of it."""

    def write(data=None, text=None):
        if data is not None or text is not None:
            (tmp_path / "config.json").write_text(json.dumps(data) if text is None else text)
        return {"DOCKER_CONFIG": str(tmp_path), "HOME": str(tmp_path / "home")}

    return write


@pytest.fixture
def context(tmp_path):
    """Make a context as `docker context create` does, with TLS files of these names."""

    def make(name, host, files=(), **more):
        key = hashlib.sha256(name.encode()).hexdigest()
        meta = tmp_path / "contexts" / "meta" / key
        meta.mkdir(parents=True)
        found = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, **more}}}
        (meta / "meta.json").write_text(json.dumps(found))
        for file in files:
            material = tmp_path / "contexts" / "tls" / key / "docker"
            material.mkdir(parents=True, exist_ok=True)
            (material / file).write_text(PEM)
        return meta / "meta.json"

    return make


def test_the_order_is_that_of_dockers_own_client(settings, context):
    context("mine", "unix:///run/mine.sock")
    context("other", "unix:///run/other.sock")
    env = settings({"currentContext": "mine"})
    assert endpoint.find(env).url == "unix:///run/mine.sock"
    assert "the current context" in endpoint.find(env).source
    env["DOCKER_CONTEXT"] = "other"
    assert endpoint.find(env).url == "unix:///run/other.sock"
    assert "$DOCKER_CONTEXT" in str(endpoint.find(env))
    env["DOCKER_HOST"] = "unix:///run/third.sock"
    assert str(endpoint.find(env)) == "unix:///run/third.sock ($DOCKER_HOST)"


@pytest.mark.parametrize(
    "data",
    [None, {}, {"currentContext": ""}, {"currentContext": "default"}, {"currentContext": None}],
)
def test_without_a_name_it_is_the_default_socket(settings, data):
    assert str(endpoint.find(settings(data))) == f"{endpoint.DEFAULT_HOST} (the default socket)"


def test_default_by_name_is_not_the_current_context(settings, context):
    context("mine", "unix:///run/mine.sock")
    env = {**settings({"currentContext": "mine"}), "DOCKER_CONTEXT": "default"}
    assert endpoint.find(env).url == endpoint.DEFAULT_HOST


@pytest.mark.parametrize(
    "text",
    ["[]", "5", "null", '"x"', "{", "", "[" * 100_000, '{"currentContext": 5}', "\udcff", "NaN"],
    ids=lambda text: text[:12].encode("utf-8", "replace").decode(),
)
def test_a_broken_configuration_is_one_line_and_no_other_engine(tmp_path, settings, text):
    (tmp_path / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match=r"config\.json cannot be used: ") as caught:
        endpoint.find(settings())
    assert "\n" not in str(caught.value)
    assert endpoint.find({**settings(), "DOCKER_HOST": "unix:///x"}).url == "unix:///x"


def test_a_configuration_that_cannot_be_opened(tmp_path, settings):
    (tmp_path / "config.json").mkdir()
    with pytest.raises(UsageError, match=r"config\.json cannot be used: Is a directory"):
        endpoint.find(settings())


@pytest.mark.parametrize("variable", [True, False])
def test_a_context_that_is_not_there_is_named(settings, variable):
    env = settings({} if variable else {"currentContext": "gone"})
    env |= {"DOCKER_CONTEXT": "gone"} if variable else {}
    with pytest.raises(UsageError, match="there is no docker context 'gone'"):
        endpoint.find(env)


@pytest.mark.parametrize(
    "text",
    ["[]", "{", "{}", '{"Endpoints": []}', '{"Endpoints": {"docker": 5}}',
     '{"Endpoints": {"docker": {}}}', '{"Endpoints": {"docker": {"Host": 5}}}'],
)  # fmt: skip
def test_a_damaged_context_is_one_line(settings, context, text):
    context("mine", "unix:///x").write_text(text)
    with pytest.raises(UsageError, match=r"meta\.json cannot be used"):
        endpoint.find({**settings(), "DOCKER_CONTEXT": "mine"})


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("unix:///var/run/docker.sock", "unix:///var/run/docker.sock"),
        ("unix://", endpoint.DEFAULT_HOST),
        ("unix:///Run/Mixed.Case#1", "unix:///Run/Mixed.Case#1"),
        ("tcp://127.0.0.1:2375", "tcp://127.0.0.1:2375"),
        ("tcp://host", "tcp://host:2375"),
        ("tcp://", "tcp://localhost:2375"),
        ("host:99", "tcp://host:99"),
        (":99", "tcp://localhost:99"),
        ("tcp://[::1]:2375", "tcp://[::1]:2375"),
        ("tcp://[fe80::1]", "tcp://[fe80::1]:2375"),
        ("http://host:80/base/", "tcp://host:80/base"),
        ("https://host", "https://host:2376"),
    ],
)
def test_addresses_in_every_form_that_docker_takes(host, url):
    assert endpoint.find({"DOCKER_HOST": host}).url == url


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("ssh://me:secret@host", "Run benchdl on that machine (benchdl import brings its results"),
        ("fd://", "no client can reach here"),
        ("npipe:////./pipe/docker_engine", "no client can reach here"),
        ("ftp://example.org", "benchdl knows unix://, tcp://"),
        ("tcp://127.0.0.1:notaport", "makes no sense"),
        ("tcp://127.0.0.1:99999", "makes no sense"),
        ("tcp://[::1", "makes no sense"),
        ("tcp://me:secret@host:2375", "makes no sense"),
        ("tcp://host:2375?x=1", "makes no sense"),
        ("tcp://me:a@secret@host:2375", "makes no sense"),
        ("tcp://me:a/secret@host:2375", "makes no sense"),
        ("me:secret@host", "makes no sense"),
        ("//me:secret@host", "makes no sense"),
        ("tcp://one,tcp://two", "makes no sense"),
        ("tcp:// host", "makes no sense"),
        ("tcp://ho\nst:1", "makes no sense"),
        ("unix:/run/docker.sock", "unix:///var/run/docker.sock"),
        ("/run/docker.sock", "is a path: as in unix:///"),
    ],
)
def test_addresses_that_lead_nowhere_are_one_line_without_a_password(host, why):
    with pytest.raises(UsageError) as caught:
        endpoint.find({"DOCKER_HOST": host})
    assert why in str(caught.value)
    assert "$DOCKER_HOST" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_tls_without_a_host_is_dockers_own_host_for_it_and_never_the_socket(settings, tmp_path):
    env = {**settings({"currentContext": "default"}), "DOCKER_TLS_VERIFY": "1"}
    with pytest.raises(UsageError, match=r"ca\.pem is missing"):
        endpoint.find(env)
    for part in ("ca", "cert", "key"):
        (tmp_path / f"{part}.pem").write_text(PEM)
    found = endpoint.find(env)
    assert (found.url, found.tls.verify) == ("https://localhost:2376", True)
    assert "without $DOCKER_HOST" in str(found)


def test_dockers_files_are_read_as_docker_reads_them(settings, context):
    context("mine", "unix:///run/mine.sock")
    env = settings({"CurrentContext": "mine"})
    assert endpoint.find(env).url == "unix:///run/mine.sock"
    file = context("other", "")
    file.write_text('{"endpoints": {"docker": {"host": "tcp://a:1", "skiptlsverify": true}}}')
    found = endpoint.find({**env, "DOCKER_CONTEXT": "other"})
    assert (found.url, found.tls.verify) == ("https://a:1", False)
    file.write_text('{"Endpoints": {"docker": {"Host": "tcp://a:1", "SkipTLSVerify": "true"}}}')
    with pytest.raises(UsageError, match="SkipTLSVerify is neither true nor false"):
        endpoint.find({**env, "DOCKER_CONTEXT": "other"})


def test_a_relative_socket_is_one_of_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert endpoint.find({"DOCKER_HOST": "unix://d.sock"}).url == f"unix://{tmp_path}/d.sock"


def test_tls_of_the_environment(tmp_path):
    for part in ("ca", "cert", "key"):
        (tmp_path / f"{part}.pem").write_text(PEM)
    env = {"DOCKER_HOST": "tcp://host", "DOCKER_CERT_PATH": str(tmp_path)}
    assert endpoint.find(env).tls is None
    sure = endpoint.find({**env, "DOCKER_TLS_VERIFY": "0"})  # any text is yes, as docker has it
    assert sure.url == "https://host:2376"
    assert (sure.tls.verify, sure.tls.ca_cert) == (True, str(tmp_path / "ca.pem"))
    assert sure.tls.cert == (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    assert endpoint.find({**env, "DOCKER_TLS": "1"}).tls.verify is False
    assert endpoint.find({**env, "DOCKER_TLS_VERIFY": ""}).tls is None


@pytest.mark.parametrize(
    ("files", "missing"), [(["cert", "key"], "ca.pem"), (["ca", "cert"], "key")]
)
def test_tls_that_lacks_a_file_is_one_line(tmp_path, files, missing):
    for part in files:
        (tmp_path / f"{part}.pem").write_text(PEM)
    env = {"DOCKER_HOST": "tcp://host", "DOCKER_CERT_PATH": str(tmp_path), "DOCKER_TLS_VERIFY": "1"}
    with pytest.raises(UsageError, match=missing):
        endpoint.find(env)


def test_tls_of_a_context(settings, context, tmp_path):
    context("sure", "tcp://a:1", ["ca.pem", "cert.pem", "key.pem"])
    context("theirs", "tcp://a:1", ["ca.pem"])
    context("blind", "tcp://a:1", SkipTLSVerify=True)
    context("plain", "tcp://a:1", SkipTLSVerify=False)
    found = {
        name: endpoint.find({**settings(), "DOCKER_CONTEXT": name})
        for name in ("sure", "theirs", "blind", "plain")
    }
    assert found["sure"].tls.verify is True
    assert found["sure"].tls.ca_cert.startswith(str(tmp_path / "contexts" / "tls"))
    assert found["sure"].tls.cert[1].endswith("key.pem")
    assert (found["theirs"].tls.cert, found["theirs"].tls.verify) == (None, True)
    assert (found["blind"].url, found["blind"].tls.verify) == ("https://a:1", False)
    assert (found["plain"].url, found["plain"].tls) == ("tcp://a:1", None)


@pytest.mark.parametrize("wanted", ["abc", "1", "1.41.0", "-1"])
def test_an_api_version_that_is_none(wanted):
    with pytest.raises(UsageError, match="DOCKER_API_VERSION"):
        endpoint.api_version({"DOCKER_API_VERSION": wanted})


class _Old(BaseHTTPRequestHandler):
    version = "1.24"

    def do_GET(self):
        body = b"OK" if self.path.endswith("/_ping") else json.dumps(
            {"Version": "1.12", "ApiVersion": self.version}).encode()  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.seen.append(dict(self.headers))

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """Something that answers as an engine does; returns the headers that came."""

    def serve(version):
        web = HTTPServer(("127.0.0.1", 0), type("Engine", (_Old,), {"version": version}))
        web.seen = []
        served.append(web)
        threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{web.server_port}")
        return web.seen

    served = []
    yield serve
    for web in served:
        web.shutdown()
        web.server_close()


def test_an_engine_that_is_too_old_is_one_line(server):
    server("1.40")
    with pytest.raises(BenchdlError, match=r"speaks API 1\.40: benchdl needs 1\.41"):
        engine.connect()


def test_proxies_and_certificates_for_the_web_are_not_for_the_engine(monkeypatch, server):
    server("1.43")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert engine.connect().api.api_version == "1.43"


def test_the_wanted_version_is_spoken(monkeypatch, server):
    server("1.51")
    monkeypatch.setenv("DOCKER_API_VERSION", "1.44")
    assert engine.connect().api.api_version == "1.44"


@pytest.mark.parametrize(
    "data", [[], 5, {"auths": 5}, {"proxies": []}, {"HttpHeaders": 5}, {"credsStore": 7}]
)
def test_no_nonsense_in_dockers_configuration_disturbs_an_engine_by_name(
    monkeypatch, server, settings, data
):
    server("1.43")
    for name, value in settings(data).items():
        monkeypatch.setenv(name, value)
    assert engine.name(engine.connect()).endswith("($DOCKER_HOST)")


def test_headers_of_dockers_configuration_are_sent_and_passwords_are_not(
    monkeypatch, server, settings
):
    seen = server("1.43")
    mine = {"HttpHeaders": {"X-Mine": "yes"}, "auths": {"r.example": {"auth": "bWU6c2VjcmV0"}}}
    for name, value in settings(mine).items():
        monkeypatch.setenv(name, value)
    client = engine.connect()
    headers = {}
    client.api._set_auth_headers(headers)
    assert headers == {}
    assert seen[-1]["X-Mine"] == "yes"


@pytest.mark.parametrize(
    "header", [{"X": "a\r\nB: c"}, {"X": "€"}, {"X\n": "a"}, {"": "a"}, {"X": " a"}]
)
def test_a_header_that_cannot_be_sent_makes_no_engine_go_away(
    monkeypatch, settings, server, header
):
    proxies = {"default": {"httpProxy": 5, "noProxy": ["a"]}}
    for name, value in settings({"HttpHeaders": {**header, "Y": "ü"}, "proxies": proxies}).items():
        monkeypatch.setenv(name, value)
    seen = server("1.43")
    assert engine._settings() == {"HttpHeaders": {"Y": "ü"}, "proxies": {"default": {}}}
    assert engine.connect().api.api_version == "1.43"
    assert seen[-1]["Y"] == "ü"


def test_a_connection_that_breaks_is_the_lost_engine_by_name(monkeypatch, server):
    server("1.43")
    client = engine.connect()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        client.api.base_url = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert engine.answers(client) is False
        with pytest.raises(engine.EngineLostError, match=r"lost the Docker engine at tcp://.*HOST"):
            engine.info(client)


@pytest.mark.parametrize("word", ["auto", "docker"])
def test_a_name_that_leads_nowhere_is_not_answered_by_another_launcher(monkeypatch, settings, word):
    for name, value in settings({"currentContext": "gone"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    with pytest.raises(UsageError, match="there is no docker context 'gone'"):
        choice.launcher(word, make_base=False, say=lambda _: None)


@pytest.mark.parametrize(
    "data",
    [
        {"credsStore": "nowhere"},
        {"credHelpers": {"docker.io": "nowhere"}, "credsStore": "nowhere"},
        {"auths": {"https://index.docker.io/v1/": {"auth": "%%%"}}},
        {"auths": 5},
        {"credsStore": 5},
    ],
)
def test_a_credential_helper_that_is_missing_costs_a_line(monkeypatch, settings, data):
    for name, value in settings(data).items():
        monkeypatch.setenv(name, value)
    said = []
    assert credentials.find("debian:bullseye-slim", said.append) == {}
    assert "without a password" in said[0]
    assert len(said) == 1
    if data.get("credsStore") == "nowhere":
        assert "docker-credential-nowhere" in said[0]


def test_a_password_is_taken_for_its_own_registry(monkeypatch, settings):
    for name, value in settings({"auths": {"r.example": {"auth": "bWU6c2VjcmV0"}}}).items():
        monkeypatch.setenv(name, value)
    found = credentials.find("r.example/debian:bullseye-slim", pytest.fail)
    assert (found["username"], found["password"]) == ("me", "secret")
    assert credentials.find("debian:bullseye-slim", pytest.fail) == {}


def test_what_is_no_answer_of_an_engine_is_one_line(monkeypatch, server):
    server("")
    with pytest.raises(BenchdlError) as caught:
        engine.connect()
    assert not isinstance(caught.value, DockerException)
    assert "\n" not in str(caught.value)
