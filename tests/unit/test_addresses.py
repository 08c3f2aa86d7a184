"""Credentials in addresses: hidden wherever something is said, refused where it would stay."""

from __future__ import annotations

import subprocess

import pytest

from harness import addresses, settings
from harness.errors import UsageError
from harness.images import build

SECRETS = [
    "http://user:s3cret@mirror.example/debian",
    "https://s3cret@mirror.example/debian",
    "http://user:s3c@s3cret@mirror.example/debian",
    "socks5://user:s3cret@proxy:1080",
    "http://user:s%33cret/@mirror/debian".replace("/@", "@"),
    "proxy = user:s3cret@proxy.example:3128",
    "E: Failed to fetch http://a:s3cret@h/x and https://b:s3cret@h/y",
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
    ],
)
def test_what_holds_none_is_left_as_it_is(text):
    assert not addresses.holds_credentials(text)
    assert addresses.hidden(text) == text


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
