"""Which Docker engine is meant: as docker's own client decides it, from what a user has set.

``$DOCKER_HOST``, else ``$DOCKER_CONTEXT``, else the current context of docker's config.json (in
``$DOCKER_CONFIG`` or ``~/.docker``), else the default socket. Sources: "docker context" and
"Environment variables" in the manual of docker's command line; the names of files are its own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from docker.errors import TLSParameterError
from docker.tls import TLSConfig

from harness import addresses, files
from harness.errors import UsageError

DEFAULT_HOST = "unix:///var/run/docker.sock"
DEFAULT_SOURCE = "the default socket"
_DEFAULT_TLS_HOST = "tcp://localhost:2376"  # DefaultTLSHost in opts/hosts.go of docker's client
_PORTS = {False: 2375, True: 2376}
_SCHEMES = ("unix", "tcp", "http", "https")
_PLACE = re.compile(r"([\w.-]+|\[[\w:.%]+\])?(:\d+)?")
_ELSEWHERE = (
    "a job's folders are mounted by their paths, which would be those of the engine's machine. Run "
    "benchdl on that machine (benchdl import brings its results here), or on many with benchdl "
    "fleet run; here: unset it, or use --launcher local"
)


@dataclass(frozen=True)
class Endpoint:
    """An engine's address as docker-py takes it, who named it, and its TLS material if any."""

    url: str
    source: str
    tls: TLSConfig | None = None

    def __str__(self) -> str:
        return f"{addresses.hidden(self.url)} ({self.source})"


def find(environment: Mapping[str, str]) -> Endpoint:
    """The engine that ``environment`` and docker's own configuration name.

    Raises:
        UsageError: what they name does not exist, or cannot be used.
    """
    host = environment.get("DOCKER_HOST", "").strip()
    if host:
        return _endpoint(host, "$DOCKER_HOST", _tls_of_environment(environment))
    name, source = environment.get("DOCKER_CONTEXT", "").strip(), "$DOCKER_CONTEXT"
    if not name:
        file = config_file(environment)
        name = _value(config(environment), "currentContext") or ""
        source = f"the current context in {file}"
        if not isinstance(name, str):
            raise _broken(file, "currentContext is not a name")
    if name in ("", "default"):
        tls = _tls_of_environment(environment)
        if tls:
            return _endpoint(_DEFAULT_TLS_HOST, "$DOCKER_TLS_VERIFY without $DOCKER_HOST", tls)
        return _endpoint(DEFAULT_HOST, DEFAULT_SOURCE, None)
    return _context(name, source, config_file(environment).parent / "contexts")


def config_file(environment: Mapping[str, str]) -> Path:
    """Where docker's own client keeps its settings."""
    folder = environment.get("DOCKER_CONFIG")
    return (Path(folder) if folder else _home(environment) / ".docker") / "config.json"


