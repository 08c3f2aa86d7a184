"""An image's tar is read before an engine sees it: every kind of hostile one is refused."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest
import saved_images
from saved_images import Saved, sha256, special

from harness.bundle import image_members, image_policy, image_tar
from harness.bundle.archive import ArchiveError
from harness.bundle.foreign_tar import Window


def window(content):
    return Window(io.BytesIO(content), 0, len(content))


def read(members, saved=None, **promised):
    saved = saved or Saved()
    given = {"image_id": saved.image_id, "layers": saved.diff_ids, **promised}
    raw = members if isinstance(members, bytes) else saved_images.tar(members)
    return image_tar.read(window(raw), given["image_id"], given["layers"])


def refused(members, saved=None, **promised):
    with pytest.raises(ArchiveError) as caught:
        read(members, saved, **promised)
    line = str(caught.value)
    assert line
    assert line.isprintable()
    assert len(line) < 400
    return line


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_an_engine_saves_is_taken_and_written_anew_with_our_name_only(form):
    saved = Saved()
    found = read(saved_images.tar(saved.members(), form))
    assert found.config == saved.raw_config
    written = b"".join(image_tar.written(found, "ours/small:cpu-1"))
    with tarfile.open(fileobj=io.BytesIO(written)) as archive:
        held = {member.name: archive.extractfile(member).read() for member in archive.getmembers()}
    (told,) = json.loads(held["manifest.json"])
    assert told["RepoTags"] == ["ours/small:cpu-1"]
    assert held[told["Config"]] == saved.raw_config
    assert [held[path] for path in told["Layers"]] == saved.layers
    assert set(held) == {"manifest.json", told["Config"], *told["Layers"]}


def test_the_oci_layout_with_compressed_layers_is_taken():
    saved = Saved()
    members = saved.oci([gzip.compress(layer) for layer in saved.layers])
    found = read(members)
    written = b"".join(image_tar.written(found, "ours/small:cpu-1"))
    with tarfile.open(fileobj=io.BytesIO(written)) as archive:
        held = [archive.extractfile(member).read() for member in archive.getmembers()]
    assert all(layer in held for layer in saved.layers)
    (manifest,) = json.loads(members["index.json"])["manifests"]
    assert read(members, image_id=manifest["digest"]).config == saved.raw_config


def test_a_layer_that_comes_twice_is_a_link_in_docker_s_own_form_only():
    layer = saved_images.tar({"a": b"a"})
    saved = Saved(layers=[layer, layer])
    members = saved.members()
    first, second = [name for name in members if name.endswith("/layer.tar")]
    members[second] = special(second, tarfile.SYMTYPE, f"../{first}")
    found = read(members, saved)
    assert len(found.layers) == 2
    assert b"".join(image_tar.written(found, "a:b")).count(layer) == 1
    for kind, link in (
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.SYMTYPE, "../../etc/passwd"),
        (tarfile.LNKTYPE, f"../{first}"),
    ):
        members[second] = special(second, kind, link)
        assert "a link" in refused(members, saved)
    members[second] = special(second, tarfile.SYMTYPE, f"../{'0' * 64}/layer.tar")
    assert "it lacks" in refused(members, saved)


def test_what_podman_saves_is_taken():
    saved = Saved()
    config = f"{saved.image_id[7:]}.json"
    members = {config: saved.raw_config}
    for number, layer in enumerate(saved.layers):
        members[f"{sha256(layer)}.tar"] = layer
        link = f"{sha256(f'layer {number}'.encode())}/layer.tar"
        members[link] = special(link, tarfile.SYMTYPE, f"../{sha256(layer)}.tar")
    layers = [f"{sha256(layer)}.tar" for layer in saved.layers]
    manifest = [{"Config": config, "RepoTags": [], "Layers": layers}]
    members |= {"manifest.json": json.dumps(manifest).encode(), "repositories": b"{}"}
    assert len(read(members).layers) == 2
    members[link] = special(link, tarfile.SYMTYPE, "../../etc/shadow")
    assert "a link" in refused(members)


def told(change):
    """Docker's manifest, changed."""
    members = Saved().members()
    images = json.loads(members["manifest.json"])
    changed = change(images)
    members["manifest.json"] = json.dumps(images if changed is None else changed).encode()
    return members


def indexed(change):
    """The OCI index, changed."""
    members = Saved().oci()
    index = json.loads(members["index.json"])
    change(index)
    members["index.json"] = json.dumps(index).encode()
    return members


