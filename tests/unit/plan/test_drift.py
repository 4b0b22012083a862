"""Which drift an ignore rule covers, and which differences are the same."""

import pytest

from envctl.domain.plan.changes import Action, AttributeChange, OutputChange, ResourceChange, StackPlan
from envctl.domain.plan.drift import IgnorePattern, drop_ignored, drop_volatile, group_differences

ASG = "aws_autoscaling_group.web"
CAPACITY = "aws_autoscaling_group.*.desired_capacity"

COVERED: dict[str, tuple[str, str, str]] = {
    "an attribute of every resource of a type": (CAPACITY, ASG, "desired_capacity"),
    "an attribute of one resource": ("aws_autoscaling_group.web.desired_capacity", ASG, "desired_capacity"),
    "names that begin alike": ("aws_autoscaling_group.w*.desired_capacity", ASG, "desired_capacity"),
    "all that is below an attribute": ("aws_vpc.this.tags", "aws_vpc.this", "tags.Owner"),
    "one tag of everything": ("aws_*.*.tags.Owner", "aws_vpc.this", "tags.Owner"),
    "a tag, and what the AWS provider makes of it": ("aws_*.*.tags.Owner", "aws_vpc.this", "tags_all.Owner"),
    "a key in quotes": ('aws_vpc.this.tags["cost.center"]', "aws_vpc.this", 'tags["cost.center"]'),
    "a place in a list, without its index": ("aws_x.a.rule.port", "aws_x.a", "rule[2].port"),
    "a place in a list, with its index": ("aws_x.a.rule[2].port", "aws_x.a", "rule[2].port"),
    "a resource within a module": (CAPACITY, f'module.a["x.y"].{ASG}[0]', "desired_capacity"),
    "a resource of a module that is named": ("module.a.aws_x.b.c", "module.a.aws_x.b", "c"),
    "each resource of a for_each": ("aws_x.a.b", 'aws_x.a["k.1"]', "b"),
    "one resource of a for_each": ('aws_x.a["k.1"].b', 'aws_x.a["k.1"]', "b"),
    "a whole resource, and so its attributes": ("aws_x.a", "aws_x.a", "b"),
    "a whole resource": ("aws_x.a", "aws_x.a", ""),
    "an output": ("output.address", "output.address", ""),
    "a field of an object": ("Deployment.apps/shop/web.spec.replicas", "Deployment.apps/shop/web", "spec.replicas"),
    "a field of each object": ("Deployment.apps/*/*.spec.replicas", "Deployment.apps/shop/web", "spec.replicas"),
    "a field of an object whose name has dots": ("ConfigMap/shop/a.b.data", "ConfigMap/shop/a.b", "data.x"),
    "a field of an object of the core API": ("Service/shop/web.spec", "Service/shop/web", "spec.type"),
    "a field of an object of the whole cluster": (
        "ClusterRole.rbac.authorization.k8s.io/x:y.rules",
        "ClusterRole.rbac.authorization.k8s.io/x:y",
        "rules",
    ),
    "a label of an object": (
        'Deployment.apps/shop/web.metadata.labels["a.b/c"]',
        "Deployment.apps/shop/web",
        'metadata.labels["a.b/c"]',
    ),
    "an item of a list of an object": (
        "Deployment.apps/shop/*.spec.template.spec.containers.image",
        "Deployment.apps/shop/web",
        "spec.template.spec.containers[web].image",
    ),
    "a whole object": ("Deployment.apps/shop/web", "Deployment.apps/shop/web", ""),
    "a whole object whose name has dots": ("ConfigMap/shop/a.b", "ConfigMap/shop/a.b", ""),
}
NOT_COVERED: dict[str, tuple[str, str, str]] = {
    "another attribute": (CAPACITY, ASG, "max_size"),
    "an attribute that begins alike": ("aws_x.a.tag", "aws_x.a", "tags"),
    "another tag": ("aws_*.*.tags.Owner", "aws_vpc.this", "tags_all.Name"),
    "another type": (CAPACITY, "aws_instance.web", "desired_capacity"),
    "a type that begins alike": ("aws_vpc.*.id", "aws_vpc_endpoint.a", "id"),
    "an attribute of the same name further down": ("aws_x.*.tags", "aws_x.a", "template.tags"),
    "another module": ("module.a.aws_x.b.c", "module.z.aws_x.b", "c"),
    "no module where the rule names one": ("module.a.aws_x.b.c", "aws_x.b", "c"),
    "another resource of a for_each": ('aws_x.a["k"].b', 'aws_x.a["l"]', "b"),
    "the whole resource by one of its attributes": (CAPACITY, ASG, ""),
    "another output": ("output.address", "output.id", ""),
    "what a dot stands for is a dot": ("aws_x.a.b", "aws_x.a", "bXc"),
    "another object": ("Deployment.apps/shop/web.spec", "Deployment.apps/shop/api", "spec.replicas"),
    "an object in another namespace": ("Deployment.apps/shop/*.spec", "Deployment.apps/other/web", "spec.replicas"),
    "an object of the whole cluster by one of a namespace": ("Role/*/*.rules", "Role/x", "rules"),
    "an object of another type": ("Deployment/shop/web.spec", "Deployment.apps/shop/web", "spec"),
    "the whole object by one of its fields": ("ConfigMap/shop/*.data", "ConfigMap/shop/x.data", ""),
    "another field of an object": ("Deployment.apps/shop/web.spec.replicas", "Deployment.apps/shop/web", "spec"),
    "an object by a rule for a resource": ("aws_*.*.spec", "Deployment.apps/shop/web", "spec"),
    "a resource by a rule for an object": ("Deployment.apps/shop/web.spec", "aws_x.a", "spec"),
}


