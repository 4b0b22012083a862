"""Looks ahead: plans by cause, and what a release would do everywhere."""

from dataclasses import replace

from envctl.domain.ci.request_changes import RequestChange
from envctl.domain.errors import Location, Problem
from envctl.domain.exit_codes import ExitCode
from envctl.domain.plan.attribution import Part
from envctl.domain.plan.changes import Action, AttributeChange, Cost, EnvironmentPlan, ResourceChange, StackPlan
from envctl.usecases.inspect.explain_plan import ExplainedPlan, PlanDrift
from envctl.usecases.inspect.preview import EnvironmentPreview, Preview
from tests.cli.render.samples.basics import NEW, OLD
from tests.cli.render.samples.diffs import DIFF
from tests.cli.render.samples.plans import FIRST_PLAN, LATER_PLAN

assert DIFF.distance is not None
assert DIFF.settings is not None
ROUTE = ResourceChange(
    address="aws_route.default",
    type="aws_route",
    action=Action.UPDATE,
    attributes=(AttributeChange("gateway_id", "igw-0b1c2d3e4f5a6b7c8", "igw-1c2d3e4f5a6b7c8d9"),),
)
TAG = (AttributeChange("tags.Owner", "プラットフォームチーム", "<img src=x> | 山田"),)
UNDONE = (AttributeChange("tags.Owner", "<img src=x> | 山田", "プラットフォームチーム"),)
SIZE = ResourceChange(
    address="aws_instance.this",
    type="aws_instance",
    action=Action.UPDATE,
    attributes=(AttributeChange("instance_type", "t3.micro", "t3.small"),),
)
EXPLAINED = ExplainedPlan(
    environment="prod",
    release=NEW,
    runs=OLD,
    plan=replace(LATER_PLAN, next="envctl promote staging prod"),
    parts=(
        Part("release", (StackPlan("web", resources=LATER_PLAN.stacks[1].resources[:2]),)),
        Part("settings", (StackPlan("web", resources=(SIZE,)),)),
        Part(
            "drift",
            (
                StackPlan(
                    "network",
                    resources=(
                        ResourceChange(address="aws_vpc.this", type="aws_vpc", action=Action.UPDATE, attributes=UNDONE),
                    ),
                ),
            ),
        ),
        Part("other", (StackPlan("network", resources=(ROUTE,)),)),
    ),
    code=DIFF.distance.changes,
    artifacts=DIFF.artifacts,
    settings=DIFF.settings.unequal_pairs,
    drifted=(
        PlanDrift(
            "network", (ResourceChange(address="aws_vpc.this", type="aws_vpc", action=Action.UPDATE, attributes=TAG),)
        ),
    ),
)
UNEXPLAINED = ExplainedPlan(
    environment="dev",
    release="",
    runs=OLD,
    plan=FIRST_PLAN,
    parts=(Part("settings", FIRST_PLAN.stacks[:1]),),
    unexplained="the deployed values were not stored: settings and drift can't be separated",
)
MISSING = Problem(
    "E205",
    "setting log_retention has no value in prod",
    "add `log_retention = 30` to environments/prod/terraform.tfvars",
    Location("modules/monitoring/variables.tf", 12),
)
COSTLY = {f"web aws_eip.this[{number}]": f"{number}.5" for number in range(12)}
PRICED = EnvironmentPlan(
    environment="prod",
    release="",
    stacks=(StackPlan("web", resources=(SIZE, ROUTE)), StackPlan("dns", waits_for=("web",))),
    cost=Cost(
        "USD", "1200.5", "1213", "12.5", {"web aws_instance.this": "15", "web aws_route.default": "-2.504", **COSTLY}
    ),
    next="envctl apply prod",
)
CHEAPER = Cost("USD", "20", "19.996", "-0.004", {"web aws_instance.this": "-0.004"})
AHEAD: dict[str, object] = {
    "a plan by cause": EXPLAINED,
    "a plan by cause as far as it is known": UNEXPLAINED,
    "a plan by cause without changes": ExplainedPlan(
        environment="dev",
        release="",
        runs=NEW,
        plan=EnvironmentPlan(environment="dev", release="", stacks=(StackPlan("web"),)),
        parts=(),
    ),
    "a preview": Preview(
        "",
        (
            EnvironmentPreview(
                "dev", EnvironmentPlan(environment="dev", release="", stacks=(StackPlan("network"), StackPlan("web")))
            ),
            EnvironmentPreview(
                "staging",
                EnvironmentPlan(environment="staging", release="", stacks=(StackPlan("web", resources=(SIZE,)),)),
            ),
            EnvironmentPreview("prod", problems=(MISSING,), exit_code=ExitCode.CONFIGURATION),
        ),
    ),
    "a preview of a request that changes more": Preview(
        "",
        (
            EnvironmentPreview(
                "dev", EnvironmentPlan(environment="dev", release="", stacks=(StackPlan("network"), StackPlan("web")))
            ),
        ),
        request_changes=(
            RequestChange("rules", ("envctl.toml",)),
            RequestChange("workflows", (".github/workflows/envctl-deploy.yml", ".github/workflows/x|y`<b>@ann.yml")),
            RequestChange("programs", ("tools/a.py", "tools/b.py", "tools/c.py", "tools/d.py", "tools/e.py", "f.py")),
        ),
    ),
    "a preview of a release in one environment": Preview(NEW, (EnvironmentPreview("prod", LATER_PLAN),)),
    "a plan with its cost": PRICED,
    "a plan whose cost nobody knows": replace(PRICED, cost=Cost(unknown="exit code 1: no price for <b>aws_eip</b>")),
    "a plan by cause with its cost": replace(EXPLAINED, plan=replace(LATER_PLAN, cost=CHEAPER)),
    "a preview with costs": Preview(
        "",
        (
            EnvironmentPreview("dev", replace(PRICED, environment="dev", cost=Cost("JPY", "0", "1880", "1880"))),
            EnvironmentPreview("staging", replace(LATER_PLAN, environment="staging", cost=CHEAPER)),
            EnvironmentPreview("prod", replace(PRICED, cost=Cost(unknown="did not end within 1m"))),
        ),
    ),
}
