"""Plans of Kubernetes objects, by dry runs on the sandbox's cluster."""

from dataclasses import replace

import pytest

from envctl.adapters.kubernetes.api import ClusterApi
from envctl.adapters.kubernetes.driver import KubernetesDriver
from envctl.domain.errors import OperationFailedError, Problem, UpstreamBehindError
from envctl.domain.kubernetes.workload import ClusterReference
from envctl.domain.plan.changes import Action
from envctl.domain.plan.fingerprint import list_performed_actions
from envctl.domain.terraform.outputs import Output, StackInput
from envctl.usecases.ports.kubernetes import ClusterMissingError
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.kubernetes.driver.bench import (
    Bench,
    build_config_map,
    build_definition,
    build_deployment,
    build_namespace,
    build_service,
    build_widget,
    list_changes,
    list_fields,
    require_problem,
)

IMAGE = "spec.template.spec.containers[web].image"


def test_plan_creates_what_is_missing(bench: Bench) -> None:
    bench.release(build_deployment(), build_config_map())
    plan = bench.plan()
    assert list_changes(plan) == [("create", "ConfigMap/shop/app"), ("create", "Deployment.apps/shop/web")]
    assert plan.stateless
    assert list_performed_actions([plan]) == ("create ConfigMap", "create Deployment.apps")


def test_plan_changes_nothing_in_the_cluster(bench: Bench) -> None:
    bench.release(build_deployment(), build_config_map())
    bench.plan()
    assert bench.cluster.get("Deployment", "web") is None
    assert bench.cluster.get("ConfigMap", "envctl-shop.dev.web") is None


def test_second_plan_has_no_changes(bench: Bench) -> None:
    objects = (build_namespace("shop2"), build_deployment(A="1"), build_config_map(a="1"), build_service())
    bench.deploy(*objects)
    plan = bench.plan()
    assert list_changes(plan) == []
    assert (plan.changes, plan.stateless, plan.in_state) == (False, False, 4)


def test_plan_updates_what_differs(bench: Bench) -> None:
    bench.deploy(build_deployment("web:1", A="1"))
    bench.release(build_deployment("web:2", A="1", B="2"))
    (change,) = bench.plan().resources
    assert change.action is Action.UPDATE
    env = "spec.template.spec.containers[web].env[B]"
    assert sorted(list_fields(change)) == sorted(
        [(f"{env}.name", None, "B"), (f"{env}.value", None, "2"), (IMAGE, "web:1", "web:2")]
    )


def test_plan_removes_a_dropped_field(bench: Bench) -> None:
    bench.deploy(build_config_map(a="1", b="2"))
    bench.release(build_config_map(a="1"))
    (change,) = bench.plan().resources
    assert list_fields(change) == [("data.b", "2", None)]


def test_plan_replaces_for_an_immutable_field(bench: Bench) -> None:
    bench.deploy(build_deployment())
    desired = build_deployment()
    desired["spec"]["selector"]["matchLabels"]["tier"] = "x"
    desired["spec"]["template"]["metadata"]["labels"]["tier"] = "x"
    bench.release(desired)
    (change,) = bench.plan().resources
    assert change.action is Action.REPLACE
    assert [each.path for each in change.attributes if each.forces_replacement] == ["spec.selector.matchLabels.tier"]


def test_plan_deletes_what_is_no_longer_in_the_release(bench: Bench) -> None:
    bench.deploy(build_config_map(), build_service())
    bench.release(build_config_map())
    assert list_changes(bench.plan()) == [("delete", "Service/shop/web")]


def test_deleted_object_is_not_deleted_again(bench: Bench) -> None:
    bench.deploy(build_config_map(), build_service())
    bench.cluster.delete("Service", "web")
    bench.release(build_config_map())
    assert list_changes(bench.plan()) == []


