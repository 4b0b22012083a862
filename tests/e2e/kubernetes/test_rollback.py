"""The way back, and out: what a release does not have any more goes, but what is kept."""

import pytest

from tests.e2e.kubernetes.conftest import FIRST, SECOND, WEB, WEB_STACK, Shop, say

pytestmark = pytest.mark.terraform
EXTRA = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: extra }\ndata: { a: b }\n"
KEPT = """
apiVersion: v1
kind: ConfigMap
metadata: { name: kept, annotations: { envctl.dev/prune: "false" } }
data: { a: b }
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 1Gi } }
"""
FIRST_OBJECTS = {"ConfigMap/page", "ConfigMap/envctl-shop.dev.web", "Service/web", "Deployment/web"}


def test_rollback_brings_objects_back_and_prunes(web: Shop) -> None:
    web.write_project({"web": WEB_STACK}, ("dev",))
    web.deploy()
    gone = WEB[: WEB.index("---")] + WEB[WEB.rindex("---") :]
    web.write_web(manifests=gone, extra=EXTRA)
    web.set_image(SECOND)
    web.deploy()
    assert web.list_objects("dev") == FIRST_OBJECTS - {"Service/web"} | {"ConfigMap/extra"}
    web.run_checked("rollback", "dev", "--yes")
    assert web.list_objects("dev") == FIRST_OBJECTS
    assert web.find_image("dev") == FIRST
    assert web.run("drift", "dev").code == 0


def test_destroy_leaves_only_what_is_kept(web: Shop) -> None:
    web.write_project({"web": WEB_STACK}, ("dev",))
    web.write_web(extra=EXTRA, kept=KEPT)
    web.deploy()
    told = say(web.run_checked("destroy", "dev", "--yes"))
    assert "ConfigMap/shop/kept is no longer in web, and stays" in told
    assert web.list_objects("dev") == {"ConfigMap/kept"}
    web.deploy()
    assert web.list_objects("dev") == FIRST_OBJECTS | {"ConfigMap/extra", "ConfigMap/kept"}


@pytest.mark.night
def test_objects_of_a_removed_stack_go(web: Shop) -> None:
    other = WEB_STACK.replace("kubernetes/web", "kubernetes/other")
    web.write("kubernetes/other/extra.yaml", EXTRA)
    web.write_project({"web": WEB_STACK, "other": other}, ("dev",))
    web.deploy()
    assert web.list_objects("dev") == FIRST_OBJECTS | {"ConfigMap/extra", "ConfigMap/envctl-shop.dev.other"}
    web.write_project({"web": WEB_STACK}, ("dev",), more='[removed.other]\nthen = "destroy"\n')
    assert "other: leaves: 1 to delete" in say(web.run_checked("apply", "dev", "--yes"))
    assert web.list_objects("dev") == FIRST_OBJECTS


@pytest.mark.night
def test_protected_environment_keeps_its_claims(web: Shop) -> None:
    web.write_project({"web": WEB_STACK}, ("dev", "prod"), prod="protected = true")
    web.write_web(claim=CLAIM)
    web.deploy("prod")
    web.write_web()
    web.run_checked("apply", "dev", "--yes")
    assert "PersistentVolumeClaim/data" not in web.list_objects("dev")
    web.approve()
    refused = web.run("promote", "dev", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (3, ["G301"])
    assert "PersistentVolumeClaim/shop/data" in refused.document["problems"][0]["message"]
    assert "PersistentVolumeClaim/data" in web.list_objects("prod")


@pytest.mark.night
def test_stack_may_not_become_one_of_another_kind(web: Shop) -> None:
    web.write_project({"web": WEB_STACK}, ("dev",))
    web.deploy()
    web.write("modules/web/main.tf", "".join(f'variable "{name}" {{}}\n' for name in ("image", "motd", "replicas")))
    web.write_project({"web": ""}, ("dev",))
    refused = web.run("apply", "dev", "--yes", "--json")
    assert (refused.code, refused.codes) == (78, ["E670"])
    web.write_project({"other": ""}, ("dev",), more='[removed.web]\nthen = "destroy"\n')
    (web.root / "environments/dev/web.tfvars").rename(web.root / "environments/dev/other.tfvars")
    (web.root / "modules/web").rename(web.root / "modules/other")
    web.run_checked("apply", "dev", "--yes")
    assert web.list_objects("dev") == set()
