"""The code of stacks of Kubernetes objects on in-memory ports: what a release holds, and what is refused."""

from collections.abc import Mapping

import pytest
from kube_api_emulator.schemas.packed import list_versions

from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.release.bundle import Release, compute_identity, pack, unpack
from envctl.domain.release.manifest import FORMAT_WITH_KUBERNETES
from envctl.domain.release.place import place_digest
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.place.place_digest import list_differences
from envctl.domain.release.workload import build_workload, list_workload_files
from envctl.usecases.ports.context import Context
from envctl.usecases.project import working_tree
from envctl.usecases.project.environment_selection import load_context
from envctl.usecases.project.settings.environment_settings import load_settings
from tests.fakes.world import World

DIGEST = "sha256:" + "a" * 64
HEAD = '[project]\nname = "shop"\n[pipeline]\norder = ["dev", "prod"]\n[environments.dev]\n[environments.prod]\n'
EKS = '[stacks.eks]\nmodule = "modules/eks"\n'
WEB = """[stacks.web]
kind = "kubernetes"
path = "k/base"
overlay = "k/{environment}"
cluster = "eks.cluster_name"
namespace = "shop-{environment}"
inputs = { role_arn = "eks.role_arn" }
set = { replicas = 3 }
"""
IMAGE = '[artifacts]\nimage = { variable = "image", kind = "oci" }\n'
MODULE = """
variable "kubernetes_version" { type = string }
output "cluster_name" { value = "c" }
output "role_arn" { value = "r" }
"""
MAP = """apiVersion: v1
kind: ConfigMap
metadata: {name: envctl, annotations: {config.kubernetes.io/local-config: "true"}}
data:
  image: "web:1"
  replicas: "1"
  role_arn: "arn"
  host: "h"
"""
FILES = {
    "modules/eks/main.tf": MODULE,
    "k/base/kustomization.yaml": "resources: [envctl.yaml, web.yaml]\n",
    "k/base/envctl.yaml": MAP,
    "k/base/web.yaml": "{apiVersion: v1, kind: Service, metadata: {name: web}}\n",
    "k/dev/kustomization.yaml": "resources: [../base]\n",
    "k/prod/kustomization.yaml": "resources: [../base, ../extra]\n",
    "k/extra/kustomization.yaml": "resources: [a.yaml]\n",
    "k/extra/a.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n",
    "environments/common.tfvars": 'host = "example.com"\nkubernetes_version = "1.35"\n',
    "environments/dev/terraform.tfvars": f'image = "example.com/web@{DIGEST}"\n',
}
PROJECT = HEAD + EKS + WEB + IMAGE


def write(project: str = PROJECT, files: Mapping[str, str] = FILES) -> World:
    world = World()
    world.tree.content.clear()
    world.edit("envctl.toml", project)
    for path, text in files.items():
        world.edit(path, text)
    return world


def build(world: World) -> tuple[Context, Release]:
    context, _ = load_context(world.ports, "dev")
    return context, working_tree.build_release(context)


def refuse(project: str = PROJECT, files: Mapping[str, str] = FILES) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        context, release = build(write(project, files))
        load_settings(context, "dev", release.wiring)
    return list(caught.value.problems)


def test_release_holds_bases_and_overlays_of_the_pipeline() -> None:
    _, release = build(write())
    assert {path for path in release.files if path.startswith("k/")} == {
        path for path in FILES if path.startswith("k/")
    }
    code = release.wiring.stacks["web"].kubernetes
    assert code is not None
    assert code.tree == ("k/base", "k/dev", "k/extra", "k/prod")
    assert set(code.tools) == {"kustomize"}
    assert release.wiring.outputs["web"] == {}
    assert release.wiring.stacks["web"].needs == ("eks",)


