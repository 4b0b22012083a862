"""Rollouts that do not work: the message says what the pods say, and the next apply continues."""

import json

import pytest

from tests.by_day import keep_by_day
from tests.e2e.kubernetes.conftest import FIRST, WEB_STACK, Shop, say

pytestmark = pytest.mark.terraform
DIGEST = f"@sha256:{'3' * 64}"
OLD = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: old }\ndata: { a: b }\n"
SAID = {
    "crash-loop": "CrashLoopBackOff",
    "no-such-image": "ErrImagePull",
    "never-ready": "its readiness probe has not passed",
}


@pytest.mark.parametrize("name", keep_by_day(list(SAID), "never-ready"))
def test_failed_rollout_tells_what_the_pods_say(name: str, web: Shop) -> None:
    web.write_project({"web": WEB_STACK.replace("20s", "3s")}, ("dev", "prod"))
    web.set_image(f"example.com/{name}{DIGEST}")
    failed = web.run("apply", "dev", "--yes", "--json")
    assert (failed.code, failed.codes) == (1, ["E410"])
    (problem,) = failed.document["problems"]
    assert "web is ready" in problem["message"]
    assert "Deployment.apps/shop/web" in problem["message"]
    assert SAID[name] in problem["message"]

    assert ".." not in problem["message"]
    assert "verification failed in dev: E410 at check web is ready" in say(web.run_checked("history"))
    refused = web.run("promote", "dev", "prod", "--yes", "--json")
    assert (refused.code, refused.codes[0]) == (3, "G103")

    web.set_image(FIRST)
    web.run_checked("apply", "dev", "--yes")
    assert web.find_image("dev") == FIRST


@pytest.mark.night
def test_failed_rollout_keeps_what_the_release_removes(web: Shop) -> None:
    web.write_project({"web": WEB_STACK.replace("20s", "3s")}, ("dev",))
    web.write_web(old=OLD)
    web.deploy()
    web.write_web()
    web.set_image(f"example.com/crash-loop{DIGEST}")
    failed = web.run("apply", "dev", "--yes", "--json")
    assert (failed.code, failed.codes) == (1, ["E660", "E661"])
    assert "Still there: ConfigMap/shop/old" in failed.document["problems"][1]["message"]
    assert "ConfigMap/old" in web.list_objects("dev")
    web.run_checked("rollback", "dev", "--yes")
    assert web.find_image("dev") == FIRST
    assert "ConfigMap/old" in web.list_objects("dev")
    web.set_image(FIRST)
    web.run_checked("apply", "dev", "--yes", "--trace", "trace.json")
    assert "ConfigMap/old" not in web.list_objects("dev")
    events = json.loads((web.root / "trace.json").read_text())["traceEvents"]
    assert {"plan", "render", "dry runs", "apply", "rollout", "deletions"} <= {each["name"] for each in events}


@pytest.mark.night
def test_image_without_digest_is_refused(web: Shop) -> None:
    web.write_project({"web": WEB_STACK}, ("dev",))
    web.set_image("example.com/shop/web:1.2")
    refused = web.run("apply", "dev", "--yes", "--json")
    (problem,) = refused.document["problems"]
    assert problem["code"] == "G201"
    assert "example.com/shop/web:1.2 (web)" in problem["message"]
    assert "envctl images pin" in problem["hint"]
    assert not web.list_objects("dev")