def test_annotation_keeps_an_object(bench: Bench) -> None:
    kept = build_config_map("kept")
    kept["metadata"]["annotations"] = {"envctl.dev/prune": "false"}
    bench.deploy(kept)
    bench.release(build_config_map())
    plan = bench.plan()
    assert list_changes(plan) == [("create", "ConfigMap/shop/app")]
    assert "ConfigMap/shop/kept is no longer in web, and stays" in plan.warnings[0]


def test_object_without_the_label_is_never_deleted(bench: Bench) -> None:
    bench.deploy(build_config_map(), build_service())
    bench.cluster.patch("Service", "web", {"metadata": {"labels": {"envctl.dev/stack": None}}})
    bench.release(build_config_map())
    plan = bench.plan()
    assert list_changes(plan) == []
    assert "it has no label envctl.dev/stack" in plan.warnings[0]


@pytest.mark.parametrize("type_name", ["Namespace", "CustomResourceDefinition.apiextensions.k8s.io"])
def test_deletion_says_what_goes_with_it(bench: Bench, type_name: str) -> None:
    bench.deploy(build_namespace("extra"), build_definition())
    bench.release()
    found = {change.type: change.remarks for change in bench.plan().resources}
    assert "go" in found[type_name][0]


def test_plan_names_the_fields_that_it_takes_over(bench: Bench) -> None:
    bench.deploy(build_deployment(replicas=1))
    bench.cluster.patch("Deployment", "web", {"spec": {"replicas": 3}})
    (change,) = bench.plan().resources
    assert change.remarks == ('takes over spec.replicas from "kubectl-edit"',)
    assert list_fields(change) == [("spec.replicas", 3, 1)]


def test_plan_adopts_what_another_tool_made(bench: Bench) -> None:
    bench.cluster.apply(build_deployment(A="1", B="2"), "kubectl")
    bench.release(build_deployment(A="1"))
    (change,) = bench.plan().resources
    assert change.remarks == ('adopts what "kubectl" made',)
    env = "spec.template.spec.containers[web].env[B]"
    assert {(f"{env}.name", "B", None), (f"{env}.value", "2", None)} <= set(list_fields(change))
    assert not [each for each in change.attributes if "ports" in each.path]


def test_namespace_in_the_release_is_enough(bench: Bench) -> None:
    bench.release(build_namespace("other"), build_config_map(namespace="other"))
    plan = bench.plan()
    assert list_changes(plan) == [("create", "Namespace/other"), ("create", "ConfigMap/other/app")]
    assert plan.resources[1].reason.startswith("its namespace comes with this plan")


def test_missing_namespace_is_refused(bench: Bench) -> None:
    bench.release(build_config_map(namespace="nowhere"))
    with pytest.raises(OperationFailedError) as error:
        bench.plan()
    assert "no namespace nowhere" in require_problem(error, "E641")


@pytest.mark.parametrize("scope", ["Namespaced", "Cluster"])
def test_definition_in_the_release_is_enough(bench: Bench, scope: str) -> None:
    bench.release(build_widget(), build_definition(scope))
    plan = bench.plan()
    place = "shop/" if scope == "Namespaced" else ""
    assert [change.address for change in plan.resources][1] == f"Widget.example.com/{place}w"


def test_unknown_kind_is_refused(bench: Bench) -> None:
    bench.release(build_widget())
    with pytest.raises(OperationFailedError) as error:
        bench.plan()
    assert "does not know Widget (example.com/v1)" in require_problem(error, "E640")


def test_all_faulty_objects_are_named(bench: Bench) -> None:
    bench.release(build_widget(), build_config_map(namespace="nowhere"), build_config_map())
    with pytest.raises(OperationFailedError) as error:
        bench.plan()
    assert [problem.code for problem in error.value.problems] == ["E640", "E641"]
    assert error.value.problems[0].address == "Widget.example.com/shop/w"


def test_unknown_field_is_refused_at_once(bench: Bench) -> None:
    desired = build_deployment()
    desired["spec"]["foo"] = 1
    bench.release(desired)
    with pytest.raises(OperationFailedError) as error:
        bench.plan()
    assert "foo" in require_problem(error, "E642")


