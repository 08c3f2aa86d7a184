"""Credentials in addresses: hidden wherever something is said, refused where it would stay."""

from __future__ import annotations

import subprocess

import pytest

from harness import addresses, settings
from harness.errors import UsageError
from harness.images import build
from harness.provision import discovery, download, progress

SECRETS = [
    "http://user:s3cret@mirror.example/debian",
    "https://s3cret@mirror.example/debian",
    "http://user:s3c@s3cret@mirror.example/debian",
    "socks5://user:s3cret@proxy:1080",
    "http://user:s%33cret/@mirror/debian".replace("/@", "@"),
    "proxy = user:s3cret@proxy.example:3128",
    "E: Failed to fetch http://a:s3cret@h/x and https://b:s3cret@h/y",
    "//user:s3cret@proxy:80",
    "user:p@s3cret@proxy:3128",
    "user:s3cret@[2001:db8::1]:3128",
    "user:a/s3cret@proxy:3128",
    "http://user:a/s3cret@proxy:3128",
    "http://user:a#s3cret@proxy:3128/x",
    "http://user:a?s3cret@proxy",
]


@pytest.mark.parametrize("text", SECRETS)
def test_credentials_are_found_and_hidden(text):
    assert addresses.holds_credentials(text)
    said = addresses.hidden(text)
    assert "***@" in said
    for part in ("user", "s3cret", "s3c@", "s%33cret"):
        assert part not in said


@pytest.mark.parametrize(
    "text",
    [
        "http://example.org/debian",
        "https://host:8080/path@2/x",
        "numpy @ https://files.example/numpy.whl",
        "somebody@example.org",
        "Step 3/9 : RUN echo a:b",
        "sha256:0123@sha",
        "FROM debian:bullseye-slim@sha256:0123",
        "registry.example:5000/debian@sha256:0123",
        "http://[2001:db8::1]:8080/path@2",
        "http://example.org/x?page=2",
    ],
)
def test_what_holds_none_is_left_as_it_is(text):
    assert not addresses.holds_credentials(text)
    assert addresses.hidden(text) == text


def test_what_is_left_still_says_which_host():
    text = "https://user:s3cret@one.example:80/x and http://u:a/s3cret@two.example:1/y"
    assert addresses.hidden(text) == "https://***@one.example:80/x and http://***@two.example:1/y"


@pytest.mark.parametrize("name", ["token", "X-Amz-Signature", "api_key", "sig", "Password"])
def test_a_token_in_a_query_is_a_credential_too(name):
    text = f"http://mirror.example/x?page=2&{name}=s3cret&z=1"
    assert addresses.hidden(text) == f"http://mirror.example/x?page=2&{name}=***&z=1"
    assert addresses.holds_credentials(text)


def test_a_mirror_of_the_data_is_named_without_its_password(monkeypatch, tmp_path):
    mnist = discovery.load("mnist")
    monkeypatch.setenv("BENCHDL_MIRRORS", "ftp://anna:s3cret@mirror.example/x")
    with pytest.raises(UsageError) as wrong:
        download.mirrors(mnist)
    monkeypatch.setenv("BENCHDL_MIRRORS", "http://anna:s3cret@127.0.0.1:9/x")
    with pytest.raises(download.DownloadError) as caught:
        download.from_mirrors(mnist, tmp_path, progress.silent)
    for error in (wrong, caught):
        assert "***@" in str(error.value)
        assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    "mirror",
    [
        "http://user:s3cret@mirror.example/debian",
        "https://s3cret@mirror.example/debian",
        "user:s3cret@mirror.example:80/debian",
        "[trusted=yes] http://mirror.example/debian",
        "http://mirror.example/debian bullseye main\ndeb http://other/",
        "http://mirror.example/debian?token=s3cret",
        "ftp://mirror.example/debian",
        "mirror.example/debian",
        "http://mirror.example/$(id)",
    ],
)
def test_a_mirror_that_would_stay_in_the_image_is_refused_before_the_engine_is_asked(mirror):
    with pytest.raises(UsageError) as caught:
        build.build(None, None, "cpu", mirror=mirror, say=print)
    assert "\n" not in str(caught.value)
    if "@" in mirror:
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "mirror", [None, "", "http://example.org/debian", "https://[2001:db8::1]:80/a/b~c/"]
)
def test_ordinary_mirrors_are_taken(mirror):
    addresses.check_mirror(mirror)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ANYTHING"])
def test_a_setting_with_credentials_is_refused_as_results_would_keep_it(name):
    with pytest.raises(UsageError) as caught:
        settings.parse([f"environment.{name}=http://anna:s3cret@proxy:3128"])
    assert "s3cret" not in str(caught.value)
    assert settings.parse([f"environment.{name}=http://proxy:3128"])


@pytest.mark.parametrize("name", ["https_proxy", "ALL_PROXY", "MY_PROXY_URL"])
def test_a_proxy_without_scheme_and_port_is_an_address_as_well(name):
    with pytest.raises(UsageError) as caught:
        settings.parse([f"environment.{name}=anna:s3cret@proxy"])
    assert "s3cret" not in str(caught.value)
    assert settings.parse(["environment.SOMETHING=a@b"])


def test_a_base_is_not_made_from_a_mirror_with_credentials(repo, tmp_path):
    script = repo / "docker" / "base" / "make-base.sh"
    command = ["bash", script, "bullseye", tmp_path / "x.tar", "http://anna:s3cret@mirror/debian"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "s3cret" not in done.stderr
    if "needs root" not in done.stderr:
        assert "credentials, which would stay in the base" in done.stderr


def test_a_hosts_mirror_with_credentials_is_passed_over(repo):
    text = (repo / "docker" / "base" / "make-base.sh").read_text()
    function = text[text.index("host_mirror() {") : text.index("# Where this host keeps")]
    sources = "deb http://anna:s3cret@m/debian x main\ndeb http://plain.example/debian x main"
    stand_ins = f"say() {{ echo \"$*\" >&2; }}; cat() {{ printf '%s\\n' '{sources}'; }}\n"
    is_debian = "[ -r /etc/os-release ] && grep -qx 'ID=debian' /etc/os-release"
    assert is_debian in function
    function = function.replace(is_debian, ":")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{stand_ins}{function}\nhost_mirror"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "http://plain.example/debian\n"
    assert "s3cret" not in done.stderr
    assert "not used for the base" in done.stderr
