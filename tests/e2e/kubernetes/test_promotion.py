"""An image and a manifest go from dev to prod, while staging drifts."""

import pytest

from tests.e2e.kubernetes.conftest import FIRST, SECOND, WEB, Shop, say

pytestmark = pytest.mark.terraform
BLUE = WEB.replace("color: green", "color: blue")


@pytest.mark.night
def test_image_and_manifest_reach_prod_once_drift_is_fixed(shop: Shop) -> None:
    shop.deploy("staging", "prod")
    assert [shop.find_image(each) for each in shop.clusters] == [FIRST] * 3
    page = shop.clusters["prod"].get("ConfigMap", "page")
    assert page is not None
    assert page["data"] == {"motd": "hello from prod", "color": "green"}

    shop.set_image(SECOND)
    shop.write_web(manifests=BLUE)
    shop.deploy("staging")
    shop.clusters["staging"].patch("Deployment.apps", "web", {"spec": {"replicas": 5}})
    assert shop.run("drift", "staging").code == 2
    shop.approve()
    refused = shop.run("promote", "staging", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (3, ["G103", "G110"])
    assert "Deployment.apps/shop/web" in say(refused)
    assert shop.find_image("prod") == FIRST

    shop.run_checked("apply", "staging", "--yes")
    assert shop.run("drift", "staging").code == 0
    shop.run_checked("promote", "staging", "prod", "--yes")
    assert shop.find_image("prod") == SECOND
    page = shop.clusters["prod"].get("ConfigMap", "page")
    assert page is not None
    assert page["data"]["color"] == "blue"
