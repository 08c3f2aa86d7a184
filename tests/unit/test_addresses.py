"""Credentials in addresses: hidden wherever something is said, refused where it would stay."""

from __future__ import annotations

import pytest

from harness import addresses
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
        "http://deb.debian.org/debian",
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
    "mirror", [None, "", "http://deb.debian.org/debian", "https://[2001:db8::1]:80/a/b~c/"]
)
def test_ordinary_mirrors_are_taken(mirror):
    addresses.check_mirror(mirror)
