"""A vendored Helm chart goes through the pipeline like any other code."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.kubernetes.conftest import FIRST, Shop, say

pytestmark = pytest.mark.terraform
DIGEST = FIRST.partition("@")[2]
FILES = {
    "Chart.yaml": "apiVersion: v2\nname: page\nversion: 1.0.0\n",
    "values.yaml": "motd: ''\ncolor: green\nreplicas: 1\nlabels: {}\nimage: example.com/shop/web:1\n",
    "crds/things.yaml": """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Thing, plural: things, singular: thing, listKind: ThingList}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
""",
    "templates/page.yaml": """
apiVersion: v1
kind: Namespace
metadata: {name: {{ .Release.Namespace }}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: page, labels: {{ toJson .Values.labels }}}
data: {motd: {{ quote .Values.motd }}, color: {{ .Values.color }}, by: {{ .Release.Name }}}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: one}
spec: {size: {{ .Values.replicas }}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: {{ .Values.image }}}]}
""",
}
STACK = """
kind = "kubernetes"
chart = "charts/page-1.0.0.tgz"
values = "values/all.yaml"
overlay = "values/{environment}.yaml"
kubeconfig_context = "{environment}"
namespace = "shop"
wait = "20s"
inputs = { motd = "base.motd" }
set = { color = "COLOR", labels = { "example.com/team" = "web" } }
"""


def pack_chart(shop: Shop, **more: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in {**FILES, **{f"templates/{key}.yaml": each for key, each in more.items()}}.items():
            member = tarfile.TarInfo(f"page/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    folder = shop.root / "charts"
    folder.mkdir(exist_ok=True)
    (folder / "page-1.0.0.tgz").write_bytes(buffer.getvalue())


@pytest.fixture
def chart(shop: Shop, helm_path: Path) -> Shop:
    shop = replace(shop, extra={**shop.extra, "ENVCTL_HELM": str(helm_path)})
    shop.write_project({"base": "", "page": STACK.replace("COLOR", "red")}, more="")
    for each in ("dev", "staging", "prod"):
        shop.write(f"environments/{each}/terraform.tfvars", f'greeting = "hi {each}"\n')
        shop.write(f"values/{each}.yaml", f"replicas: {2 if each == 'prod' else 1}\n")
    shop.write("values/all.yaml", "replicas: 7\n")
    shop.write("charts/page-1.0.0.images.yaml", f'"example.com/shop/web:1": {DIGEST}\n')
    pack_chart(shop)
    return shop


@pytest.mark.own_clusters
def test_chart_reaches_staging_with_outputs_and_digests(chart: Shop) -> None:
    chart.deploy("staging")
    staging = chart.clusters["staging"]
    page, web = staging.get("ConfigMap", "page"), staging.get("Deployment.apps", "web")
    assert page is not None
    assert web is not None
    assert page["data"] == {"motd": "hi staging from staging", "color": "red", "by": "page"}
    assert page["metadata"]["labels"]["example.com/team"] == "web"
    assert web["spec"]["replicas"] == 1
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == f"example.com/shop/web:1@{DIGEST}"
    assert chart.run("plan", "staging", "--detailed-exitcode").code == 0

    chart.write_project({"base": "", "page": STACK.replace("COLOR", "blue")}, more="")
    chart.deploy()
    page = chart.clusters["dev"].get("ConfigMap", "page")
    assert page is not None
    assert page["data"]["color"] == "blue"


@pytest.mark.night
def test_chart_with_random_values_is_refused(chart: Shop) -> None:
    pack_chart(chart, random='apiVersion: v1\nkind: ConfigMap\nmetadata: {name: r}\ndata: {key: "{{ uuidv4 }}"}\n')
    refused = chart.run("validate", "--json")
    assert (refused.code, refused.codes) == (78, ["E607"])
    assert "ConfigMap/shop/r is rendered in two ways: data.key changes each time" in say(refused)