def test_patch_of_examples_gets_the_values_too() -> None:
    patch = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: envctl}\ndata:\n  host: prod.example.com\n"
    shown = "{apiVersion: v1, kind: Service, metadata: {name: web, annotations: {host: x}}}\n"
    into = "{select: {kind: Service}, fieldPaths: [metadata.annotations.host]}"
    base = f"replacements: [{{source: {{kind: ConfigMap, name: envctl, fieldPath: data.host}}, targets: [{into}]}}]\n"
    files = {
        **FILES,
        "k/base/web.yaml": shown,
        "k/prod/kustomization.yaml": f"resources: [../base]\npatches: [{{path: patch.yaml}}]\n{base}",
        "k/prod/patch.yaml": patch,
    }
    context, release = build(write(files=files))
    settings = load_settings(context, "prod", release.wiring)
    workload = build_workload(release.wiring, "web", context.project, Backend("local", {}, "prod"), settings)
    tree = list_workload_files(release, "web")
    rendered = context.ports.manifests.render(tree, workload, workload.values, with_examples=True)
    assert rendered.objects[0]["metadata"]["annotations"] == {"host": "example.com"}


def test_release_holds_only_files_that_are_read() -> None:
    generated = (
        "resources: [a.yaml]\nconfigMapGenerator: [{name: g, files: [conf/app.ini, x=conf/b.txt], envs: [a.env]}]\n"
    )
    beside = {"k/extra/conf/app.ini": "a", "k/extra/conf/b.txt": "b", "k/extra/a.env": "A=1"}
    files = {
        **FILES,
        "k/extra/kustomization.yaml": generated,
        **beside,
        "k/extra/secrets.env": "B=hush",
        "k/base/key.pem": "k",
    }
    context, release = build(write(files=files))
    assert beside.keys() <= release.files.keys()
    assert not {"k/extra/secrets.env", "k/base/key.pem"} & release.files.keys()
    settings = load_settings(context, "prod", release.wiring)
    workload = build_workload(release.wiring, "web", context.project, Backend("local", {}, "prod"), settings)
    rendered = context.ports.manifests.render(
        list_workload_files(release, "web"), workload, workload.values, with_examples=True
    )
    assert len(rendered.objects) == 3


def test_release_with_objects_survives_its_bundle() -> None:
    _, release = build(write())
    bundle = pack(release)
    assert unpack(bundle, compute_identity(bundle)) == release
    assert f'"format": {FORMAT_WITH_KUBERNETES}'.encode() in bundle


def test_workload_knows_its_environment() -> None:
    world = write()
    context, release = build(world)
    settings = load_settings(context, "prod", release.wiring)
    workload = build_workload(release.wiring, "web", context.project, Backend("local", {}, "prod"), settings)
    assert (workload.owner, workload.path, workload.overlay) == ("shop.prod.web", "k/base", "k/prod")
    assert (workload.namespace, workload.kubernetes_version) == ("shop-prod", "1.35")
    assert workload.values == {"image": f"example.com/web@{DIGEST}", "replicas": "3", "host": "example.com"}
    assert workload.cluster.output is not None
    assert (workload.cluster.output.stack, workload.cluster.output.output) == ("eks", "cluster_name")
    rendered = world.manifests.render(
        list_workload_files(release, "web"), workload, {**workload.values, "role_arn": "arn"}, with_examples=False
    )
    assert [each["kind"] for each in rendered.objects] == ["ConfigMap", "Service"]
    assert {each["metadata"]["namespace"] for each in rendered.objects} == {"shop-prod"}