NAME = "debian:bullseye-slim"
REF = {"org.opencontainers.image.ref.name": NAME}


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (told(lambda images: images[0].update(RepoTags=[NAME])), f"it names images: '{NAME}'"),
        (told(lambda images: images[0].update(repotags=[NAME])), "differ only in their case"),
        (told(lambda images: images * 2), "it holds 2 images, one is expected"),
        (told(lambda images: []), "it holds 0 images"),
        (told(lambda images: {}), "it holds no images"),
        (told(lambda images: images[0].update(Config="../../etc/passwd")), "it lacks"),
        (told(lambda images: images[0].update(Config=3)), "no path where one is expected"),
        (
            told(lambda images: images[0].update(Layers=images[0]["Layers"][1:])),
            "its layers are not those",
        ),
        (told(lambda images: images[0]["Layers"].reverse()), "a layer is sha256:"),
        (
            {**Saved().members(), "repositories": b'{"debian": {"bullseye-slim": "0"}}'},
            "it names images: 'debian'",
        ),
        (indexed(lambda index: index["manifests"][0].update(annotations=REF)), NAME),
        (indexed(lambda index: index.update(annotations=REF)), NAME),
        (
            indexed(
                lambda index: index["manifests"][0].update(
                    annotations={"io.containerd.image.name": NAME}
                )
            ),
            NAME,
        ),
        (indexed(lambda index: index["manifests"].append({})), "has 2 images"),
        (indexed(lambda index: index.update(manifests=[{"digest": "../x"}])), "no SHA-256"),
        ({**Saved().oci(), **Saved(config={"Cmd": ["sh"]}).members()}, "of different images"),
        ({"manifest.json": b"["}, "not valid JSON"),
        ({"manifest.json": b"[" * 100_000}, "nested"),
        ({"manifest.json": b" " * (image_members.MAX_TEXT_BYTES + 1)}, "has over 4 MiB"),
        ({"oci-layout": b"{}"}, "it is no image"),
        ({}, "it is no image"),
    ],
)  # fmt: skip
def test_one_image_and_no_name(members, why):
    assert why in refused(members)


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ({"../evil": b""}, "a path that leads elsewhere"),
        ({"/etc/evil": b""}, "a path that leads elsewhere"),
        ({"a/../../evil": b""}, "a path that leads elsewhere"),
        ({"evil\x1b[2J": b""}, "which belongs to no image"),
        ({"evil": b""}, "'evil', which belongs to no image"),
        ({"evil": special("evil", tarfile.SYMTYPE, "/")}, "a link"),
        ({"evil": special("evil", tarfile.LNKTYPE, "manifest.json")}, "a link"),
        ({"evil": special("repositories", tarfile.FIFOTYPE)}, "it lacks 'repositories'"),
        ({"evil": special("evil", tarfile.CHRTYPE)}, "belongs to no image"),
        ({"evil": special("evil", b"S")}, "which is no plain file"),
        ({"evil": special("evil", b"?")}, "which is no plain file"),
        ({"evil": special("manifest.json", tarfile.REGTYPE)}, "'manifest.json' twice"),
    ],
)
def test_nothing_else_is_in_the_tar(extra, why):
    assert why in refused({**Saved().members(), **extra})


def test_the_id_and_the_layers_are_what_was_promised():
    saved = Saved()
    assert "promised is sha256:" in refused(saved.members(), image_id=f"sha256:{'0' * 64}")
    assert "its layers are not those" in refused(saved.members(), layers=saved.diff_ids[:1])
    evil = Saved(layers=[saved.layers[0], saved_images.tar({"b": b"evil"})])
    members = saved.members()
    last = [name for name in members if name.endswith("/layer.tar")][-1]
    members[last] = evil.layers[1]
    assert "its configuration says" in refused(members)