def test_invalid_value_is_refused_in_the_words_of_the_server(bench: Bench) -> None:
    desired = build_deployment()
    desired["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = "Sometimes"
    bench.release(desired)
    with pytest.raises(OperationFailedError) as error:
        bench.plan()
    assert 'Unsupported value: "Sometimes"' in require_problem(error, "E642")


def test_invalid_value_for_a_live_object_is_no_replacement(bench: Bench) -> None:
    bench.deploy(build_deployment())
    desired = build_deployment()
    desired["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = "Sometimes"
    bench.release(desired)
    with pytest.raises(OperationFailedError) as error:
        bench.plan()
    require_problem(error, "E642")


def test_object_of_another_stack_is_refused(bench: Bench) -> None:
    bench.deploy(build_config_map())
    other = Bench(bench.cluster, bench.tmp, "api")
    other.release(build_config_map())
    with pytest.raises(OperationFailedError) as error:
        other.plan()
    assert "envctl.dev/stack=shop.dev.web" in require_problem(error, "E643")


@pytest.mark.parametrize("manager", ["argocd-controller", "kustomize-controller"])
def test_object_of_another_deployer_is_refused(bench: Bench, manager: str) -> None:
    bench.cluster.apply(build_config_map(), manager)
    bench.release(build_config_map())
    with pytest.raises(OperationFailedError) as error:
        bench.plan()
    assert "two would undo each other's changes" in require_problem(error, "E643")


def test_object_that_is_being_deleted_is_refused(bench: Bench) -> None:
    held = build_config_map()
    held["metadata"]["finalizers"] = ["example.com/hold"]
    bench.cluster.apply(held)
    bench.cluster.delete("ConfigMap", "app")
    bench.release(build_config_map())
    with pytest.raises(OperationFailedError) as error:
        bench.plan()
    assert "waits for example.com/hold" in require_problem(error, "E645")


def test_port_changed_by_hand_is_a_replacement(bench: Bench) -> None:
    """The server would refuse the same name twice (kubernetes#131147)."""
    bench.deploy(build_service(80))
    bench.cluster.patch("Service", "web", {"spec": {"ports": [{"name": "http", "port": 81, "protocol": "TCP"}]}})
    (change,) = bench.plan().resources
    assert change.action is Action.REPLACE
    assert "Duplicate value" in change.reason


def test_images_without_a_digest_are_named(bench: Bench) -> None:
    bench.release(build_config_map(), images=("web:1", "db@sha256:abc"))
    plan = bench.plan()
    assert plan.floating_images == ("web:1",)
    assert plan.warnings == ("web:1 has no digest: no deployment with it is allowed (G201)",)


def test_values_come_from_outputs_of_other_stacks(bench: Bench) -> None:
    bench.outputs = {"net": {"ids": Output(["a", "b"]), "name": Output("n")}}
    inputs = (
        StackInput(variable="first", type_text="string", stack="net", root="", workspace="", output="ids", path="[0]"),
        StackInput(variable="all", type_text="string", stack="net", root="", workspace="", output="ids"),
        StackInput(variable="name", type_text="string", stack="net", root="", workspace="", output="name"),
    )
    bench.driver.plan("dev", PreparedStack("web", workload=bench.workload, inputs=inputs))
    assert bench.renderer.values == {"first": "a", "all": '["a", "b"]', "name": "n"}


def test_missing_output_waits_for_its_stack(bench: Bench) -> None:
    inputs = (StackInput(variable="name", type_text="string", stack="net", root="", workspace="", output="name"),)
    with pytest.raises(UpstreamBehindError) as error:
        bench.driver.plan("dev", PreparedStack("web", workload=bench.workload, inputs=inputs))
    assert error.value.upstream == ("net",)


def test_stack_of_a_cluster_that_is_gone_has_nothing_to_destroy(bench: Bench) -> None:
    output = StackInput(variable="cluster", type_text="string", stack="net", root="", workspace="", output="name")
    workload = replace(bench.workload, cluster=ClusterReference(output=output))
    assert not bench.driver.plan("dev", PreparedStack("web", workload=workload), destroy=True).changes


def test_sensitive_output_is_in_no_plan(bench: Bench) -> None:
    bench.outputs = {"db": {"password": Output("hunter2-hunter2", sensitive=True)}}
    inputs = (
        StackInput(variable="password", type_text="string", stack="db", root="", workspace="", output="password"),
    )
    bench.release(build_config_map(url="postgres://x:hunter2-hunter2@db"))
    plan = bench.driver.plan("dev", PreparedStack("web", workload=bench.workload, inputs=inputs))
    assert "hunter2" not in repr(plan)


def test_values_of_secrets_are_in_no_plan_and_known_to_the_redactor(bench: Bench) -> None:
    secret = {**build_config_map("s"), "kind": "Secret", "data": {"p": "aHVudGVyMi1odW50ZXIy"}}
    bench.release(secret)
    assert "aHVudGVy" not in repr(bench.plan())
    assert {"aHVudGVyMi1odW50ZXIy", "hunter2-hunter2"} <= set(map(str, bench.secrets))


def allow_looks_only(bench: Bench) -> None:
    """Give the role of the bench no permission to write, not even in a dry run."""
    bench.cluster.api.authorize = lambda access: access.verb in ("get", "list", "watch")


def test_role_that_only_looks_gets_a_plan_and_a_warning(bench: Bench) -> None:
    bench.deploy(build_deployment("web:1", A="1", B="2"), build_config_map(a="1"))
    bench.release(build_deployment("web:2", A="1"), build_config_map(a="1"), build_config_map("new"))
    usual = bench.plan()
    allow_looks_only(bench)
    plan = bench.plan()
    assert plan.warnings[0].startswith("your role may not make a dry run in this cluster")
    assert plan.resources == usual.resources


def test_second_plan_of_a_role_that_only_looks_is_empty(bench: Bench) -> None:
    bench.deploy(build_deployment(A="1"), build_config_map(a="1"), build_service(), build_namespace("extra"))
    allow_looks_only(bench)
    assert list_changes(bench.plan()) == []
    assert list_changes(bench.find_drift()) == []


def test_api_that_vanished_since_discovery_is_named(bench: Bench) -> None:
    bench.deploy(build_definition(), build_widget())
    bench.cluster.delete("CustomResourceDefinition", "widgets.example.com")
    bench.cluster.wait_for(lambda: not bench.cluster.list("CustomResourceDefinition"))
    bench.release(build_widget())
    with pytest.raises(OperationFailedError) as error:
        bench.plan()
    require_problem(error, "E640")


def test_replacement_that_would_be_refused_is_none(bench: Bench) -> None:
    bench.deploy(build_deployment())
    desired = build_deployment()
    desired["spec"]["selector"]["matchLabels"]["tier"] = "x"
    bench.release(desired)
    with pytest.raises(OperationFailedError) as error:
        bench.plan()
    assert "selector" in require_problem(error, "E642")


def test_namespace_of_the_stack_has_to_be_there(bench: Bench) -> None:
    bench.workload = replace(bench.workload, namespace="nowhere")
    bench.release(build_config_map())
    with pytest.raises(OperationFailedError) as error:
        bench.plan()
    assert "no namespace nowhere" in require_problem(error, "E641")


def test_lost_inventory_leaves_nothing_behind(bench: Bench) -> None:
    bench.deploy(build_deployment(), build_config_map(), build_service())
    bench.cluster.delete("ConfigMap", "envctl-shop.dev.web")
    bench.release(build_config_map())
    plan = bench.plan()
    assert sorted(list_changes(plan)) == [("delete", "Deployment.apps/shop/web"), ("delete", "Service/shop/web")]
    assert not plan.stateless
    bench.apply()
    assert list_changes(bench.plan()) == []


def test_lost_inventory_is_no_obstacle_to_a_destruction(bench: Bench) -> None:
    bench.deploy(build_deployment(), build_config_map())
    bench.await_ready()
    bench.cluster.delete("ConfigMap", "envctl-shop.dev.web")
    assert sorted(list_changes(bench.destroy())) == [
        ("delete", "ConfigMap/shop/app"),
        ("delete", "Deployment.apps/shop/web"),
    ]
    assert bench.cluster.get("Deployment", "web") is None


def test_kept_object_is_no_sign_of_a_lost_inventory(bench: Bench) -> None:
    kept = build_config_map("kept")
    kept["metadata"]["annotations"] = {"envctl.dev/prune": "false"}
    bench.deploy(kept, build_config_map())
    assert bench.destroy().in_state == 1
    assert bench.cluster.get("ConfigMap", "kept") is not None
    assert bench.cluster.get("ConfigMap", "envctl-shop.dev.web") is None
    bench.release(build_config_map())
    plan = bench.plan()
    assert (plan.in_state, plan.stateless) == (0, True)
    assert list_changes(plan) == [("create", "ConfigMap/shop/app")]


def test_adoption_shows_no_defaults_as_dropped(bench: Bench) -> None:
    """A client that writes whole objects owns the defaults too: the server sets them again."""
    made = {"api/v1/namespaces/shop/services": build_service()}
    made["apis/apps/v1/namespaces/shop/deployments"] = build_deployment(A="1", B="2")
    for path, each in made.items():
        bench.cluster.request("POST", f"/{path}", each, fieldManager="kubectl-client-side-apply")
    bench.release(build_service(), build_deployment(A="1"))
    found = {change.type: [each[0] for each in list_fields(change)] for change in bench.plan().resources}
    env = "spec.template.spec.containers[web].env[B]"
    label = 'metadata.labels["envctl.dev/stack"]'
    assert sorted(found["Service"]) == [label]
    assert sorted(found["Deployment.apps"]) == [label, f"{env}.name", f"{env}.value"]
    bench.apply()
    assert list_changes(bench.plan()) == []


@pytest.mark.parametrize("is_output", [True, False])
def test_cluster_deleted_by_hand_ends_a_destruction(bench: Bench, is_output: bool) -> None:
    """The name in an output was right once; one in the code may be a mistake."""

    def find_none(environment: str, stack: PreparedStack, name: str) -> ClusterApi:
        raise ClusterMissingError(Problem("E630", f"there is no EKS cluster {name}"))

    output = (
        StackInput(variable="cluster", type_text="string", stack="net", root="", workspace="", output="name")
        if is_output
        else None
    )
    workload = replace(bench.workload, cluster=ClusterReference(name="shop", output=output))
    stack = PreparedStack("web", workload=workload)
    outputs = {"name": Output("shop-1")}
    driver = KubernetesDriver(lambda: bench.tmp, bench.renderer, find_none, lambda *_, **__: outputs, bench.observer)
    if is_output:
        assert "shop-1: nothing of web is left" in driver.plan("dev", stack, destroy=True).warnings[0]
    else:
        with pytest.raises(ClusterMissingError):
            driver.plan("dev", stack, destroy=True)
    with pytest.raises(ClusterMissingError):
        driver.plan("dev", stack)


def test_stack_that_changes_its_namespace_leaves_nothing_behind(bench: Bench) -> None:
    bench.deploy(build_config_map("one"), build_config_map("two"))
    bench.workload = replace(bench.workload, namespace="default")
    bench.release(build_config_map("one", "default"))
    assert sorted(list_changes(bench.plan())) == [
        ("create", "ConfigMap/default/one"),
        ("delete", "ConfigMap/shop/envctl-shop.dev.web"),
        ("delete", "ConfigMap/shop/one"),
        ("delete", "ConfigMap/shop/two"),
    ]
    bench.apply()
    assert list_changes(bench.plan()) == []
    assert bench.cluster.get("ConfigMap", "one") is None
    assert bench.cluster.get("ConfigMap", "envctl-shop.dev.web", "default") is not None
