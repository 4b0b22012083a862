"""Rendering with the real kubectl and the real helm, without a cluster and without a network."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.adapters.kubernetes.rendering.renderer import ManifestRenderer
from envctl.adapters.kubernetes.rendering.tools import KUBECTL, find_tool, read_versions
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.kubernetes.manifests.rendered import RenderedManifests
from envctl.domain.kubernetes.workload import ClusterReference, Workload
from envctl.domain.release.bundle import File

DIGEST = "sha256:" + "a" * 64
VARIABLES = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: envctl
  annotations: {config.kubernetes.io/local-config: "true"}
data:
  image: "web:1"  # an example
  replicas: "1"
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web, env: [{name: MODE, value: yes}, {name: AT, value: 12:30}]}]
"""
BASE = """
resources: [envctl.yaml, web.yaml]
replacements:
  - source: {kind: ConfigMap, name: envctl, fieldPath: data.image}
    targets: [{select: {kind: Deployment}, fieldPaths: ["spec.template.spec.containers.[name=web].image"]}]
  - source: {kind: ConfigMap, name: envctl, fieldPath: data.replicas}
    targets: [{select: {kind: Deployment}, fieldPaths: [spec.replicas]}]
"""
FOLDER = {"k/base/kustomization.yaml": BASE, "k/base/envctl.yaml": VARIABLES, "k/base/web.yaml": DEPLOYMENT}
OVERLAY = {"k/prod/kustomization.yaml": "resources: [../base]\nnamePrefix: big-\n"}
WORKLOAD = Workload(owner="shop-web", path="k/base", cluster=ClusterReference("c"), namespace="shop", name="web")
VALUES = {"image": f"web@{DIGEST}", "replicas": "3"}


def render(
    files: Mapping[str, str | bytes], workload: Workload = WORKLOAD, values: Mapping[str, str] = VALUES
) -> RenderedManifests:
    tree = {path: File(data.encode() if isinstance(data, str) else data) for path, data in files.items()}
    return ManifestRenderer().render_files(tree, workload, values)


def refuse(
    files: Mapping[str, str | bytes], workload: Workload = WORKLOAD, values: Mapping[str, str] = VALUES
) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        render(files, workload, values)
    return list(caught.value.problems)


def test_values_reach_objects_and_their_map_does_not() -> None:
    found = render(FOLDER)
    (web,) = found.objects
    assert web["spec"]["replicas"] == 3
    assert web["metadata"] == {"labels": {"envctl.dev/stack": "shop-web"}, "name": "web", "namespace": "shop"}
    assert web["spec"]["selector"] == {"matchLabels": {"app": "web"}}
    assert found.images == (f"web@{DIGEST}",)
    assert {str(key): str(place) for key, place in found.places.items()} == {
        "Deployment.apps/shop/web": "k/base/web.yaml:2"
    }


def test_yaml_means_what_kubectl_reads() -> None:
    (web,) = render(FOLDER).objects
    container = web["spec"]["template"]["spec"]["containers"][0]
    assert [each["value"] for each in container["env"]] == ["yes", "12:30"]


def test_overlay_lies_over_the_base() -> None:
    found = render({**FOLDER, **OVERLAY}, replace(WORKLOAD, overlay="k/prod"))
    assert [each["metadata"]["name"] for each in found.objects] == ["big-web"]
    assert [str(each) for each in found.places.values()] == ["k/base/web.yaml:2"]


def test_plain_folder_needs_no_kustomization() -> None:
    files = {
        "k/base/web.yaml": DEPLOYMENT,
        "k/base/more/map.yml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
    }
    found = render(files, values={})
    assert sorted(each["kind"] for each in found.objects) == ["ConfigMap", "Deployment"]


def test_own_namespace_stays() -> None:
    other = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: kube-system}}"
    wide = "{apiVersion: v1, kind: Namespace, metadata: {name: extra}}"
    found = render({"k/base/a.yaml": f"{other}\n---\n{wide}"}, values={})
    assert {each["metadata"].get("namespace") for each in found.objects} == {"kube-system", None}


def test_custom_kind_of_the_cluster_gets_no_namespace() -> None:
    crd = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {group: example.com, scope: Cluster, names: {kind: Thing, plural: things}, versions: []}
