"""The Docker engine: reaching the one that is meant, and one kind of error where it is lost."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker
import requests
from docker.auth import AuthConfig
from docker.errors import APIError, DockerException, ImageNotFound
from docker.models.images import Image
from docker.utils import version_lt
from requests.exceptions import RequestException, SSLError
from urllib3.exceptions import HTTPError, InsecureRequestWarning

from harness import endpoint
from harness.endpoint import Endpoint
from harness.engine_texts import EngineFullError, EngineLostError, explain
from harness.errors import BenchdlError, UsageError

__all__ = [
    "BROKEN", "EngineFullError", "EngineLostError", "answers", "calls", "connect", "explain",
    "find_image", "info", "lost", "name", "version",
]  # fmt: skip

BROKEN = (DockerException, RequestException, HTTPError, OSError, EngineLostError)
"""What comes of docker-py where a connection breaks, before or in the midst of an answer."""

_TIMEOUT_S = 600
_FIRST_TIMEOUT_S = 30
_HEADER = re.compile(
    r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: (?:[!-~\xa1-\xff](?:[\t -~\xa1-\xff]*[!-~\xa1-\xff])?)?"
)
"""What can be sent (RFC 9110, section 5): another would look like an engine that is not there."""

_LEAST_API = "1.41"  # engine 20.10: private control group namespaces
_START = "start it (sudo systemctl start docker), or use --launcher local"


class Client(docker.DockerClient):
    """docker-py's client of one engine; a connection that breaks is an :class:`EngineLostError`."""

    def __init__(self, where: Endpoint, wanted: str | None, settings: dict[str, Any]) -> None:
        self.where = where
        self.api = _Api(where, wanted, settings)


