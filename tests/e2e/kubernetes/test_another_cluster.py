"""Two clusters behind one name of a context: what was approved for one is not done to the other one."""

from pathlib import Path

import pytest

from tests.e2e.kubernetes.conftest import BOB, FIRST, SECOND, Shop, say, write_kubeconfig


def point_prod_elsewhere(shop: Shop, folder: Path) -> str:
    """Return a kubeconfig whose context `prod` is the cluster of staging, and the other contexts as they are."""
    folder.mkdir()
    write_kubeconfig({**shop.clusters, "prod": shop.clusters["staging"]}, folder)
    return str(folder / "kubeconfig")


def read_uid(shop: Shop, environment: str) -> str:
    live = shop.clusters[environment].get("Namespace", "kube-system")
    assert live
    return str(live["metadata"]["uid"])


def test_approval_is_for_the_cluster_and_not_for_its_name(web: Shop, tmp_path: Path) -> None:
    web.run_checked("apply", "dev", "--yes")
    # Bob's context leads to one cluster, and that of whoever promotes to another one.
    shown = say(web.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB))
    assert read_uid(web, "prod") in shown and web.clusters["prod"].url in shown
    elsewhere = point_prod_elsewhere(web, tmp_path / "carl")
    refused = web.run("promote", "dev", "prod", "--yes", KUBECONFIG=elsewhere)
    assert refused.code != 0 and "G302" in say(refused)
    assert "web was approved for another cluster" in say(refused) and read_uid(web, "staging") in say(refused)
    assert web.list_objects("staging") == set()
    web.run_checked("promote", "dev", "prod", "--yes")
    assert web.find_image("prod") == FIRST
    # Once deployed, no command looks into another cluster of that name.
    for command in (("plan", "prod"), ("drift", "prod"), ("verify", "prod"), ("apply", "prod", "--yes")):
        refused = web.run(*command, KUBECONFIG=elsewhere)
        assert refused.code != 0 and "E672" in say(refused), command
        assert read_uid(web, "prod") in say(refused) and read_uid(web, "staging") in say(refused)
    assert web.list_objects("staging") == set()
    web.run_checked("verify", "prod")


@pytest.mark.night
def test_rollback_and_destruction_leave_other_cluster_alone(web: Shop, tmp_path: Path) -> None:
    for image in (FIRST, SECOND):
        web.set_image(image)
        web.run_checked("apply", "dev", "--yes")
    folder = tmp_path / "carl"
    folder.mkdir()
    write_kubeconfig({**web.clusters, "dev": web.clusters["staging"]}, folder)
    web.clusters["staging"].apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "page"}, "data": {}})
    for command, code in (("rollback", "E672"), ("destroy", "E371")):
        refused = web.run(command, "dev", "--yes", KUBECONFIG=str(folder / "kubeconfig"))
        assert refused.code != 0 and code in say(refused)
    web.run_checked("destroy", "dev", "--state-lost", "--yes", KUBECONFIG=str(folder / "kubeconfig"))
    assert web.clusters["staging"].get("ConfigMap", "page") is not None
    assert web.find_image("dev") == SECOND
