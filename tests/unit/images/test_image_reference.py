"""References of images, what manifests say, and where an environment takes an image from."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from envctl.domain.config.project import Project
from envctl.domain.images.image_reference import (
    EcrRegistry,
    Image,
    is_loopback,
    is_pinned_image,
    is_same_artifact,
    parse_ecr_registry,
)
from envctl.domain.images.manifest import (
    IMAGE_TYPES,
    INDEX_TYPES,
    MAX_MANIFEST_BYTES,
    MAX_PARTS,
    Descriptor,
    compute_digest,
    parse_manifest,
)
from envctl.domain.release.artifacts import (
    InvalidRepositoryError,
    list_copied_artifacts,
    relocate_images,
    select_images,
)

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64

_part = st.from_regex(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+){0,2}", fullmatch=True)
_host = st.from_regex(
    r"[a-z0-9]+(\.[a-z0-9]+){1,2}(:[0-9]{2,5})?|localhost(:[0-9]{2,5})?|[a-z]+:[0-9]{2,5}", fullmatch=True
)
# Where no host is named, a first folder with a dot in it would be one.
_folder = st.from_regex(r"[a-z0-9]+((_|__|-+)[a-z0-9]+){0,2}", fullmatch=True)
_names = st.builds(
    lambda first, parts: "/".join([first, *parts]), st.one_of(_host, _folder), st.lists(_part, min_size=1, max_size=3)
)
_tags = st.one_of(st.just(""), st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True))
_digests = st.one_of(st.just(""), st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True))
IMAGES = st.builds(Image, _names, _tags, _digests)


@given(IMAGES)
def test_formatted_image_parses_to_itself(image: Image) -> None:
    assert Image.parse(str(image)) == image


@given(st.text(st.sampled_from("ab.-_:/@1[]A"), max_size=20))
def test_parsed_image_formats_to_its_text(text: str) -> None:
    try:
        image = Image.parse(text)
    except ValueError as error:
        assert str(error).startswith("its ")
    else:
        assert str(image) == text
        assert f"{image.registry}/{image.repository}".endswith(image.name)


@given(IMAGES, _names)
def test_image_keeps_its_digest_in_another_repository(image: Image, name: str) -> None:
    assume(image.digest)
    other = Image(image.name, digest=image.digest).with_repository(name)
    assert (other.name, other.tag, other.digest) == (name, "", image.digest)
    assert is_pinned_image(str(other))


@given(st.text(max_size=200))
def test_pin_check_accepts_any_text(text: str) -> None:
    assert is_pinned_image(text) in {True, False}


PLACES: dict[str, tuple[str, str, str]] = {
    "a name alone is Docker's": ("nginx", "docker.io", "library/nginx"),
    "a name and a folder is Docker's": ("bitnami/nginx", "docker.io", "bitnami/nginx"),
    "Docker's by its name": ("docker.io/nginx", "docker.io", "library/nginx"),
    "a host with a dot": ("ghcr.io/acme/shop", "ghcr.io", "acme/shop"),
    "a host with a port": ("registry:5000/shop", "registry:5000", "shop"),
    "this machine": ("localhost/shop", "localhost", "shop"),
    "this machine by its address": ("[::1]:5000/shop", "[::1]:5000", "shop"),
}


@pytest.mark.parametrize(("text", "registry", "repository"), PLACES.values(), ids=PLACES.keys())
def test_registry_and_repository_are_parsed(text: str, registry: str, repository: str) -> None:
    for image in (Image.parse(text), Image.parse(f"{text}:1.4@{DIGEST}")):
        assert (image.registry, image.repository) == (registry, repository)


SPELT: dict[str, tuple[str, Image]] = {
    "a tag": ("shop:1.4", Image("shop", "1.4")),
    "a port and no tag": ("registry:5000/shop", Image("registry:5000/shop")),
    "a port and a tag": ("registry:5000/shop:1.4", Image("registry:5000/shop", "1.4")),
    "a digest": (f"shop@{DIGEST}", Image("shop", "", DIGEST)),
    "both": (f"shop:1.4@{DIGEST}", Image("shop", "1.4", DIGEST)),
}


@pytest.mark.parametrize(("text", "image"), SPELT.values(), ids=SPELT.keys())
def test_tag_and_digest_are_parsed(text: str, image: Image) -> None:
    assert Image.parse(text) == image


NONE = {
    "nothing": "",
    "capitals": "Shop:1.4",
    "a URL": "https://ghcr.io/shop:1.4",
    "a space": "shop :1.4",
    "a line": "shop:1.4\n",
    "a line before the digest": f"shop\n@{DIGEST}",
    "an empty tag": "shop:",
    "an empty digest": "shop@",
    "a short digest": "shop@sha256:abc",
    "another kind of digest": "shop@md5:" + "a" * 32,
    "a digest in capitals": "shop@sha256:" + "A" * 64,
    "a digest and more": f"shop@{DIGEST}0",
    "a tag that begins with a dot": "shop:.1",
    "a tag that is too long": "shop:" + "1" * 129,
    "a name that is too long": "a" * 256,
    "a folder without a name": "shop//web:1",
    "a way out": "../shop:1",
    "a host that is none": "-a.com/shop:1",
    "a question": "ghcr.io/shop?x=1:1",
    "digits of another script": "shop:\u0661",
}


@pytest.mark.parametrize("text", NONE.values(), ids=NONE.keys())
def test_malformed_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^its "):
        Image.parse(text)
    assert not is_pinned_image(text)


def test_pinned_image_has_a_digest() -> None:
    assert is_pinned_image(f"shop@{DIGEST}")
    assert is_pinned_image(f"shop:1.4@{DIGEST}")
    assert not is_pinned_image("shop:1.4")
    assert not is_pinned_image(4)
    assert not is_pinned_image(None)


def test_artifact_equality_ignores_tag_beside_digest() -> None:
    assert is_same_artifact(f"shop:1.4@{DIGEST}", f"shop@{DIGEST}")
    assert is_same_artifact("any text", "any text")
    assert not is_same_artifact("shop:1.4", f"shop@{DIGEST}")
    assert not is_same_artifact(f"shop:1.4@{OTHER}", f"shop@{DIGEST}")


HOSTS: dict[str, tuple[str, EcrRegistry | None]] = {
    "ECR": ("111111111111.dkr.ecr.eu-west-1.amazonaws.com", EcrRegistry("111111111111", "eu-west-1")),
    "in China": ("111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn", EcrRegistry("111111111111", "cn-north-1")),
    "for FIPS": ("111111111111.dkr.ecr-fips.us-east-1.amazonaws.com", EcrRegistry("111111111111", "us-east-1")),
    "with both kinds of addresses": ("111111111111.dkr-ecr.eu-west-1.on.aws", EcrRegistry("111111111111", "eu-west-1")),
    "what only begins so": ("111111111111.dkr.ecr.eu-west-1.amazonaws.com.example.org", None),
    "what only ends so": ("x.111111111111.dkr.ecr.eu-west-1.amazonaws.com", None),
    "another domain": ("111111111111.dkr.ecr.eu-west-1.example.com", None),
    "with a port": ("111111111111.dkr.ecr.eu-west-1.amazonaws.com:8443", None),
    "the public one": ("public.ecr.aws", None),
    "Docker's": ("docker.io", None),
}


@pytest.mark.parametrize(("host", "found"), HOSTS.values(), ids=HOSTS.keys())
def test_ecr_registry_is_recognized(host: str, found: EcrRegistry | None) -> None:
    assert parse_ecr_registry(host) == found


def test_loopback_registry_is_recognized() -> None:
    assert all(map(is_loopback, ("localhost", "localhost:5000", "127.0.0.1:5000", "127.8.8.8", "[::1]:5000")))
    assert not any(map(is_loopback, ("localhost.example.com", "127.0.0.1.example.com", "128.0.0.1", "example.com:127")))


def described(seed: str, size: int = 3, kind: str = "layer") -> dict[str, object]:
    return {"mediaType": kind, "digest": compute_digest(seed.encode()), "size": size}


def part(seed: str, size: int = 3, kind: str = "layer") -> Descriptor:
    return Descriptor(kind, compute_digest(seed.encode()), size)


@pytest.mark.parametrize("kind", IMAGE_TYPES)
def test_manifest_lists_blobs_once_without_foreign_layers(kind: str) -> None:
    layers = [described("a"), described("a"), described("windows", 9, "layer.foreign.tar"), described("b", 0)]
    data = json.dumps({"mediaType": kind, "config": described("c", 2, "config"), "layers": layers}).encode()
    found = parse_manifest(data)
    assert (found.digest, found.media_type, found.data, found.children) == (compute_digest(data), kind, data, ())
    assert found.blobs == (part("c", 2, "config"), part("a"), part("b", 0))


@pytest.mark.parametrize("kind", INDEX_TYPES)
def test_index_lists_manifests_with_type_from_registry(kind: str) -> None:
    data = json.dumps({"manifests": [described("a"), described("b")]}).encode()
    found = parse_manifest(data, f"{kind}; charset=utf-8")
    assert (found.media_type, found.children, found.blobs) == (kind, (part("a"), part("b")), ())


BAD: dict[str, object] = {
    "no object": [],
    "no kind": {},
    "an old kind": {"mediaType": "application/vnd.docker.distribution.manifest.v1+json"},
    "no layers": {"mediaType": IMAGE_TYPES[0], "config": described("c")},
    "no configuration": {"mediaType": IMAGE_TYPES[0], "layers": []},
    "no list": {"mediaType": INDEX_TYPES[0], "manifests": {}},
    "a digest that leads elsewhere": {"mediaType": INDEX_TYPES[0], "manifests": [{"digest": "../x", "size": 1}]},
    "no size": {"mediaType": INDEX_TYPES[0], "manifests": [{"digest": DIGEST}]},
    "a negative size": {"mediaType": INDEX_TYPES[0], "manifests": [{"digest": DIGEST, "size": -1}]},
    "a size that is none": {"mediaType": INDEX_TYPES[0], "manifests": [{"digest": DIGEST, "size": True}]},
    "a part that is none": {"mediaType": INDEX_TYPES[0], "manifests": [1]},
    "too many parts": {"mediaType": INDEX_TYPES[0], "manifests": [described(str(n)) for n in range(MAX_PARTS + 1)]},
}


@pytest.mark.parametrize("document", BAD.values(), ids=BAD.keys())
def test_malformed_manifest_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"^(it|its|one of its parts) "):
        parse_manifest(json.dumps(document).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_as_manifest(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(it|its|one of its parts) "):
        parse_manifest(data)


def test_manifest_may_have_four_megabytes() -> None:
    assert MAX_MANIFEST_BYTES == 4 * 1024 * 1024


ACCOUNT, REGION = "222222222222", "ap-northeast-1"


def project(**artifacts: object) -> Project:
    return Project.model_validate(
        {
            "project": {"name": "shop"},
            "pipeline": {"order": ["dev", "staging"]},
            "environments": {"dev": {}, "staging": {"account_id": ACCOUNT, "region": REGION}},
            "stacks": {"web": {"module": "modules/web"}},
            "artifacts": artifacts,
        }
    )


OWN = {
    "variable": "image",
    "kind": "oci",
    "repository": "{account_id}.dkr.ecr.{region}.amazonaws.com/{project}/{environment}",
}
CARRIED = f"ghcr.io/acme/shop@{DIGEST}"


def test_image_is_relocated_to_repository_of_environment() -> None:
    found = relocate_images(project(app=OWN), "staging", {"image": CARRIED, "other": 4})
    assert found == {"image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop/staging@{DIGEST}", "other": 4}


def test_image_without_repository_is_unchanged() -> None:
    same = {"image": CARRIED, "text": "v1"}
    tables = {"app": {"variable": "image", "kind": "oci"}, "text": {"variable": "text", "kind": "string"}}
    assert relocate_images(project(**tables), "staging", same) == same
    # One that the release does not carry, as one of before may not.
    assert relocate_images(project(app=OWN), "staging", {"other": "x"}) == {"other": "x"}


def test_invalid_image_is_not_relocated() -> None:
    assert relocate_images(project(app=OWN), "staging", {"image": "Not An Image"}) == {"image": "Not An Image"}


def test_tag_is_relocated_with_its_image() -> None:
    assert relocate_images(project(app=OWN), "staging", {"image": "ghcr.io/acme/shop:1.4"})["image"] == (
        f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop/staging:1.4"
    )


MISPLACED: dict[str, tuple[str, str, str]] = {
    "no account": ("{account_id}.dkr.ecr.eu-west-1.amazonaws.com/shop", "dev", "account_id = …"),
    "neither of both": ("{account_id}.dkr.ecr.{region}.amazonaws.com/shop", "dev", "account_id = … and region = …"),
    "capitals": ("ghcr.io/Shop", "staging", "correct its repository"),
    "a tag": ("ghcr.io/shop:1.4", "staging", "correct its repository"),
    "a digest": (f"ghcr.io/shop@{DIGEST}", "staging", "correct its repository"),
}


@pytest.mark.parametrize(("repository", "environment", "hint"), MISPLACED.values(), ids=MISPLACED.keys())
def test_invalid_repository_is_refused(repository: str, environment: str, hint: str) -> None:
    with pytest.raises(InvalidRepositoryError) as error:
        relocate_images(project(app={**OWN, "repository": repository}), environment, {"image": CARRIED})
    assert (error.value.artifact, error.value.problem.code) == ("app", "E437")
    assert hint in error.value.problem.hint


def test_images_are_selected_by_artifact() -> None:
    tables = {
        "app": {**OWN, "copy": True},
        "side": {"variable": "side", "kind": "oci"},
        "text": {"variable": "text", "kind": "string", "copy": True},
    }
    assert select_images(project(**tables), {"image": CARRIED, "text": "v1"}) == {"app": CARRIED}
    assert list_copied_artifacts(project(**tables)) == ("app",)