@pytest.mark.parametrize(
    ("edits", "code", "place", "words"),
    [
        ({"k/base/web.yaml": None, "k/base/kustomization.yaml": None, "k/base/envctl.yaml": None},
         "E601", "envctl.toml:11", "k/base, which has no YAML"),
        ({"k/prod/kustomization.yaml": None}, "E601", "envctl.toml:12", "k/prod, which has no YAML"),
        ({"k/prod/kustomization.yaml": "resources: [../extra]\n"}, "E601", "envctl.toml:12", "does not lead to k/base"),
        ({"k/extra/kustomization.yaml": "resources:\n- a.yaml\n- b.yaml\n"},
         "E602", "k/extra/kustomization.yaml:3", "b.yaml, which does not exist"),
        ({"k/extra/kustomization.yaml": "resources:\n- ../base/web.yaml\n"},
         "E602", "k/extra/kustomization.yaml:2", "outside of its folder"),
        ({"k/extra/kustomization.yaml": "resources: [https://example.com/x.yaml]\n"},
         "E602", "k/extra/kustomization.yaml:1", "fetched from a network"),
        ({"k/extra/kustomization.yaml": "helmCharts: [{name: x}]\nresources: [a.yaml]\n"},
         "E602", "k/extra/kustomization.yaml:1", "start helm"),
        ({"k/extra/kustomization.yaml": "secretGenerator: [{name: x, literals: [a=b]}]\n"},
         "E602", "k/extra/kustomization.yaml:1", "values of Secrets"),
        ({"k/prod/s.yaml": "{kind: Secret, metadata: {name: s}, stringData: {a: b}}\n"},
         "E610", "k/prod/s.yaml:1", "Secret s holds values"),
        ({"k/base/envctl.yaml": MAP.replace(", annotations: {config.kubernetes.io/local-config: \"true\"}", "")},
         "E603", "k/base/envctl.yaml:3", "would be sent to the cluster"),
        ({"k/base/envctl.yaml": MAP + "  more: 1\n"}, "E603", "k/base/envctl.yaml:9", "not a text"),
        ({"k/base/envctl.yaml": MAP + '  more: "1"\n'}, "E205", "k/base/envctl.yaml:9", "more"),
        ({"k/base/envctl.yaml": MAP.replace('  host: "h"\n', "")}, "E203", "environments/common.tfvars:1", "host"),
        ({"k/base/envctl.yaml": MAP.replace('  replicas: "1"\n', "")}, "E219", "envctl.toml:16", "replicas"),
        ({"k/base/envctl.yaml": MAP.replace('  role_arn: "arn"\n', "")}, "E113", "envctl.toml:15", "role_arn"),
        ({"k/base/envctl.yaml": MAP + "  host: h\n"}, "E611", "k/base/envctl.yaml:9", "host comes twice"),
        ({"k/prod/envctl.yaml": MAP + '  x: "1"\n'}, "E603", "k/prod/envctl.yaml:4", "x is not in both"),
        ({"k/prod/kustomization.yaml": "resources: [../base]\npatches:\n- path: patch.yaml\n  target: {name: envctl}\n",
          "k/prod/patch.yaml": "[{op: replace, path: /data/host, value: x}]"},
         "E602", "k/prod/kustomization.yaml:3", "the values that envctl writes would have no effect"),
        ({"k/prod/kustomization.yaml": "resources: [../base]\npatches:\n- patch: |\n    metadata: {name: envctl}\n"},
         "E602", "k/prod/kustomization.yaml:3", "the values that envctl writes would have no effect"),
        ({"modules/eks/main.tf": MODULE.replace('output "cluster_name" { value = "c" }', "")},
         "E112", "envctl.toml:13", "cluster_name"),
    ],
    ids=[
        "no folder", "no overlay", "an overlay of other objects", "a missing file", "a file outside", "a URL",
        "a chart", "a generated Secret", "a Secret of another environment",
        "variables that would be sent", "an example that is no text",
        "a variable that nobody fills",
        "a value that nothing takes", "a set value that nothing takes", "an input that nothing takes", "a doubled key",
        "two maps of variables", "a patch of variables", "an inline patch of variables", "a cluster that is no output",
    ],
)  # fmt: skip
def test_wrong_code_is_refused_with_its_line(
    edits: Mapping[str, str | None], code: str, place: str, words: str
) -> None:
    files = {path: text for path, text in {**FILES, **edits}.items() if text is not None}
    problems = refuse(files=files)
    assert (code, place) in [(each.code, str(each.location)) for each in problems]
    assert any(words in each.message for each in problems)