---
{apiVersion: example.com/v1, kind: Thing, metadata: {name: one}}
"""
    found = render({"k/base/a.yaml": crd}, values={})
    assert all("namespace" not in each["metadata"] for each in found.objects)


def test_objects_of_a_list_come_alone() -> None:
    inner = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"
    found = render({"k/base/a.yaml": f"{{apiVersion: v1, kind: List, items: [{inner}]}}"}, values={})
    assert [each["kind"] for each in found.objects] == ["ConfigMap"]


def test_missing_value_is_named_with_its_line() -> None:
    (problem,) = refuse(FOLDER, values={"image": "x"})
    assert (problem.code, str(problem.location)) == ("E603", "k/base/envctl.yaml:9")
    assert "replicas has no value" in problem.message


@pytest.mark.parametrize(
    "entry",
    [
        "https://example.com/x.yaml",
        "github.com/org/repo//deploy?ref=v1",
        "git@github.com:org/repo.git",
        "http://127.0.0.1:1/x.yaml",
    ],
)
def test_address_in_a_network_is_refused(entry: str) -> None:
    (problem,) = refuse({"k/base/kustomization.yaml": f'resources: ["{entry}"]'})
    assert (problem.code, str(problem.location)) == ("E602", "k/base/kustomization.yaml:1")


PLUGIN = "{apiVersion: builtin, kind: PatchTransformer, metadata: {name: a}, path: 'http://127.0.0.1:1/p.yaml'}"


@pytest.mark.parametrize(
    "files",
    [
        {"k/base/kustomization.yaml": f"transformers:\n- |-\n  {PLUGIN}\n"},
        {"k/base/kustomization.yaml": "transformers: [t.yaml]", "k/base/t.yaml": PLUGIN},
    ],
    ids=["inline", "in a file"],
)
def test_plugin_reads_no_network(files: dict[str, str]) -> None:
    (problem,) = refuse(files)
    assert problem.code == "E602"


def test_address_below_another_base_is_refused() -> None:
    files = {**FOLDER, "k/prod/kustomization.yaml": "resources: [../base]\npatches: [{path: 'https://e.com/p.yaml'}]"}
    (problem,) = refuse(files, replace(WORKLOAD, overlay="k/prod"))
    assert (problem.code, str(problem.location)) == ("E602", "k/prod/kustomization.yaml:2")


@pytest.mark.parametrize(
    ("document", "code", "words"),
    [
        ("{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: hush}}", "E610", "password"),
        ("{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {password: aHVzaA==}}", "E610", "password"),
        ("{apiVersion: batch/v1, kind: Job, metadata: {generateName: j-}}", "E609", "name"),
        ("{apiVersion: v1, metadata: {name: a}}", "E609", "kind"),
    ],
    ids=["a Secret with text", "a Secret with data", "an object without a name", "an object without a kind"],
)
def test_refused_object_has_its_code(document: str, code: str, words: str) -> None:
    (problem,) = refuse({"k/base/a.yaml": document}, values={})
    assert problem.code == code
    assert words in problem.message
    assert "hush" not in problem.message


def test_secrets_may_be_allowed() -> None:
    files = {"k/base/a.yaml": "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: hush}}"}
    assert render(files, replace(WORKLOAD, allows_secrets=True), {}).objects[0]["stringData"] == {"password": "hush"}


def test_object_of_two_files_is_refused() -> None:
    one = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"
    (problem,) = refuse({"k/base/a.yaml": one, "k/base/b.yaml": one}, values={})
    assert problem.code == "E609"


def test_object_in_two_versions_is_refused() -> None:
    text = "{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: a}}"
    one, other = text, text.replace("v1", "v2")
    (problem,) = refuse({"k/base/a.yaml": one, "k/base/b.yaml": other}, values={})
    assert problem.code == "E609"
    assert "HorizontalPodAutoscaler.autoscaling/shop/a is twice" in problem.message


def test_key_that_comes_twice_is_refused() -> None:
    files = {**FOLDER, "k/base/envctl.yaml": VARIABLES + '  image: "web:2"\n'}
    (problem,) = refuse(files)
    assert (problem.code, str(problem.location)) == ("E611", "k/base/envctl.yaml:10")


@pytest.mark.parametrize("place", ["k/base/web.yaml", "k/base/patch.yaml"], ids=["an object", "a patch"])
def test_doubled_key_of_any_file_is_refused(place: str) -> None:
    doubled = f"{DEPLOYMENT}  replicas: 2\n"
    patched = f"{BASE}patches: [{{path: patch.yaml}}]\n"
    files = {**FOLDER, "k/base/patch.yaml": DEPLOYMENT, "k/base/kustomization.yaml": patched, place: doubled}
    (problem,) = refuse(files)
    assert (problem.code, str(problem.location)) == ("E611", f"{place}:12")


def test_another_tool_version_is_a_note() -> None:
    found = render(FOLDER, replace(WORKLOAD, tools={"kustomize": "4.1"}))
    assert "was 4.1 when the release was made" in found.notes[0]
    assert not render(FOLDER, replace(WORKLOAD, tools=read_versions(with_helm=False))).notes


CHART = {
    "Chart.yaml": "apiVersion: v2\nname: demo\nversion: 1.0.0\n",
    "values.yaml": "replicas: 1\nimage: nginx\nenvctl: {color: red}\nlabels: {}\n",
    "templates/web.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}-web", namespace: "{{ .Release.Namespace }}", labels: {{ toJson .Values.labels }} }
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, color: {{ .Values.envctl.color }}}}
    spec: {containers: [{name: web, image: {{ .Values.image }}}]}
""",
}
RANDOM = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: r}\ndata: {key: "{{ randAlphaNum 8 }}"}\n'
HOOK = """
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: "%s"}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: m, image: m}]}}}
"""
CHART_WORKLOAD = replace(WORKLOAD, path="charts/demo-1.0.0.tgz", is_chart=True)