def config(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings of docker's own client; empty where it has none.

    Raises:
        UsageError: the file cannot be read, or is not what it should be.
    """
    file = config_file(environment)
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise _broken(file, getattr(error, "strerror", None) or "it is not text") from None
    return _object(text, file)


def api_version(environment: Mapping[str, str]) -> str | None:
    """The version of the API that the user wants; None is the engine's newest.

    Raises:
        UsageError: it is not a version.
    """
    wanted = environment.get("DOCKER_API_VERSION", "").strip()
    if wanted and not re.fullmatch(r"\d{1,3}\.\d{1,3}", wanted):
        raise UsageError(f"DOCKER_API_VERSION={wanted} is no version", "as in 1.41, or unset it")
    return wanted or None


def _context(name: str, source: str, folder: Path) -> Endpoint:
    """The engine of a context of docker's own client.

    Raises:
        UsageError: there is no such context, it is damaged, or names no engine.
    """
    key = hashlib.sha256(name.encode("utf-8", errors="surrogateescape")).hexdigest()
    file = folder / "meta" / key / "meta.json"
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"there is no docker context '{name}', which is named by {source}",
            "docker context ls lists them; unset the name, or use --launcher local",
        ) from None
    except (OSError, ValueError) as error:
        raise _broken(file, getattr(error, "strerror", None) or "it is not text") from None
    endpoints = _value(_object(text, file), "Endpoints")
    engine = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = _value(engine, "Host") if isinstance(engine, dict) else None
    if not isinstance(engine, dict) or not isinstance(host, str) or not host.strip():
        raise _broken(file, f"context '{name}' names no engine")
    skip = _value(engine, "SkipTLSVerify") or False
    if not isinstance(skip, bool):
        raise _broken(file, "SkipTLSVerify is neither true nor false")
    material = folder / "tls" / key / "docker"
    tls = None
    if skip or any(files.exists(material / f"{part}.pem") for part in ("ca", "cert", "key")):
        tls = _tls(material, verify=not skip, source=f"context '{name}'", needs_ca=False)
    return _endpoint(host.strip(), f"context '{name}' of {source}", tls)


def _tls_of_environment(environment: Mapping[str, str]) -> TLSConfig | None:
    """As docker's own client: any text but an empty one means yes."""
    verify = bool(environment.get("DOCKER_TLS_VERIFY"))
    if not verify and not environment.get("DOCKER_TLS"):
        return None
    folder = environment.get("DOCKER_CERT_PATH")
    material = Path(folder) if folder else config_file(environment).parent
    return _tls(material, verify=verify, source="$DOCKER_TLS_VERIFY", needs_ca=True)


def _tls(folder: Path, *, verify: bool, source: str, needs_ca: bool) -> TLSConfig:
    ca, cert, key = (folder / f"{part}.pem" for part in ("ca", "cert", "key"))
    if verify and needs_ca and not files.is_file(ca):
        raise UsageError(f"TLS as {source} asks for it: {ca} is missing", "see $DOCKER_CERT_PATH")
    pair = (str(cert), str(key)) if files.exists(cert) or files.exists(key) else None
    try:
        return TLSConfig(
            client_cert=pair, ca_cert=str(ca) if files.is_file(ca) else None, verify=verify
        )
    except TLSParameterError:
        raise UsageError(f"TLS as {source} asks for it: {cert} and {key} are needed both") from None


def _endpoint(host: str, source: str, tls: TLSConfig | None) -> Endpoint:
    """An address in any form that docker's own client takes, completed.

    Raises:
        UsageError: nothing can be reached by it, or not by benchdl.
    """
    text = host.replace("http+unix://", "unix://", 1)
    if "://" not in text:
        text = f"tcp://{text}"  # docker's own client takes a bare host and port for that
    hidden = addresses.hidden(text)
    shown = f"{host if hidden == text else hidden} ({source})"
    scheme = text.partition("://")[0].lower()
    if scheme == "ssh":
        raise UsageError(f"the Docker engine {shown} is on another machine, by ssh", _ELSEWHERE)
    if scheme not in _SCHEMES:
        more = "" if scheme not in ("fd", "npipe") else ", which no client can reach here"
        raise UsageError(
            f"the Docker engine's address {shown} begins with {scheme}://{more}",
            f"benchdl knows {', '.join(f'{known}://' for known in _SCHEMES)}",
        )
    if scheme == "unix":
        path = text.partition("://")[2]
        return Endpoint(f"unix://{Path(path).absolute()}" if path else DEFAULT_HOST, source)
    parts, port = _split(text, shown)
    if scheme == "http" and tls is not None:
        raise UsageError(f"the Docker engine's address {shown} is without TLS", "use tcp://")
    secure = scheme == "https" or tls is not None
    name = parts.hostname or "localhost"
    netloc = f"[{name}]" if ":" in name else name
    base = f"{netloc}:{port or _PORTS[secure]}{parts.path.rstrip('/')}"
    return Endpoint(f"{'https' if secure else 'tcp'}://{base}", source, tls)


def _split(text: str, shown: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:  # a port that is no number, half an IPv6 address
        raise UsageError(f"the Docker engine's address {shown} makes no sense: {error}") from None
    odd = parts.query or parts.fragment or port == 0 or not re.fullmatch(r"[!-~]+", text)
    if odd or not _PLACE.fullmatch(parts.netloc) or not re.fullmatch(r"(/[\w.-]+)*/?", parts.path):
        raise UsageError(
            f"the Docker engine's address {shown} makes no sense",
            "as in tcp://host:2376 or unix:///var/run/docker.sock",
        )
    if not parts.netloc and parts.path.strip("/"):
        raise UsageError(
            f"the Docker engine's address {shown} is a path", "as in unix:///var/run/docker.sock"
        )
    return parts, port


def _value(data: dict[str, Any], name: str) -> Any:
    """The value of this name, in whatever case: so docker's own client reads its files."""
    found = [value for key, value in data.items() if key.lower() == name.lower()]
    return data[name] if name in data else found[-1] if found else None


def _object(text: str, file: Path) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise _broken(file, "it is not JSON") from None
    if not isinstance(data, dict):
        raise _broken(file, "it is not a JSON object")
    return data


def _broken(file: Path, why: str) -> UsageError:
    return UsageError(
        f"docker's configuration {file} cannot be used: {why}",
        "mend it, say which engine with $DOCKER_HOST, or use --launcher local",
    )


def _home(environment: Mapping[str, str]) -> Path:
    home = environment.get("HOME")
    return Path(home) if home else Path("~").expanduser()