def test_objects_have_no_outputs() -> None:
    reader = '[stacks.jobs]\nkind = "kubernetes"\npath = "k/extra"\ncluster = "web.name"\nnamespace = "x"\n'
    (problem,) = refuse(PROJECT.replace(IMAGE, reader + IMAGE))
    assert (problem.code, problem.hint) == ("E112", 'to come after them, use: after = ["web"]')


def test_approval_is_bound_to_the_cluster() -> None:
    named = PROJECT.replace("eks.cluster_name", "shop-blue")
    places = []
    for project in (named, named.replace("shop-blue", "shop-green")):
        context, release = build(write(project))
        places.append(place_digest.resolve_bound_place(context.project, "prod", release.wiring))
    assert list_differences(*places) == ("cluster shop-blue -> shop-green",)


CHART = """[stacks.ingress]
kind = "kubernetes"
chart = "charts/demo"
values = "v/all.yaml"
overlay = "v/{environment}.yaml"
cluster = "eks.cluster_name"
namespace = "ingress"
inputs = { "controller.role" = "eks.role_arn" }
set = { "controller.replicas" = 2, "labels" = { a = "b" } }
"""
CHART_FILES = {
    "modules/eks/main.tf": MODULE,
    "environments/common.tfvars": 'kubernetes_version = "1.35"\nhost = "example.com"\n',
    "charts/demo/Chart.yaml": "{apiVersion: v2, name: demo, version: 1.0.0}\n",
    "v/all.yaml": "envctl:\n  host: example\n",
    "v/dev.yaml": "{}\n",
    "v/prod.yaml": "{}\n",
}


@pytest.mark.slow
@pytest.mark.usefixtures("helm")
def test_chart_values_have_paths() -> None:
    context, release = build(write(HEAD + EKS + CHART, CHART_FILES))
    assert [each.name for each in release.wiring.schema["ingress"]] == [
        "controller.role", "controller.replicas", "labels", "host",
    ]  # fmt: skip
    settings = load_settings(context, "dev", release.wiring)
    workload = build_workload(release.wiring, "ingress", context.project, Backend("local", {}, "dev"), settings)
    assert workload.values == {"controller.replicas": "2", "labels": '{"a": "b"}', "envctl.host": '"example.com"'}
    assert (workload.is_chart, workload.values_file, workload.overlay) == (True, "v/all.yaml", "v/dev.yaml")
    assert workload.tools["kubernetes"] == list_versions()[-1]
    bundle = pack(release)
    assert unpack(bundle, compute_identity(bundle)).wiring == release.wiring


@pytest.mark.usefixtures("helm")
@pytest.mark.parametrize(
    ("edits", "chart", "code", "place", "words"),
    [
        ({"charts/demo/Chart.yaml": None}, CHART, "E601", "envctl.toml:11", "does not exist"),
        ({"v/prod.yaml": None}, CHART, "E601", "envctl.toml:13", "v/prod.yaml, which does not exist"),
        ({"charts/demo/Chart.yaml": "{name: demo, dependencies: [{name: redis, version: 1.0.0}]}\n"},
         CHART, "E601", "charts/demo", "lacks the charts it depends on: redis"),
        ({}, CHART.replace('"labels" = { a = "b" }', '"controller" = { a = "b" }'),
         "E603", "envctl.toml:17", "same value"),
        ({}, CHART.replace('"labels" = { a = "b" }', '"name" = "eks.cluster_name"'),
         "E603", "envctl.toml:17", "there is an output of that name"),
    ],
    ids=["no chart", "no overlay", "a missing dependency", "two values in one place", "an output in set"],
)  # fmt: skip
def test_wrong_chart_is_refused_with_its_line(
    edits: Mapping[str, str | None], chart: str, code: str, place: str, words: str
) -> None:
    files = {path: text for path, text in {**CHART_FILES, **edits}.items() if text is not None}
    problems = refuse(HEAD + EKS + chart, files)
    assert (code, place) in [(each.code, str(each.location)) for each in problems]
    assert any(words in each.message for each in problems)