@pytest.mark.parametrize(("rule", "address", "path"), COVERED.values(), ids=COVERED.keys())
def test_ignore_pattern_matches_addresses(rule: str, address: str, path: str) -> None:
    assert IgnorePattern.parse(rule).is_covering(address, path)


@pytest.mark.parametrize(("rule", "address", "path"), NOT_COVERED.values(), ids=NOT_COVERED.keys())
def test_ignore_pattern_does_not_cover(rule: str, address: str, path: str) -> None:
    assert not IgnorePattern.parse(rule).is_covering(address, path)


@pytest.mark.parametrize(
    "text",
    [
        "a/b/c/d",
        "Deployment apps/web",
        "*/",
        "",
        "*",
        "aws_vpc",
        "aws_vpc.",
        ".x.y",
        "a..b",
        'a.b["c',
        "module.a",
        "a b.",
    ],
)
def test_invalid_ignore_pattern_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be like"):
        IgnorePattern.parse(text)


def changed(address: str, *paths: str, action: Action = Action.UPDATE) -> ResourceChange:
    attributes = tuple(AttributeChange(path, 1, 2) for path in paths)
    return ResourceChange(address=address, type=address.partition(".")[0], action=action, attributes=attributes)


def left(*resources: ResourceChange, rule: str = CAPACITY) -> tuple[tuple[ResourceChange, ...], tuple[str, ...]]:
    plan, ignored = drop_ignored(StackPlan("web", resources=resources), [IgnorePattern.parse(rule)])
    return plan.resources, ignored


def test_completely_ignored_resource_has_not_drifted() -> None:
    assert left(changed(ASG, "desired_capacity")) == ((), (f"{ASG}.desired_capacity",))


def test_attributes_outside_of_the_rule_stay_drifted() -> None:
    resource = changed(ASG, "desired_capacity", "max_size")
    assert left(resource) == ((changed(ASG, "max_size"),), (f"{ASG}.desired_capacity",))


def test_deleted_resource_drifts_despite_ignored_attributes() -> None:
    gone = changed(ASG, "desired_capacity", action=Action.DELETE)
    assert left(gone) == ((gone,), ())


def test_rule_for_whole_resource_ignores_its_deletion() -> None:
    assert left(changed(ASG, "desired_capacity", action=Action.DELETE), rule=ASG) == ((), (ASG,))


def test_unignored_change_without_attributes_stays_drifted() -> None:
    assert left(changed("aws_x.y")) == ((changed("aws_x.y"),), ())


def test_an_output_is_ignored_by_its_name() -> None:
    outputs = (OutputChange("address", Action.UPDATE, 1, 2), OutputChange("id", Action.UPDATE, 1, 2))
    plan, ignored = drop_ignored(
        StackPlan("web", resources=(), outputs=outputs), [IgnorePattern.parse("output.address")]
    )
    assert (plan.outputs, ignored) == (outputs[1:], ("output.address",))


DATABASE = "module.data.aws_db_instance.this"


@pytest.mark.parametrize("path", ["latest_restorable_time", "replicas[0]", "status"])
def test_volatile_attributes_of_aws_are_no_drift(path: str) -> None:
    plan = StackPlan("data", resources=(changed(DATABASE, path), changed("aws_x.y", path)))
    assert drop_volatile(plan).resources == (changed("aws_x.y", path),)


def test_deleted_or_otherwise_changed_database_has_drifted() -> None:
    gone = changed(DATABASE, "status", action=Action.DELETE)
    assert drop_volatile(StackPlan("data", resources=(gone,))).resources == (gone,)
    both = changed(DATABASE, "status", "multi_az")
    assert drop_volatile(StackPlan("data", resources=(both,))).resources == (changed(DATABASE, "multi_az"),)


def test_equal_drift_of_environments_is_one_finding() -> None:
    same = StackPlan("web", resources=(changed("aws_x.y", "a"),), outputs=(OutputChange("n", Action.UPDATE, [1], [2]),))
    other = StackPlan("web", resources=(changed("aws_x.y", "b"),))
    found = group_differences([("dev", same), ("staging", other), ("prod", same)])
    assert [(finding.environments, finding.stack, finding.name) for finding in found] == [
        (("dev", "prod"), "web", "aws_x.y"),
        (("dev", "prod"), "web", "output n"),
        (("staging",), "web", "aws_x.y"),
    ]


def test_same_resource_in_another_stack_is_another_finding() -> None:
    resource = changed("aws_x.y", "a")
    assert (
        len(
            group_differences(
                [("dev", StackPlan("a", resources=(resource,))), ("prod", StackPlan("b", resources=(resource,)))]
            )
        )
        == 2
    )
