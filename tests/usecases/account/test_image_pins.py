"""Digests of images, written into kustomizations, beside charts, and into plain objects."""

import pytest

from envctl.domain.errors import ConfigurationError
from envctl.usecases.account.image_pins import pin_images
from envctl.usecases.inspect.render import render_environment
from tests.fakes.world import World
from tests.usecases.project.test_kubernetes_stacks import CHART, CHART_FILES, EKS, FILES, HEAD, PROJECT, build, write

# Each starts kubectl or helm many times.
pytestmark = pytest.mark.slow
ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
POD = """# the pod
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27  # the server
    - {name: side, image: "busybox"}
"""


def make(files: dict[str, str], project: str = PROJECT) -> World:
    world = write(project, files if project == HEAD + EKS + CHART else {**FILES, **files})
    world.registries.tags = {"nginx:1.27": ONE, "busybox:latest": TWO, "nginx:1.28": TWO}
    return world


def read(world: World, path: str) -> str:
    return world.tree.content[path].decode()


def test_kustomization_gets_digests_beside_its_tags() -> None:
    world = make({"k/base/web.yaml": POD, "k/base/kustomization.yaml": "resources: [envctl.yaml, web.yaml] # all\n"})
    done, failed = pin_images(world.ports)
    assert failed is None
    assert {(each.image, each.digest, each.file) for each in done.images} == {
        ("nginx:1.27", ONE, "k/base/kustomization.yaml"),
        ("busybox", TWO, "k/base/kustomization.yaml"),
    }
    assert read(world, "k/base/kustomization.yaml") == (
        "resources: [envctl.yaml, web.yaml] # all\nimages:\n"
        f"- name: busybox\n  digest: {TWO}\n- name: nginx\n  newTag: '1.27'\n  digest: {ONE}\n"
    )
    text = render_environment(world.ports, "prod").files["prod/web/objects.yaml"]
    assert f"image: nginx:1.27@{ONE}" in text
    assert pin_images(world.ports) == (type(done)(()), None)


def test_own_image_of_an_overlay_is_pinned_there() -> None:
    overlay = "resources: [../base]\nimages: [{name: nginx, newTag: '1.28'}] # newer\nnameSuffix: -a\n"
    world = make({"k/base/web.yaml": POD, "k/prod/kustomization.yaml": overlay})
    _, failed = pin_images(world.ports)
    assert failed is None
    assert read(world, "k/prod/kustomization.yaml") == (
        f"resources: [../base]\nimages:\n- name: nginx\n  newTag: '1.28'\n  digest: {TWO} # newer\nnameSuffix: -a\n"
    )
    assert "1.28" not in read(world, "k/base/kustomization.yaml")
    assert f"nginx:1.28@{TWO}" in render_environment(world.ports, "prod").files["prod/web/objects.yaml"]


def test_plain_objects_keep_their_text() -> None:
    project = PROJECT.replace('overlay = "k/{environment}"\n', "")
    world = make({"k/base/web.yaml": POD}, project)
    del world.tree.content["k/base/kustomization.yaml"]
    pin_images(world.ports)
    expected = POD.replace("nginx:1.27", f"nginx:1.27@{ONE}").replace('"busybox"', f'"busybox@{TWO}"')
    assert read(world, "k/base/web.yaml") == expected


@pytest.mark.usefixtures("helm")
def test_chart_gets_a_file_beside_it() -> None:
    world = make({**CHART_FILES, "charts/demo/templates/a.yaml": POD}, HEAD + EKS + CHART)
    done, failed = pin_images(world.ports)
    assert failed is None
    assert {each.file for each in done.images} == {"charts/demo.images.yaml"}
    assert f"nginx:1.27: {ONE}\n" in read(world, "charts/demo.images.yaml")
    assert f"image: nginx:1.27@{ONE}" in render_environment(world.ports, "dev").files["dev/ingress/objects.yaml"]
    assert "charts/demo.images.yaml" in build(world)[1].files


