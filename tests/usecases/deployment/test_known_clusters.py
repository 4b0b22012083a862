"""Kubernetes objects go to the cluster that was meant: another one behind its name is refused, and shown."""

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import DeploymentStarted, DeploymentSucceeded
from envctl.domain.plan.changes import Action, AttributeChange, OutputChange, ResourceChange
from envctl.domain.plan.cluster_identity import ClusterIdentity
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.deployment.verification import verify
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.ledger import journal
from envctl.usecases.ports.kubernetes import AnotherClusterError
from envctl.usecases.ports.terraform import InstalledTerraform
from tests.catching import catch
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.project.test_kubernetes_stacks import HEAD, write
from tests.usecases.steps import acting_as

GATES = "[environments.prod.gates]\napprovals = { peer = 1 }\n"
WEB = '[stacks.web]\nkind = "kubernetes"\npath = "k"\nkubeconfig_context = "kube-{environment}"\nnamespace = "shop"\n'
SERVICE = "{apiVersion: v1, kind: Service, metadata: {name: web}}\n"
FIRST = ClusterIdentity("uid-1", name="context kube-prod", server="https://127.0.0.1:1", authority="aa")
SECOND = ClusterIdentity("uid-2", name="context kube-prod", server="https://127.0.0.1:2", authority="bb")
TUNNELLED = ClusterIdentity("uid-1", name="context kube-prod", server="https://127.0.0.1:3", authority="cc")


@pytest.fixture
@make_once
def world() -> World:
    """A release runs in dev; in prod nothing does."""
    world = write(HEAD + GATES + WEB, {"k/web.yaml": SERVICE})
    world.terraform.clusters["prod"] = FIRST
    apply(world.ports, "dev")
    return world


@pytest.fixture
@make_once
def deployed() -> World:
    """Two releases ran in dev, one after the other."""
    world = write(HEAD + WEB, {"k/web.yaml": SERVICE})
    world.terraform.clusters["dev"] = FIRST
    apply(world.ports, "dev")
    change(world)
    apply(world.ports, "dev")
    return world


def change(world: World, name: str = "later") -> None:
    world.edit("k/web.yaml", SERVICE.replace("name: web", f"name: {name}"))


def approve(world: World) -> None:
    with acting_as(world, "bob@example.com"):
        approve_plan(world.ports, "prod", "peer")


def read_clusters(world: World, environment: str) -> dict[str, str]:
    return dict(journal.load(world.ports).find_environment(environment).clusters)


def list_started(world: World) -> list[DeploymentStarted]:
    return [each.event for each in list_entries(world) if isinstance(each.event, DeploymentStarted)]


def test_approval_does_not_cover_other_cluster(world: World) -> None:
    approve(world)
    world.terraform.clusters["prod"] = SECOND
    (refusal,) = catch(RefusedError, promote, world.ports, "dev", "prod").refusals
    assert refusal.code == "G302"
    assert "web was approved for another cluster, and its plan is for uid-2" in refusal.message
    assert "context kube-prod at https://127.0.0.1:2, certificate authority bb" in refusal.message
    assert ("prod", "web") not in world.terraform.reality
    approve(world)
    promote(world.ports, "dev", "prod")
    assert read_clusters(world, "prod") == {"web": "uid-2"}


def test_approval_without_cluster_is_given_again(world: World) -> None:
    world.terraform.knows_clusters = False
    approve(world)
    world.terraform.knows_clusters = True
    (refusal,) = catch(RefusedError, promote, world.ports, "dev", "prod").refusals
    assert "web was approved by an older envctl, which binds no cluster" in refusal.message
    approve(world)
    promote(world.ports, "dev", "prod")


def test_other_port_and_authority_are_the_same_cluster(world: World) -> None:
    approve(world)
    world.terraform.clusters["prod"] = TUNNELLED
    promote(world.ports, "dev", "prod")
    world.terraform.clusters["prod"] = FIRST
    verify(world.ports, "prod")


def test_approver_reads_cluster_and_address(world: World) -> None:
    approve(world)
    reading = world.prompter.readings[-1]
    assert reading is not None
    (stack,) = reading.stacks
    assert {each.after for each in stack.changes[0].values if each.path == "cluster"} == {'"uid-1"'}
    assert "its cluster: context kube-prod at https://127.0.0.1:1, certificate authority aa" in stack.notes


def test_other_cluster_is_refused_by_each_command(deployed: World) -> None:
    assert list_started(deployed)[-1].clusters == ("web uid-1",)
    deployed.terraform.clusters["dev"] = SECOND
    before = list_entries(deployed)
    change(deployed, "third")
    for command in (plan_environment, apply, rollback, verify):
        (problem,) = catch(AnotherClusterError, command, deployed.ports, "dev").problems
        assert (problem.code, problem.stack) == ("E672", "web")
        assert "uid-1" in problem.message and "uid-2" in problem.message
        assert "[removed.web]" in problem.hint
    (found,) = check_drift(deployed.ports, ("dev",)).environments
    assert [each.code for stack in found.stacks for each in stack.problems] == ["E672"]
    assert [each for each in list_entries(deployed) if each not in before and each.event.kind != "drift checked"] == []


