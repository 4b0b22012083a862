"""The port against real registries on loopback: what tags mean, what is there, and images that are copied."""

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.registry.registries import Registries
from envctl.adapters.registry.transport import Limits
from envctl.domain.errors import OperationFailedError
from envctl.domain.images.image_reference import Image
from envctl.usecases.ports.aws import CopyProgress, RegistryImage
from tests.adapters.registry.conftest import LOGIN
from tests.adapters.registry.oci import Content, Registry, for_platforms, single

pytestmark = pytest.mark.registry
NOWHERE = "sha256:" + "0" * 64
QUICK = Limits(connect=2, read=2, whole=2, attempts=2)


def no_aws(service: str, environment: str = "", *, region: str = "") -> Any:
    raise AssertionError(f"AWS is asked for {service}")


def registries(environ: Mapping[str, str] = {}, limits: Limits = QUICK) -> Registries:
    return Registries(no_aws, lambda: {"HOME": "/nonexistent", **environ}, limits=limits, sleep=lambda _: None)


@pytest.fixture
def logged_in(tmp_path: Path, second: Registry) -> Registries:
    auth = b64encode(":".join(LOGIN).encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {second.host: {"auth": auth}}}))
    return registries({"DOCKER_CONFIG": os.fspath(tmp_path)})


def pulled(registry: Registry, repository: str, *, tag: str = "", digest: str = "") -> RegistryImage:
    return RegistryImage(Image(f"{registry.host}/{repository}", tag, digest), "dev")


def told(problem: pytest.ExceptionInfo[OperationFailedError]) -> tuple[str, str]:
    (only,) = problem.value.problems
    assert only.hint
    return only.code, only.message


def test_tag_is_resolved_to_digest_of_its_index(first: Registry) -> None:
    one, many = single("tags"), for_platforms("tags", "linux/amd64", "linux/arm64")
    first.push("tags/shop", one, "1.4")
    first.push("tags/shop", many, "1.5")
    assert registries().resolve_digest(pulled(first, "tags/shop", tag="1.4")) == one.digest
    assert registries().resolve_digest(pulled(first, "tags/shop", tag="1.5")) == many.digest


def test_moved_tag_is_resolved_to_its_new_digest(first: Registry) -> None:
    before, after = single("before"), single("after")
    asked = registries()
    for content in (before, after):
        first.push("moved/shop", content, "latest")
        assert asked.resolve_digest(pulled(first, "moved/shop", tag="latest")) == content.digest


def test_missing_image_is_absent(first: Registry) -> None:
    content = single("there")
    first.push("there/shop", content, "1")
    asked = registries()
    assert asked.find_image(pulled(first, "there/shop", digest=content.digest)) == "there"
    assert asked.find_image(pulled(first, "there/shop", digest=NOWHERE)) == "absent"
    assert asked.find_image(pulled(first, "elsewhere/shop", digest=content.digest)) == "absent"
    assert asked.resolve_digest(pulled(first, "there/shop", tag="2")) is None
    assert asked.resolve_digest(pulled(first, "elsewhere/shop", tag="1")) is None


def test_docker_login_is_used(second: Registry, logged_in: Registries) -> None:
    content = single("login")
    second.push("login/shop", content, "1")
    assert logged_in.resolve_digest(pulled(second, "login/shop", tag="1")) == content.digest
    assert logged_in.find_image(pulled(second, "login/shop", digest=content.digest)) == "there"


def test_missing_login_is_not_taken_as_absent(second: Registry) -> None:
    with pytest.raises(OperationFailedError) as problem:
        registries().find_image(pulled(second, "login/shop", digest=NOWHERE))
    code, message = told(problem)
    assert (code, f"the registry {second.host} denies access" in message) == ("E432", True)


def test_wrong_login_is_reported_and_redacted(second: Registry, tmp_path: Path) -> None:
    auth = b64encode(b"ann:hunter2").decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {second.host: {"auth": auth}}}))
    with pytest.raises(OperationFailedError) as problem:
        registries({"DOCKER_CONFIG": os.fspath(tmp_path)}).find_image(pulled(second, "login/shop", digest=NOWHERE))
    code, message = told(problem)
    assert code == "E432"
    assert "hunter2" not in message + repr(problem.value)
    assert auth not in message


def test_unreachable_registry_is_not_taken_as_absent(first: Registry) -> None:
    from tests.adapters.registry.conftest import free_port

    nobody = Registry(first.folder, free_port())
    with pytest.raises(OperationFailedError) as problem:
        registries().find_image(pulled(nobody, "shop", digest=NOWHERE))
    assert told(problem) == ("E433", f"the registry {nobody.host} can't be reached: it can't be reached")


COPIES = {
    "one image": single("copied"),
    "a list of two platforms": for_platforms("copied", "linux/amd64", "linux/arm64"),
    "an image with a layer of some megabytes": single("large", size=5 << 20),
}