def pack_chart(files: Mapping[str, str]) -> dict[str, bytes]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"demo/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return {"charts/demo-1.0.0.tgz": buffer.getvalue()}


@pytest.mark.usefixtures("helm")
def test_chart_takes_values_by_path() -> None:
    values = {"replicas": "4", "image": f'"nginx@{DIGEST}"', "envctl.color": '"blue"', 'labels["a.b/c"]': '"d"'}
    found = render(pack_chart(CHART), CHART_WORKLOAD, values)
    (web,) = found.objects
    assert web["metadata"]["name"] == "web-web"
    assert web["metadata"]["labels"] == {"a.b/c": "d", "envctl.dev/stack": "shop-web"}
    assert web["spec"]["replicas"] == 4
    assert web["spec"]["template"]["metadata"]["labels"]["color"] == "blue"
    assert found.images == (f"nginx@{DIGEST}",)
    assert [str(each) for each in found.places.values()] == ["charts/demo-1.0.0.tgz:templates/web.yaml"]


@pytest.mark.usefixtures("helm")
def test_chart_takes_files_of_values() -> None:
    files: dict[str, str | bytes] = {
        **pack_chart(CHART),
        "v/all.yaml": "replicas: 2\nimage: a\n",
        "v/prod.yaml": "replicas: 5\n",
    }
    workload = replace(CHART_WORKLOAD, values_file="v/all.yaml", overlay="v/prod.yaml")
    (web,) = render(files, workload, {}).objects
    assert web["spec"]["replicas"] == 5
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "a"


@pytest.mark.usefixtures("helm")
def test_chart_may_be_a_folder() -> None:
    files = {f"charts/demo/{name}": text for name, text in CHART.items()}
    assert len(render(files, replace(CHART_WORKLOAD, path="charts/demo"), {}).objects) == 1


@pytest.mark.usefixtures("helm")
def test_random_value_is_named() -> None:
    (problem,) = refuse(pack_chart({**CHART, "templates/r.yaml": RANDOM}), CHART_WORKLOAD, {})
    assert problem.code == "E607"
    assert "ConfigMap/shop/r is rendered in two ways: data.key changes each time" in problem.message


@pytest.mark.usefixtures("helm")
def test_hook_is_refused_or_skipped() -> None:
    files = pack_chart({**CHART, "templates/hook.yaml": HOOK % "pre-install,pre-upgrade"})
    (problem,) = refuse(files, CHART_WORKLOAD, {})
    assert problem.code == "E608"
    assert "Job.batch/shop/migrate is a hook of the chart (pre-install and pre-upgrade)" in problem.message
    assert len(render(files, replace(CHART_WORKLOAD, hooks="skip"), {}).objects) == 1


