"""The user's password for a registry, where docker's own client has one; without it, none.

The bases that benchdl pulls are public: a helper that is missing or broken costs a line, not the
pull.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

import docker.auth
from docker.auth import AuthConfig
from docker.errors import DockerException
from docker.utils import parse_repository_tag

from harness import endpoint
from harness.errors import UsageError


def find(reference: str, say: Callable[[str], None]) -> dict[str, Any]:
    """What docker-py takes as ``auth_config`` to pull ``reference``; empty is nobody in particular.

    Args:
        reference: the image to pull.
        say: is told what of docker's configuration is no use, and that the pull goes on without.
    """
    try:
        settings = endpoint.config(os.environ)
        registry, _ = docker.auth.resolve_repository_name(parse_repository_tag(reference)[0])
    except (UsageError, DockerException) as error:
        say(f"pulling {reference} without a password: {error}")
        return {}
    kept: dict[str, Any] = {
        key: settings[key] for key in ("auths", "credsStore", "credHelpers") if key in settings
    }
    if not any(kept.values()):
        return {}
    helpers = kept.get("credHelpers")
    helper = helpers.get(registry) if isinstance(helpers, dict) else None
    helper = helper or kept.get("credsStore")
    try:
        with warnings.catch_warnings():  # docker-py warns of a helper that is missing, then fails
            warnings.simplefilter("ignore")
            found = AuthConfig.load_config(None, kept).resolve_authconfig(registry)
    except (DockerException, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        source = f"the credential helper docker-credential-{helper}" if helper else "a password"
        reason = " ".join(str(error).split())[:160]
        say(
            f"pulling {reference} without a password: {source} named in "
            f"{endpoint.config_file(os.environ)} cannot be used ({reason})"
        )
        return {}
    return dict(found or {})
