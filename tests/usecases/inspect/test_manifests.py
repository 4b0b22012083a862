"""Objects rendered without a cluster: checked by `validate`, shown by `render`, compared by `diff`."""

import pytest

from envctl.domain.errors import ConfigurationError, Problem, UsageError
from envctl.domain.release.comparison.file_changes import list_module_changes
from envctl.usecases.concurrency.dag_runner import StackSelection
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.diff import diff_environments
from envctl.usecases.inspect.render import render_environment
from envctl.usecases.inspect.settings import validate_project
from tests.fakes.world import World
from tests.usecases.project.test_kubernetes_stacks import CHART, CHART_FILES, EKS, FILES, HEAD, PROJECT, build, write

SERVICE = """apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ports:
    - port: 80
      targetProt: 8080
"""
CRD = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Thing, plural: things}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}
"""


def refuse(world: World) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        validate_project(world.ports)
    return list(caught.value.problems)


def test_unknown_field_has_its_line() -> None:
    (problem,) = refuse(write(files={**FILES, "k/base/web.yaml": SERVICE}))
    assert (problem.code, str(problem.location), problem.stack) == ("E612", "k/base/web.yaml:7", "web")
    assert "spec.ports[0].targetProt: unknown field; did you mean targetPort?" in problem.message
    assert "Kubernetes 1.35" in problem.hint


def test_field_of_a_newer_version_is_refused() -> None:
    removed = "{apiVersion: autoscaling/v2beta2, kind: HorizontalPodAutoscaler, metadata: {name: web}}\n"
    (problem,) = refuse(write(files={**FILES, "k/base/web.yaml": removed}))
    assert (problem.code, str(problem.location)) == ("E612", "k/base/web.yaml:1")


OTHER_STACK = '[stacks.api]\nkind = "kubernetes"\npath = "k/extra"\ncluster = "eks.cluster_name"\nnamespace = "api"\n'


@pytest.mark.parametrize(
    ("project", "version", "notes"),
    [
        pytest.param(PROJECT, "1.34", [], marks=pytest.mark.slow),
        pytest.param(PROJECT, "1.37", [], marks=pytest.mark.slow),
        (PROJECT, "1.99", ["stack web: no types of Kubernetes 1.99: checked against 1.37"]),
        pytest.param(
            PROJECT, "1.20", ["stack web: no types of Kubernetes 1.20: checked against 1.34"], marks=pytest.mark.slow
        ),
        (f"{OTHER_STACK}{PROJECT}", "1.99", ["stacks api and web: no types of Kubernetes 1.99: checked against 1.37"]),
    ],
)
def test_version_without_types_is_a_note(project: str, version: str, notes: list[str]) -> None:
    settings = FILES["environments/common.tfvars"].replace("1.35", version)
    world = write(project, {**FILES, "environments/common.tfvars": settings})
    validate_project(world.ports)
    assert [each for each in world.observer.heard if "Kubernetes" in each] == notes


@pytest.mark.slow
def test_kinds_of_the_release_are_known() -> None:
    other = '[stacks.crds]\nkind = "kubernetes"\npath = "k/crds"\ncluster = "eks.cluster_name"\nnamespace = "x"\n'
    thing = "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}, spec: {size: big}}\n"
    files = {**FILES, "k/base/web.yaml": thing, "k/crds/crd.yaml": CRD}
    (problem,) = refuse(write(PROJECT.replace("[artifacts]", f"{other}[artifacts]"), files))
    assert (problem.code, str(problem.location)) == ("E612", "k/base/web.yaml:1")
    assert "spec.size" in problem.message
    validate_project(write(files={**FILES, "k/base/web.yaml": thing}).ports)


def test_render_shows_objects_with_values() -> None:
    world = write()
    found = render_environment(world.ports, "prod")
    assert list(found.files) == ["prod/eks/main.tf.json", "prod/web/objects.yaml"]
    assert "namespace: shop-prod" in found.files["prod/web/objects.yaml"]
    assert list(render_environment(world.ports, "dev", StackSelection(("web",))).files) == ["dev/web/objects.yaml"]
    with pytest.raises(UsageError):
        render_environment(world.ports, "dev", StackSelection(("wep",)))


def test_render_hides_values_of_secrets() -> None:
    secret = "{apiVersion: v1, kind: Secret, metadata: {name: web}, stringData: {password: hush}}\n"
    project = PROJECT.replace('kind = "kubernetes"', 'kind = "kubernetes"\nsecrets = "allow"')
    text = render_environment(write(project, {**FILES, "k/base/web.yaml": secret}).ports, "dev").files[
        "dev/web/objects.yaml"
    ]
    assert "hush" not in text
    assert "password: (sensitive)" in text


@pytest.mark.slow
@pytest.mark.usefixtures("helm")
def test_chart_shows_names_of_outputs() -> None:
    template = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {role: "{{ .Values.controller.role }}"}\n'
    files = {**CHART_FILES, "charts/demo/templates/a.yaml": template}
    found = render_environment(write(HEAD + EKS + CHART, files).ports, "dev")
    assert "role: (eks.role_arn)" in found.files["dev/ingress/objects.yaml"]


@pytest.mark.slow
@pytest.mark.usefixtures("helm")
def test_chart_that_needs_an_output_is_a_note() -> None:
    template = '{{ if ne .Values.controller.role "r" }}{{ fail "no role" }}{{ end }}'
    world = write(HEAD + EKS + CHART, {**CHART_FILES, "charts/demo/templates/a.yaml": template})
    validate_project(world.ports)
    assert any("before the outputs that it reads are known" in each for each in world.observer.heard)


def test_changed_object_is_a_change_of_its_stack() -> None:
    _, one = build(write())
    _, other = build(write(files={**FILES, "k/extra/a.yaml": FILES["k/extra/a.yaml"].replace("name: a", "name: b")}))
    (change,) = list_module_changes(one, other, patch=True)
    assert (change.module, change.stacks, [each.path for each in change.files]) == (
        "k/extra",
        ("web",),
        ["k/extra/a.yaml"],
    )


OPEN = PROJECT.replace("[environments.prod]", "[environments.prod.gates]\napprovals = {}")
SECRET = "{apiVersion: v1, kind: Secret, metadata: {name: web}, stringData: {password: %s}}\n"


def list_differences(world: World) -> list[tuple[str, str, list[tuple[str, object, object]]]]:
    found = diff_environments(world.ports, "prod", "dev").objects
    assert found is not None
    assert (found.before, found.after) == ("prod", "dev")
    return [
        (change.action, change.address, [(each.path, each.before, each.after) for each in change.attributes])
        for stack in found.stacks
        for change in stack.changes
    ]


@pytest.mark.slow
def test_render_shows_objects_of_earlier_release() -> None:
    world = write(OPEN)
    earlier = apply(world.ports, "dev").release
    world.edit("k/base/web.yaml", FILES["k/base/web.yaml"].replace("name: web", "name: web2"))
    later = apply(world.ports, "dev").release
    for name, shown in ((earlier, "name: web\n"), (later, "name: web2\n")):
        found = render_environment(world.ports, "prod", StackSelection(("web",)), release_name=name)
        assert shown in found.files["prod/web/objects.yaml"]
        assert "namespace: shop-prod" in found.files["prod/web/objects.yaml"]
        assert found.release == name
    with pytest.raises(UsageError):
        render_environment(world.ports, "prod", release_name="abc")


def test_render_names_outputs_shown_by_examples() -> None:
    world = write()
    render_environment(world.ports, "dev")
    assert any("eks.role_arn is shown by an example" in each for each in world.observer.heard)


@pytest.mark.slow
def test_diff_shows_objects_changed_by_release_and_overlay() -> None:
    world = write(OPEN)
    apply(world.ports, "dev")
    promote(world.ports, "dev", "prod")
    # The overlay of prod has one more, and the namespaces differ: an object is the same in both.
    assert list_differences(world) == [("delete", "ConfigMap/shop-prod/a", [])]
    ports = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}\n"
    world.edit("k/base/web.yaml", ports)
    apply(world.ports, "dev")
    assert list_differences(world) == [
        ("delete", "ConfigMap/shop-prod/a", []),
        ("update", "Service/web", [("spec.ports[80].port", None, 80)]),
    ]


def test_diff_never_shows_values_of_secrets() -> None:
    project = OPEN.replace('kind = "kubernetes"', 'kind = "kubernetes"\nsecrets = "allow"')
    world = write(project, {**FILES, "k/base/web.yaml": SECRET % "hush"})
    apply(world.ports, "dev")
    promote(world.ports, "dev", "prod")
    world.edit("k/base/web.yaml", SECRET % "hush-hush")
    apply(world.ports, "dev")
    _, (_, _, [(path, before, after)]) = list_differences(world)
    assert path == "stringData.password"
    assert before != after
    assert "hush" not in f"{before}{after}"