def test_it_is_whole():
    raw = saved_images.tar(Saved().members())
    for length in (0, 100, 700, len(raw) // 2):
        assert "cut off" in refused(raw[:length])


def header_of(size, kind=tarfile.REGTYPE, name="a"):
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def pax(records):
    body = b""
    for key, value in records.items():
        line = f" {key}={value}\n"
        length = len(line) + len(str(len(line) + 2))
        body += f"{length}{line}".encode()
    return header_of(len(body), tarfile.XHDTYPE) + body + bytes(-len(body) % 512)


def layer(*parts):
    return b"".join(parts) + bytes(1024)


@pytest.mark.parametrize(
    ("evil", "why"),
    [
        (saved_images.tar({"../../etc/cron.d/evil": b"x"}), "a path that leads elsewhere"),
        (
            saved_images.tar({"a": special("a", tarfile.LNKTYPE, "../../etc/shadow")}),
            "a path that leads elsewhere",
        ),
        (layer(header_of(2**60)), "over 64 GiB unpacked"),
        (layer(header_of(2**30)), "cut off"),
        (layer(header_of(0, b"S")), "no plain file"),
        (layer(pax({"GNU.sparse.realsize": 2**60}), header_of(0)), "a file with holes"),
        (layer(pax({"size": "9" * 30}), header_of(0)), "a size beyond reason"),
        (layer(pax({"size": "1e9"}), header_of(0)), "a size that is no number"),
        (layer(header_of(2**40, tarfile.XHDTYPE)), "over 1 MiB"),
        (layer(header_of(0, tarfile.XGLTYPE)), "no plain file"),
        (b"no tar at all" * 100, "a header in it"),
        (b"\x28\xb5\x2f\xfd" + bytes(600), "zstd"),
        (b"\x1f\x8b" + bytes(600), "its compression is broken"),
        (gzip.compress(saved_images.tar({"a": b"a"}), mtime=0)[:-9], "cut off"),
        (gzip.compress(saved_images.tar({"a": bytes(70 * 2**20)})), "more than 20 times its size"),
    ],
)
def test_layers_are_read_as_well(evil, why):
    saved = Saved(layers=[evil])
    assert why in refused(saved.members(), saved)


def test_files_that_would_fill_a_disk(monkeypatch):
    monkeypatch.setattr(image_tar, "MAX_IMAGE_BYTES", 2**20)
    half = saved_images.tar({"a": bytes(600_000)})
    saved = Saved(layers=[half])
    read(saved.members(), saved)
    saved = Saved(layers=[half, half])
    assert "unpacked" in refused(saved.members(), saved)
    monkeypatch.setattr(image_tar, "MAX_LAYER_MEMBERS", 3)
    saved = Saved(layers=[saved_images.tar(dict.fromkeys("abcd", b""))])
    assert "more than 3 files" in refused(saved.members(), saved)


def test_keys_that_an_engine_takes_for_one():
    saved = Saved()
    raw = saved.raw_config.replace(b'"config"', b'"Config": {"Volumes": {"/": {}}}, "config"')
    members = told(lambda images: images[0].update(Config=f"{sha256(raw)}.json"))
    members[f"{sha256(raw)}.json"] = raw
    assert "differ only in their case" in refused(members, image_id=f"sha256:{sha256(raw)}")


def test_a_file_that_changes_while_it_is_loaded():
    saved = Saved()
    stream = io.BytesIO(saved_images.tar(saved.members()))
    found = image_tar.read(
        Window(stream, 0, len(stream.getvalue())), saved.image_id, saved.diff_ids
    )
    place = stream.getvalue().index(b"etc/a")
    stream.seek(place)
    stream.write(b"etc/b")
    with pytest.raises(ArchiveError, match="was changed while it was loaded"):
        b"".join(image_tar.written(found, "a:b"))


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"Env": ["PATH=/bin", "LD_LIBRARY_PATH=/usr/local/cuda/lib64:/opt/x"]}, None),
        ({"Env": ["LD_PRELOAD=./evil.so"]}, "LD_PRELOAD"),
        ({"Env": ["LD_LIBRARY_PATH=./evil"]}, "LD_LIBRARY_PATH"),
        ({"Env": ["NVIDIA_VISIBLE_DEVICES=all"]}, "NVIDIA_VISIBLE_DEVICES"),
        ({"Env": ["GLIBC_TUNABLES=x"]}, "GLIBC_TUNABLES"),
        ({"Volumes": {"/big": {}}}, "Volumes"),
        ({"Healthcheck": {"Test": ["CMD", "evil"]}}, "Healthcheck"),
        ({"OnBuild": ["RUN evil"]}, "OnBuild"),
        ({"Labels": {"benchdl.locks": "[" * 5000}}, "benchdl.locks"),
        ({"Labels": {"benchdl.debian": '{"a": 1}'}}, "benchdl.debian"),
        (None, "nothing of what to run"),
    ],
)
def test_what_an_image_may_ask_of_the_engine(config, why):
    found = image_policy.objection(config)
    assert found is None if why is None else why in found