def test_destruction_forgets_gone_cluster_only_by_option(deployed: World) -> None:
    deployed.terraform.clusters["dev"] = SECOND
    (problem,) = catch(OperationFailedError, destroy, deployed.ports, "dev").problems
    assert problem.code == "E371"
    assert "state or clusters of web in dev not found" in problem.message
    done = destroy(deployed.ports, "dev", DeployOptions(state_lost=True))
    assert (done.lost, read_clusters(deployed, "dev")) == (("web",), {})
    deployed.terraform.lose_state("dev", "web")
    apply(deployed.ports, "dev")
    assert read_clusters(deployed, "dev") == {"web": "uid-2"}


def test_new_name_with_forgotten_stack_goes_on(deployed: World) -> None:
    deployed.terraform.clusters["dev"] = SECOND
    text = deployed.tree.content["envctl.toml"].decode().replace("[stacks.web]", "[stacks.web2]")
    deployed.edit("envctl.toml", f'{text}[removed.web]\nthen = "destroy"\n')
    catch(AnotherClusterError, apply, deployed.ports, "dev")
    deployed.edit("envctl.toml", f'{text}[removed.web]\nthen = "forget"\n')
    apply(deployed.ports, "dev")
    assert read_clusters(deployed, "dev") == {"web2": "uid-2"}


def test_deployment_without_cluster_takes_it_over() -> None:
    world = write(HEAD + WEB, {"k/web.yaml": SERVICE})
    world.terraform.knows_clusters = False
    apply(world.ports, "dev")
    world.terraform.knows_clusters = True
    change(world)
    plan, _ = plan_environment(world.ports, "dev")
    told = "no deployment has recorded the cluster of web: the next one records uid-kube-dev"
    assert plan.stacks[0].warnings == (told,)
    apply(world.ports, "dev")
    assert read_clusters(world, "dev") == {"web": "uid-kube-dev"}
    change(world, "third")
    plan, _ = plan_environment(world.ports, "dev")
    assert plan.stacks[0].warnings == ()


EKS = """[stacks.eks]
module = "modules/eks"
[stacks.web]
kind = "kubernetes"
path = "k"
cluster = "eks.cluster_name"
namespace = "shop"
"""
MODULE = 'variable "size" { type = number }\noutput "cluster_name" { value = "c" }\n'


def plan_cluster(world: World, action: Action) -> None:
    name = AttributeChange("name", None, "shop")
    cluster = ResourceChange(
        address="module.eks.aws_eks_cluster.this", type="aws_eks_cluster", action=action, attributes=(name,)
    )
    world.terraform.extra_changes["dev", "eks"] = (cluster,)
    world.terraform.extra_outputs["dev", "eks"] = (OutputChange("cluster_name", Action.CREATE, None, "shop"),)


@pytest.fixture
@make_once
def eks() -> World:
    """A cluster and the objects in it were made by one deployment."""
    files = {"modules/eks/main.tf": MODULE, "environments/common.tfvars": "size = 1\n", "k/web.yaml": SERVICE}
    world = write(HEAD + EKS, files)
    world.terraform.clusters["dev"] = FIRST
    plan_cluster(world, Action.CREATE)
    apply(world.ports, "dev")
    return world


def test_new_cluster_is_recorded_by_the_deployment_that_makes_it(eks: World) -> None:
    assert list_started(eks)[-1].clusters == ("web",)
    ended = [each.event for each in list_entries(eks) if isinstance(each.event, DeploymentSucceeded)][-1]
    assert ended.clusters == ("web uid-1",)
    assert read_clusters(eks, "dev") == {"web": "uid-1"}


@pytest.mark.parametrize("fails", [False, True])
def test_replaced_cluster_is_another_one_by_intent(eks: World, fails: bool) -> None:
    plan_cluster(eks, Action.REPLACE)
    eks.edit("environments/common.tfvars", "size = 2\n")

    def rebuild(*_: object) -> None:
        eks.terraform.clusters["dev"] = SECOND

    eks.terraform.after_apply["dev", "eks"] = rebuild
    if fails:
        eks.terraform.fails_on.add(("dev", "web"))
        change(eks)
        catch(OperationFailedError, apply, eks.ports, "dev")
        assert read_clusters(eks, "dev") == {}
        eks.terraform.fails_on.clear()
    apply(eks.ports, "dev")
    assert read_clusters(eks, "dev") == {"web": "uid-2"}


def test_program_of_terraform_is_recorded(eks: World) -> None:
    assert list_started(eks)[-1].program == "Terraform 1.15.5"
    last = journal.load(eks.ports).find_environment("dev").last
    assert last and last.program == "Terraform 1.15.5"


def test_deployment_of_objects_alone_has_no_program(world: World) -> None:
    assert list_started(world)[-1].program == ""


PROGRAMS = {
    "/usr/bin/terraform": "Terraform 1.2.3",
    "the embedded Terraform": "Terraform 1.2.3",
    "/opt/tofu-1.10/tofu": "OpenTofu 1.2.3",
    "C:\\bin\\tofu.exe": "OpenTofu 1.2.3",
    "/home/tofu/terraform": "Terraform 1.2.3",
}


@pytest.mark.parametrize(("program", "wanted"), PROGRAMS.items())
def test_program_is_named_without_its_path(program: str, wanted: str) -> None:
    assert str(InstalledTerraform(program, "1.2.3")) == wanted