@pytest.mark.parametrize("content", COPIES.values(), ids=COPIES.keys())
def test_copied_image_is_identical(first: Registry, second: Registry, logged_in: Registries, content: Content) -> None:
    name = f"copy/{content.digest[7:19]}"
    first.push(f"from/{name}", content, "1.4")
    seen: list[CopyProgress] = []
    source, target = (
        pulled(first, f"from/{name}", digest=content.digest),
        pulled(second, f"to/{name}", digest=content.digest),
    )
    logged_in.copy_image(source, target, seen.append)
    assert second.holds(f"to/{name}", content)
    assert logged_in.find_image(target) == "there"
    size = sum(map(len, content.blobs.values()))
    assert seen[0] == CopyProgress(0, len(content.blobs), 0, size)
    assert seen[-1] == CopyProgress(len(content.blobs), len(content.blobs), size, size)
    assert [each.size for each in seen] == sorted(each.size for each in seen)


def test_existing_blobs_are_not_copied(first: Registry, second: Registry, logged_in: Registries) -> None:
    """Here: one of two platforms and a layer of the other, as an interruption may leave it."""
    content = for_platforms("half", "linux/amd64", "linux/arm64")
    first.push("half/shop", content)
    one, other, _ = content.manifests
    of_one = {part["digest"] for part in _parts(content, one)}
    layer = next(part["digest"] for part in _parts(content, other)[1:] if part["digest"] not in of_one)
    second.push("half/shop", Content({d: content.blobs[d] for d in of_one}, {one: content.manifests[one]}, one))
    second.push("half/shop", Content({layer: content.blobs[layer]}, {}, ""))
    # What is there can't be fetched any more: that it is copied all the same shows that it is not fetched.
    for lost in (of_one - {part["digest"] for part in _parts(content, other)}) | {layer}:
        _lose(first, "half/shop", lost)
    source, target = (pulled(end, "half/shop", digest=content.digest) for end in (first, second))
    logged_in.copy_image(source, target, lambda _: None)
    assert second.holds("half/shop", content)


def test_interrupted_copy_stays_invisible_and_can_resume(
    first: Registry, second: Registry, logged_in: Registries
) -> None:
    content = for_platforms("broken", "linux/amd64", "linux/arm64", size=3 << 20)
    first.push("broken/shop", content)
    source, target = (pulled(end, "broken/shop", digest=content.digest) for end in (first, second))

    def interrupt(copied: CopyProgress) -> None:
        if copied.blobs == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        logged_in.copy_image(source, target, interrupt)
    assert logged_in.find_image(target) == "absent"
    assert not any(second.has_manifest("broken/shop", name) for name in content.manifests)
    assert sum(second.has_blob("broken/shop", name) for name in content.blobs) == 3
    logged_in.copy_image(source, target, lambda _: None)
    assert second.holds("broken/shop", content)


def test_blobs_are_mounted_within_one_registry(first: Registry) -> None:
    content = single("mounted", size=1 << 20)
    first.push("mount/from", content)
    seen: list[CopyProgress] = []
    source, target = (pulled(first, f"mount/{end}", digest=content.digest) for end in ("from", "to"))
    registries().copy_image(source, target, seen.append)
    assert first.holds("mount/to", content)
    assert [each.blobs for each in seen] == [0, 1, 2, 3]


def test_image_with_missing_layer_is_not_copied(first: Registry, second: Registry, logged_in: Registries) -> None:
    content = single("hollow")
    first.push("hollow/shop", content)
    lost = _parts(content, content.digest)[2]["digest"]
    _lose(first, "hollow/shop", lost)
    source, target = (pulled(end, "hollow/shop", digest=content.digest) for end in (first, second))
    with pytest.raises(OperationFailedError) as problem:
        logged_in.copy_image(source, target, lambda _: None)
    code, message = told(problem)
    assert code == "E434"
    assert lost in message
    assert not second.has_manifest("hollow/shop", content.digest)


def test_altered_layer_is_not_copied(first: Registry, second: Registry, logged_in: Registries) -> None:
    content = single("altered", size=2 << 20)
    first.push("altered/shop", content)
    layer = _parts(content, content.digest)[2]["digest"]
    file = first.folder / "data/docker/registry/v2/blobs/sha256" / layer[7:9] / layer[7:] / "data"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    source, target = (pulled(end, "altered/shop", digest=content.digest) for end in (first, second))
    with pytest.raises(OperationFailedError) as problem:
        logged_in.copy_image(source, target, lambda _: None)
    code, message = told(problem)
    assert (code, layer in message) == ("E434", True)
    assert not second.has_blob("altered/shop", layer)
    assert not second.has_manifest("altered/shop", content.digest)


def _parts(content: Content, manifest: str) -> list[dict[str, Any]]:
    document = json.loads(content.manifests[manifest][1])
    return [document["config"], *document["layers"]]


def _lose(registry: Registry, repository: str, blob: str) -> None:
    link = registry.folder / "data/docker/registry/v2/repositories" / repository / "_layers/sha256" / blob[7:] / "link"
    link.unlink()