@pytest.mark.usefixtures("helm")
def test_test_hooks_are_left_out() -> None:
    assert len(render(pack_chart({**CHART, "templates/hook.yaml": HOOK % "test"}), CHART_WORKLOAD, {}).objects) == 1


@pytest.mark.usefixtures("helm")
def test_lookup_is_a_note() -> None:
    text = '{{ if lookup "v1" "Secret" "a" "b" }}x{{ end }}'
    found = render(pack_chart({**CHART, "templates/l.yaml": text}), CHART_WORKLOAD, {})
    assert found.notes == (
        "charts/demo-1.0.0.tgz: templates/l.yaml looks into a cluster with lookup, and finds nothing",
    )


@pytest.mark.usefixtures("helm")
def test_failing_template_is_named() -> None:
    files = pack_chart({**CHART, "templates/f.yaml": '\n{{ fail "give a host" }}'})
    (problem,) = refuse(files, CHART_WORKLOAD, {})
    assert (problem.code, str(problem.location)) == ("E606", "charts/demo-1.0.0.tgz:templates/f.yaml:2")
    assert "give a host" in problem.message


@pytest.mark.usefixtures("helm")
def test_schema_of_values_names_the_value() -> None:
    schema = '{"type": "object", "required": ["region"], "properties": {"size": {"type": "integer"}}}'
    files = pack_chart({**CHART, "values.schema.json": schema})
    (problem,) = refuse(files, CHART_WORKLOAD, {"size": '"big"'})
    assert problem.code == "E606"
    assert "region" in problem.message
    assert "size" in problem.message


@pytest.mark.usefixtures("helm")
def test_doubled_key_of_a_template_is_named() -> None:
    doubled = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v, name: w}\n"
    (problem,) = refuse(pack_chart({**CHART, "templates/v.yaml": doubled}), CHART_WORKLOAD, {})
    assert (problem.code, str(problem.location)) == ("E611", "charts/demo-1.0.0.tgz:templates/v.yaml")


def test_component_alone_has_a_hint() -> None:
    component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [web.yaml]\n"
    (problem,) = refuse({"k/base/kustomization.yaml": component, "k/base/web.yaml": DEPLOYMENT}, values={})
    assert problem.hint.startswith("list a component under components")


@pytest.mark.usefixtures("helm")
def test_cluster_version_reaches_templates() -> None:
    text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v}\ndata: {v: "{{ .Capabilities.KubeVersion.Minor }}"}\n'
    workload = replace(CHART_WORKLOAD, kubernetes_version="1.31")
    found = render(pack_chart({**CHART, "templates/v.yaml": text}), workload, {})
    assert next(each for each in found.objects if each["kind"] == "ConfigMap")["data"] == {"v": "31"}


@pytest.mark.usefixtures("helm")
def test_chart_knows_the_kinds_of_its_cluster() -> None:
    asked = (
        '{{ .Capabilities.APIVersions.Has "apiregistration.k8s.io/v1" }}{{ .Capabilities.APIVersions.Has "a.b/v1" }}'
    )
    text = f'apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: v}}\ndata: {{v: "{asked}"}}\n'
    found = render(pack_chart({**CHART, "templates/v.yaml": text}), CHART_WORKLOAD, {})
    assert next(each for each in found.objects if each["kind"] == "ConfigMap")["data"] == {"v": "truefalse"}


ASKING_CHART = {
    **CHART,
    "templates/v.yaml": """apiVersion: v1
kind: ConfigMap
metadata: {name: v}
data:
  minor: {{ .Capabilities.KubeVersion.Minor | quote }}
  hasKindOf37: {{ .Capabilities.APIVersions.Has "certificates.k8s.io/v1/ClusterTrustBundle" | quote }}
""",
}
OLD: dict[str, str] = {}
"""The tools of a release that was made when 1.36 was the newest known version of Kubernetes."""


