"""Keys of stacks of Kubernetes objects, and keys of the other kind."""

import tomllib

import pytest

from envctl.domain.config.cross_checks import find_faults
from envctl.domain.config.fields import Fault
from envctl.domain.config.project import Project

HEAD = (
    '[project]\nname = "shop"\n[pipeline]\norder = ["dev"]\n[environments.dev]\n[stacks.eks]\nmodule = "modules/eks"\n'
)
WEB = '[stacks.web]\nkind = "kubernetes"\npath = "k/web"\ncluster = "eks.cluster_name"\nnamespace = "shop"\n'
CHART = WEB.replace('path = "k/web"', 'chart = "charts/web-1.0.0.tgz"')


def find(text: str) -> list[Fault]:
    return find_faults(tomllib.loads(HEAD + text))


@pytest.mark.parametrize(
    "text",
    [
        WEB,
        CHART + 'values = "v.yaml"\nhooks = "skip"\nset = { "a.b" = 1 }\n',
        WEB.replace('cluster = "eks.cluster_name"', 'kubeconfig_context = "kind-{environment}"'),
        WEB.replace("eks.cluster_name", "shop-dev"),
        WEB + 'overlay = "k/{environment}"\nwait = "10m"\nsecrets = "allow"\nafter = ["eks"]\n',
    ],
    ids=["a folder", "a chart", "a context", "a named cluster", "an overlay"],
)
def test_complete_stack_has_no_faults(text: str) -> None:
    assert find(text) == []
    Project.model_validate(tomllib.loads(HEAD + text))


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        (WEB + "default_tags = true\n", "E600", "default_tags"),
        (WEB + 'moved_from = "old"\n', "E600", "moved_from"),
        (WEB + "[stacks.web.rollout]\nsteps = [100]\n", "E600", "rollout"),
        (WEB + '[stacks.web.state]\nkey = "a"\n', "E600", "state"),
        (WEB + 'module = "modules/x"\n', "E600", "module"),
        (WEB + 'chart = "charts/x.tgz"\n', "E600", "chart"),
        (WEB + 'values = "v.yaml"\n', "E600", "values"),
        (WEB + 'hooks = "skip"\n', "E600", "hooks"),
        (WEB + 'set = { "a.b" = 1 }\n', "E600", "a.b"),
        (WEB + 'kubeconfig_context = "x"\n', "E600", "kubeconfig_context"),
        (WEB.replace('path = "k/web"\n', ""), "E108", "web"),
        (WEB.replace('cluster = "eks.cluster_name"\n', ""), "E108", "web"),
        (WEB.replace('namespace = "shop"\n', ""), "E108", "web"),
        (WEB.replace("eks.cluster_name", "eks."), "E107", "cluster"),
        (WEB.replace("eks.cluster_name", "eqs.cluster_name"), "E105", "cluster"),
        (WEB.replace('kind = "kubernetes"\n', 'module = "m"\n').replace('path = "k/web"\n', ""), "E600", "cluster"),
        (WEB.replace("[stacks.web]", "[stacks.web_app]"), "E600", "web_app"),
        ('[stacks.x]\nmodule = "m"\nset = { "a.b" = 1 }\n', "E600", "a.b"),
    ],
    ids=[
        "default tags", "moved from", "rollout", "state", "module beside", "path and chart", "values without a chart",
        "hooks without a chart", "a path in values without a chart", "cluster and context", "no code", "no cluster",
        "no namespace", "a reference cut short", "an unknown stack", "cluster of a module", "a name with _",
        "a path in values of a module",
    ],
)  # fmt: skip
def test_misplaced_key_has_its_path(text: str, code: str, key: str) -> None:
    assert (code, key) in [(fault.code, fault.path[-1]) for fault in find(text)]


def test_cluster_comes_before_its_stack() -> None:
    circle = HEAD.replace('module = "modules/eks"\n', 'module = "modules/eks"\nafter = ["web"]\n')
    faults = find_faults(tomllib.loads(circle + WEB))
    assert [fault.code for fault in faults] == ["E106"]


def test_long_names_are_allowed() -> None:
    """The label of an object has a short form of them."""
    long = WEB.replace("[stacks.web]", f"[stacks.{'w' * 32}]")
    assert list(find_faults(tomllib.loads(HEAD.replace('"shop"', f'"{"s" * 32}"') + long))) == []
