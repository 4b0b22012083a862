"""Waiting for objects on the sandbox's cluster, and what is said of those that never work."""

import json
from dataclasses import replace

import pytest

from envctl.domain.errors import InterruptedByUserError, OperationFailedError
from tests.adapters.kubernetes.driver.bench import Bench, build_config_map, build_deployment, require_problem


def test_good_rollout_is_awaited(bench: Bench) -> None:
    bench.deploy(build_deployment(replicas=2), build_config_map())
    bench.await_ready()
    live = bench.cluster.get("Deployment", "web")
    assert live is not None
    assert live["status"]["availableReplicas"] == 2


PODS = {
    "no-such-image:1": "ImagePullBackOff",
    "crash-loop:1": "CrashLoopBackOff",
    "never-ready:1": "readiness probe",
}


@pytest.mark.parametrize(("image", "said"), PODS.items())
def test_failed_rollout_says_what_the_pods_say(bench: Bench, image: str, said: str) -> None:
    bench.workload = replace(bench.workload, wait=3)
    bench.deploy(build_deployment(image))
    with pytest.raises(OperationFailedError) as error:
        bench.await_ready()
    message = require_problem(error, "E660")
    assert message.startswith("Deployment.apps/shop/web is not ready")
    assert said in message


def test_object_that_is_gone_is_not_ready(bench: Bench) -> None:
    bench.deploy(build_config_map())
    bench.cluster.delete("ConfigMap", "app")
    with pytest.raises(OperationFailedError) as error:
        bench.await_ready()
    assert require_problem(error, "E660") == "ConfigMap/shop/app is not ready: it is not there"


def test_later_verification_knows_what_left_the_release(bench: Bench) -> None:
    bench.deploy(build_config_map(), build_deployment())
    bench.cluster.delete("ConfigMap", "app")
    # The plan finds nothing to do, and nothing waits: the inventory still has the object.
    assert not bench.deploy(build_deployment()).changes
    later = replace(bench)
    later.await_ready()
    assert "ConfigMap" not in {
        each["kind"] for each in json.loads(later.driver.pull_state("dev", later.stack))["objects"]
    }


def test_wait_ends_with_its_time(bench: Bench) -> None:
    bench.workload = replace(bench.workload, wait=0.2)
    slow = build_deployment("never-ready:1")
    slow["spec"]["progressDeadlineSeconds"] = 600
    bench.deploy(slow)
    with pytest.raises(OperationFailedError) as error:
        bench.await_ready()
    assert "0 of 1 pods are available" in require_problem(error, "E660")


def test_wait_can_be_interrupted(bench: Bench) -> None:
    slow = build_deployment("never-ready:1")
    slow["spec"]["progressDeadlineSeconds"] = 600
    bench.deploy(slow)
    bench.is_stopping = True
    with pytest.raises(InterruptedByUserError):
        bench.await_ready()


def test_new_token_is_used_in_a_long_wait(bench: Bench) -> None:
    bench.deploy(build_deployment())
    bench.cluster.tokens.clear()
    with pytest.raises(OperationFailedError) as error:
        bench.await_ready()
    assert error.value.problems[0].code == "E623"
