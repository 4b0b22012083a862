"""Stacks of both kinds in one command, and what an approval of them covers."""

import pytest

from tests.e2e.kubernetes.conftest import BOB, FIRST, SECOND, WEB, WEB_STACK, Shop, say
from tests.kubernetes_cluster import Fault

pytestmark = pytest.mark.terraform
BLUE = WEB.replace("color: green", "color: blue")


def test_half_done_deployment_says_what_stands(shop: Shop) -> None:
    shop.write_project({"base": "", "web": WEB_STACK + 'inputs = { motd = "base.motd" }\n'}, ("dev",))
    real = r"/deployments/web(\?(?!.*dryRun).*)?$"
    fault = shop.clusters["dev"].faults.add(Fault(403, method="PATCH", path=real, times=-1))
    failed = shop.run("apply", "dev", "--yes")
    assert failed.code == 1
    assert fault.met
    assert "applied: base" in failed.err
    assert "failed: web" in failed.err
    assert "Deployment.apps/shop/web" in say(failed)
    assert "the deployment of release" in say(shop.run_checked("status"))
    shop.clusters["dev"].faults.clear()
    shop.run_checked("apply", "dev", "--yes")
    assert shop.find_image("dev") == FIRST
    assert shop.run("drift", "dev").code == 0


@pytest.mark.night
def test_change_by_hand_voids_an_approval(web: Shop) -> None:
    web.deploy("prod")
    web.set_image(SECOND)
    web.write_web(manifests=BLUE)
    web.deploy()
    web.approve()
    # The release says nothing about it, and the plan stays as it was.
    web.clusters["prod"].patch("ConfigMap", "page", {"data": {"other": "by hand"}})
    web.clusters["prod"].patch("Deployment.apps", "web", {"spec": {"replicas": 7}})
    refused = web.run("promote", "dev", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (4, ["G302"])
    assert "Deployment.apps/shop/web" in refused.document["problems"][0]["message"]
    assert web.find_image("prod") == FIRST
    web.approve()
    web.run_checked("promote", "dev", "prod", "--yes")
    assert web.find_image("prod") == SECOND


@pytest.mark.night
def test_ledger_tells_what_runs_and_who_approved(web: Shop) -> None:
    web.deploy("prod")
    web.set_image(SECOND)
    web.write_web(manifests=BLUE)
    web.deploy()
    unreachable = [cluster.faults.add(Fault(503, times=-1)) for cluster in web.clusters.values()]
    told = web.run_checked("diff", "dev", "prod", "--patch").out
    assert "kubernetes/web (stack web)" in told
    colors = [line.strip() for line in told.splitlines() if "color: " in line]
    assert colors == ["-data: { motd: x, color: green }", "+data: { motd: x, color: blue }"]
    assert SECOND in "".join(told.split())

    releases = web.run_checked("releases", "--json").document["result"]["releases"]
    (running,) = [each["release"]["release"] for each in releases if "prod" in each["runs_in"]]
    entries = web.run_checked("history", "prod", "--json").document["result"]["entries"]
    (approval,) = [each for each in entries if each["event"]["kind"] == "approval given"]
    assert (approval["actor"]["name"], approval["event"]["release"]) == (BOB, running)
    held = web.run_checked("release", "show", running[:12], "--json").document["result"]
    assert (held["stacks"], held["artifacts"]) == (["web"], [{"variable": "web.image", "value": FIRST}])
    assert not any(fault.met for fault in unreachable)