class _Api(docker.APIClient):
    """docker-py's, without what it takes from files and variables on its own.

    It would read docker's config.json from another place than docker does, fail on one that holds
    nonsense, send every password in it with each build, and heed the proxies and the certificates
    of ``requests``, which are for the web.
    """

    def __init__(self, where: Endpoint, wanted: str | None, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._where = where
        super().__init__(
            base_url=where.url,
            version=_LEAST_API,  # asks nothing; the real one is found below
            timeout=_FIRST_TIMEOUT_S,
            tls=where.tls or False,
        )
        self.trust_env = False
        self._auth_configs = AuthConfig({})
        self._version = wanted or str(self.version(api_version=False)["ApiVersion"])
        if not self.ping():
            raise DockerException("it does not answer a ping")
        self.timeout = _TIMEOUT_S

    @property
    def _general_configs(self) -> dict[str, Any]:
        return dict(self._settings)

    @_general_configs.setter
    def _general_configs(self, value: object) -> None:
        """What docker-py read is not used."""

    def _set_auth_headers(self, headers: dict[str, Any]) -> None:
        """Builds begin from images that are here: no password is sent with them."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """As of ``requests``.

        Raises:
            EngineLostError: there was no answer.
        """
        try:
            with warnings.catch_warnings():  # a context may say that TLS is not verified
                warnings.simplefilter("ignore", InsecureRequestWarning)
                return super().send(request, **kwargs)
        except (RequestException, HTTPError, OSError) as error:
            raise _lost(self._where, error) from error


def connect() -> docker.DockerClient:
    """A client of the engine that ``$DOCKER_HOST``, a docker context or the default names.

    Raises:
        UsageError: what they name does not exist or cannot be used.
        BenchdlError: no engine answers there, or this user may not talk to it.
    """
    where = endpoint.find(os.environ)
    wanted = endpoint.api_version(os.environ)
    try:
        client = Client(where, wanted, _settings())
        too_old = version_lt(str(client.api.api_version), _LEAST_API)
    except EngineLostError as error:
        raise _unreachable(where, error.__cause__ or error) from None
    except APIError as error:
        raise explain(error, f"asking the Docker engine at {where}") from None
    except (DockerException, ValueError, KeyError, TypeError) as error:
        raise _unreachable(where, error) from None
    if too_old:
        raise BenchdlError(
            f"the Docker engine at {where} speaks API {client.api.api_version}",
            f"benchdl needs {_LEAST_API}: Docker 20.10 or newer"
            + ("; unset DOCKER_API_VERSION" if wanted else ""),
        )
    return client


@contextmanager
def calls(client: docker.DockerClient, doing: str) -> Iterator[None]:
    """Within the body errors of docker-py become benchdl's, with ``doing`` in front.

    Raises:
        EngineLostError: the connection broke, or the engine is going away or full.
        BenchdlError: it says no.
    """
    try:
        yield
    except APIError as error:
        raise explain(error, doing) from None
    except BROKEN as error:
        raise lost(client, doing, error) from None


def name(client: docker.DockerClient) -> str:
    """The engine's address and who named it."""
    return str(getattr(client, "where", "") or client.api.base_url)


def lost(client: docker.DockerClient, doing: str, error: BaseException) -> EngineLostError:
    """The error of a connection that broke while ``doing``."""
    known = error
    if not isinstance(known, EngineLostError):
        known = _lost(getattr(client, "where", None), error)
    return type(known)(f"{doing}: {known.message}", known.advice)


def answers(client: docker.DockerClient) -> bool:
    """Whether a new connection to the engine is answered: one that shuts down takes none."""
    client.api.close()  # what was kept open may be answered to the last
    try:
        client.ping()
    except BROKEN:
        return False
    return True


def find_image(client: docker.DockerClient, reference: str) -> Image | None:
    """The image of this name or id, or None.

    Raises:
        BenchdlError: the engine cannot say.
    """
    with calls(client, f"looking for image {reference}"):
        try:
            return client.images.get(reference)
        except ImageNotFound:
            return None


def info(client: docker.DockerClient) -> dict[str, Any]:
    """What the engine says of itself; of podman also what docker's question leaves out.

    Raises:
        BenchdlError: it does not.
    """
    with calls(client, "asking what the engine offers"):
        facts = dict(client.info())
        if _is_podman(client.version()) and _rootless(client):
            facts["SecurityOptions"] = [*(facts.get("SecurityOptions") or []), "name=rootless"]
    return facts


def version(client: docker.DockerClient) -> str:
    """Engine and API version, for the record.

    Raises:
        BenchdlError: the engine does not say.
    """
    with calls(client, "asking the engine's version"):
        facts = client.version()
    name = "podman " if _is_podman(facts) else ""
    return f"{name}{facts.get('Version', '?')} (API {facts.get('ApiVersion', '?')})"


def _is_podman(version: dict[str, Any]) -> bool:
    parts = version.get("Components") or []
    return any(str(part.get("Name", "")).startswith("Podman") for part in parts)


def _rootless(client: docker.DockerClient) -> bool:
    """podman's own word: up to 4.3 it is not among what docker is told."""
    api: Any = client.api
    answer = api._result(api._get(api._url("/libpod/info")), json=True)
    security = (answer.get("host") or {}).get("security") or {}
    return bool(security.get("rootless"))


def _lost(where: Endpoint | None, error: BaseException) -> EngineLostError:
    reason = " ".join(str(error).split())[:200]
    at = f" at {where}" if where else ""
    return EngineLostError(f"lost the Docker engine{at} ({reason})", "see that it runs")


def _unreachable(where: Endpoint, error: BaseException) -> BenchdlError:
    text = str(error)
    if "ermission denied" in text:
        return BenchdlError(
            f"permission denied on the Docker engine's socket at {where}",
            "add yourself to the group docker (sudo usermod -aG docker $USER, then log in again), "
            "or use --launcher local",
        )
    if isinstance(error, SSLError) or "HTTP request to an HTTPS server" in text:
        reason = " ".join(text.split())[-200:]
        return BenchdlError(
            f"no Docker engine answers at {where}",
            f"TLS failed ({reason}): see $DOCKER_TLS_VERIFY, $DOCKER_CERT_PATH and the context",
        )
    return BenchdlError(f"no Docker engine answers at {where}", _START)


def _settings() -> dict[str, Any]:
    """What of docker's own settings is the engine's business: headers, and proxies for builds.

    A file that is no use is not needed for an engine that was named without it.
    """
    try:
        mine = endpoint.config(os.environ)
    except UsageError:
        mine = {}
    headers, proxies = mine.get("HttpHeaders"), mine.get("proxies")
    return {  # never empty: docker-py would read the file again
        "HttpHeaders": {
            key: value
            for key, value in (headers.items() if isinstance(headers, dict) else ())
            if isinstance(value, str) and _HEADER.fullmatch(f"{key}: {value}")
        },
        "proxies": {
            key: {name: text for name, text in value.items() if isinstance(text, str)}
            for key, value in (proxies.items() if isinstance(proxies, dict) else ())
            if isinstance(value, dict)
        },
    }