@pytest.mark.usefixtures("helm")
@pytest.mark.parametrize(
    ("version", "tools", "minor", "has_kind", "seen"),
    [
        pytest.param("", OLD, "36", "false", "", id="an old release without a version"),
        pytest.param("1.35", OLD, "35", "false", "", id="an old release"),
        pytest.param("1.37", OLD, "37", "false", "1.36, not of 1.37", id="an old release of a version then unknown"),
        pytest.param("1.99", OLD, "99", "false", "1.36, not of 1.99", id="an old release of an unknown version"),
        pytest.param("", {"kubernetes": "1.37"}, "37", "true", "", id="a release without a version"),
        pytest.param("1.36", {"kubernetes": "1.37"}, "36", "false", "", id="a release"),
        pytest.param("1.99", {"kubernetes": "1.37"}, "99", "true", "1.37, not of 1.99", id="an unknown version"),
        pytest.param("", {"kubernetes": "1.98"}, "98", "true", "1.37, not of 1.98", id="a release of a newer envctl"),
    ],
)
def test_chart_sees_versions_known_to_its_release(
    version: str, tools: dict[str, str], minor: str, has_kind: str, seen: str
) -> None:
    workload = replace(CHART_WORKLOAD, kubernetes_version=version, tools=tools)
    found = render(pack_chart(ASKING_CHART), workload, {})
    (data,) = (each["data"] for each in found.objects if each["kind"] == "ConfigMap")
    assert data == {"minor": minor, "hasKindOf37": has_kind}
    note = f"charts/demo-1.0.0.tgz: the chart sees the kinds of Kubernetes {seen}"
    assert found.notes == ((note,) if seen else ())


@pytest.mark.usefixtures("helm")
def test_chart_that_renders_nothing_is_empty() -> None:
    files = pack_chart({"Chart.yaml": CHART["Chart.yaml"], "templates/a.yaml": "{{ if false }}a: b{{ end }}"})
    assert render(files, CHART_WORKLOAD, {}).objects == ()


def test_tools_see_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "kubectl"
    tool.write_text(
        '#!/bin/sh\n[ "$1" = version ] && echo \'{"kustomizeVersion": "v5.8.1"}\' && exit\n/usr/bin/env >&2; exit 1\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("ENVCTL_KUBECTL", str(tool))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    (problem,) = refuse(FOLDER)
    assert "hush-hush" not in problem.message
    assert "HTTPS_PROXY=http://127.0.0.1:9" in problem.message


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="only Linux has files in memory")
def test_values_are_rendered_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process that is killed while it renders leaves no sensitive output on disk."""
    seen = note_kustomize(monkeypatch, tmp_path)
    ManifestRenderer().render(lay_folder(tmp_path), WORKLOAD, VALUES)
    places = seen.read_text().split()
    assert places
    assert all(each.startswith("/dev/shm/") and not Path(each).exists() for each in places)


def test_same_bytes_and_values_are_rendered_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An apply needs what its plan has rendered, if nothing has changed since."""

    def count_runs() -> int:
        runs = len(seen.read_text().split())
        seen.write_text("")
        return runs

    seen, tree, renderer = note_kustomize(monkeypatch, tmp_path), lay_folder(tmp_path), ManifestRenderer()
    first = renderer.render(tree, WORKLOAD, VALUES)
    assert count_runs() == 2
    assert renderer.render(tree, WORKLOAD, VALUES) == first
    assert count_runs() == 0

    assert renderer.render(tree, WORKLOAD, {**VALUES, "replicas": "4"}).objects[0]["spec"]["replicas"] == 4
    assert count_runs() == 2
    assert renderer.render(tree, replace(WORKLOAD, namespace="other"), VALUES) != first
    assert count_runs() == 2
    (tree / "k/base/web.yaml").write_text(DEPLOYMENT.replace("name: web}", "name: api}", 1))
    assert renderer.render(tree, WORKLOAD, VALUES).objects[0]["metadata"]["name"] == "api"
    assert count_runs() == 2


def note_kustomize(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a file that gets the folder of each run of kustomize, a line each."""
    seen, tool = tmp_path / "seen", tmp_path / "kubectl"
    tool.write_text(f'#!/bin/sh\ncase "$1" in kustomize) echo "$2" >> {seen};; esac\nexec {find_tool(KUBECTL)} "$@"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("ENVCTL_KUBECTL", str(tool))
    return seen


def lay_folder(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    for path, text in FOLDER.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    return tree