@pytest.mark.usefixtures("helm")
def test_wrong_file_beside_a_chart_is_refused() -> None:
    files = {**CHART_FILES, "charts/demo/templates/a.yaml": POD, "charts/demo.images.yaml": "nginx:1.27: newest\n"}
    with pytest.raises(ConfigurationError) as caught:
        render_environment(make(files, HEAD + EKS + CHART).ports, "dev")
    assert [(each.code, str(each.location)) for each in caught.value.problems] == [("E613", "charts/demo.images.yaml")]


def test_unknown_tag_leaves_the_others_pinned() -> None:
    world = make({"k/base/web.yaml": POD})
    del world.registries.tags["busybox:latest"]
    done, failed = pin_images(world.ports)
    assert [each.image for each in done.images] == ["nginx:1.27"]
    assert failed is not None
    assert [each.message for each in failed.problems] == ["busybox:latest is not in its registry"]


def test_image_of_an_artifact_is_left_alone() -> None:
    tagged = {"environments/dev/terraform.tfvars": 'image = "example.com/web:1"\n'}
    patch = """resources: [envctl.yaml, web.yaml]
replacements:
  - source: {kind: ConfigMap, name: envctl, fieldPath: data.image}
    targets: [{select: {kind: Pod}, fieldPaths: ["spec.containers.[name=web].image"]}]
"""
    world = make({**tagged, "k/base/web.yaml": POD, "k/base/kustomization.yaml": patch})
    done, failed = pin_images(world.ports)
    assert ([each.image for each in done.images], failed) == (["busybox"], None)


THREE = f"sha256:{'3' * 64}"


def refresh(world: World) -> list[tuple[str, str, str, str]]:
    done, failed = pin_images(world.ports, refresh=True)
    assert failed is None
    assert done.refreshed
    return [(each.image, each.before, each.digest, each.file) for each in done.images]


def test_refresh_follows_moved_tags_of_kustomization() -> None:
    world = make({"k/base/web.yaml": POD.replace('"busybox"', f'"busybox@{TWO}"')})
    pin_images(world.ports)
    assert refresh(world) == []
    world.registries.tags |= {"nginx:1.27": THREE, "busybox:latest": THREE}
    assert pin_images(world.ports)[0].images == ()
    # A digest without a tag follows no tag.
    assert refresh(world) == [("nginx:1.27", ONE, THREE, "k/base/kustomization.yaml")]
    assert f"nginx:1.27@{THREE}" in render_environment(world.ports, "prod").files["prod/web/objects.yaml"]


def test_refresh_follows_moved_tags_of_plain_objects() -> None:
    world = make({"k/base/web.yaml": POD}, PROJECT.replace('overlay = "k/{environment}"\n', ""))
    del world.tree.content["k/base/kustomization.yaml"]
    pin_images(world.ports)
    world.registries.tags |= {"nginx:1.27": THREE}
    assert refresh(world) == [("nginx:1.27", ONE, THREE, "k/base/web.yaml")]
    assert f"image: nginx:1.27@{THREE}  # the server\n" in read(world, "k/base/web.yaml")


@pytest.mark.usefixtures("helm")
def test_refresh_follows_moved_tags_of_chart() -> None:
    world = make({**CHART_FILES, "charts/demo/templates/a.yaml": POD}, HEAD + EKS + CHART)
    pin_images(world.ports)
    world.registries.tags |= {"nginx:1.27": THREE}
    assert refresh(world) == [("nginx:1.27", ONE, THREE, "charts/demo.images.yaml")]
    assert f"nginx:1.27: {THREE}\n" in read(world, "charts/demo.images.yaml")


def test_refresh_keeps_digest_of_tag_that_is_gone() -> None:
    world = make({"k/base/web.yaml": POD.replace('"busybox"', f'"busybox@{TWO}"')})
    pin_images(world.ports)
    del world.registries.tags["nginx:1.27"]
    _, failed = pin_images(world.ports, refresh=True)
    assert failed is not None
    assert [each.code for each in failed.problems] == ["E613"]
    assert ONE in read(world, "k/base/kustomization.yaml")
