"""Runs of many jobs, plans of many environments, and a plan with more changes than a person reads."""

from dataclasses import replace

from envctl.domain.errors import Problem
from envctl.domain.exit_codes import ExitCode
from envctl.domain.plan.changes import (
    Action,
    AttributeChange,
    Cost,
    EnvironmentPlan,
    OutputChange,
    ResourceChange,
    StackPlan,
)
from envctl.usecases.drift.result import Drift, EnvironmentDrift, StackDrift
from envctl.usecases.fleet.matrix import Job, Matrix
from envctl.usecases.fleet.merge import Plans
from envctl.usecases.inspect.preview import EnvironmentPreview
from tests.cli.render.samples.ahead import CHEAPER
from tests.cli.render.samples.basics import NEW
from tests.cli.render.samples.outcomes import FOUND
from tests.cli.render.samples.plans import LATER_PLAN

RUN = "20261125T014000Z-drift-3f2a91c0"
JOBS = (Job(1, RUN, 2, 7, 81.5), Job(2, RUN, 1, 5, 79.0))
SILENT = Problem(
    "E470",
    f"shard 2 of run {RUN} has no result",
    f"check the log of its job, run that job again, then: envctl collect {RUN}",
)
REFUSED = Problem("E326", "network: the credentials may not do that\nAccessDenied: 403", "check assume_role of staging")
CLEAN = EnvironmentPreview(
    "dev", EnvironmentPlan(environment="dev", release=NEW, stacks=(StackPlan("network"), StackPlan("web")))
)
NAMES = [f"cell-{number:03}" for number in range(1, 31)]
MANY: dict[str, object] = {
    "drift in many environments": Drift(
        (
            *(
                EnvironmentDrift(
                    environment=name,
                    release=NEW,
                    condition="clean",
                    stacks=(StackDrift(stack="network", condition="clean"),),
                )
                for name in NAMES
            ),
            FOUND.environments[1],
            EnvironmentDrift(
                environment="prod",
                release=NEW,
                condition="unknown",
                stacks=(StackDrift(stack="web", condition="unknown", problems=(SILENT,)),),
            ),
        )
    ),
    "plans of very many environments": Plans(
        RUN,
        (
            *(
                EnvironmentPreview(name, EnvironmentPlan(environment=name, release=NEW, stacks=(StackPlan("web"),)))
                for name in NAMES
            ),
            EnvironmentPreview("prod", LATER_PLAN),
        ),
    ),
    "a matrix": Matrix(RUN, "drift", "github", JOBS),
    "a matrix without jobs": Matrix(RUN, "drift", "github"),
    "a matrix as a buildspec": Matrix(RUN, "plan", "codebuild", JOBS),
    "plans of many environments": Plans(
        RUN,
        (
            CLEAN,
            EnvironmentPreview("staging", problems=(REFUSED,), exit_code=ExitCode.FAILED),
            EnvironmentPreview("prod", LATER_PLAN, (SILENT,), ExitCode.FAILED),
        ),
    ),
    "plans of many environments with what they cost": Plans(
        RUN,
        (
            EnvironmentPreview("staging", replace(LATER_PLAN, environment="staging", cost=CHEAPER)),
            EnvironmentPreview("prod", replace(LATER_PLAN, cost=Cost(unknown="did not end within 1m"))),
        ),
    ),
    "plans of some stacks": Plans("", (CLEAN,)),
}


def _item(number: int, action: Action, *changes: AttributeChange) -> ResourceChange:
    return ResourceChange(
        address=f"aws_ssm_parameter.item[{number}]", type="aws_ssm_parameter", action=action, attributes=changes
    )


def _ami(number: int) -> ResourceChange:
    change = AttributeChange("ami", "ami-0123456789abcdef0", "ami-0fedcba9876543210", forces_replacement=True)
    return ResourceChange(
        address=f"aws_instance.worker[{number}]", type="aws_instance", action=Action.REPLACE, attributes=(change,)
    )


LARGE_PLAN = EnvironmentPlan(
    environment="prod",
    release=NEW,
    stacks=(
        StackPlan("network"),
        StackPlan(
            "items",
            resources=(
                *(
                    _item(number, Action.UPDATE, AttributeChange("value", f"{number}", f"{number}!"))
                    for number in range(480)
                ),
                *(_item(number, Action.DELETE) for number in range(480, 500)),
                *(_ami(number) for number in (*range(6), 8)),
                ResourceChange(
                    address="aws_db_instance.this",
                    type="aws_db_instance",
                    action=Action.UPDATE,
                    attributes=(AttributeChange("engine", "15.4", "16.1"),),
                ),
                *(
                    ResourceChange(
                        address=f'aws_route53_record.this["{name}"]', type="aws_route53_record", action=Action.CREATE
                    )
                    for name in ("a", "b", "c")
                ),
            ),
            outputs=tuple(OutputChange(f"name_{number}", Action.UPDATE, "a", "b") for number in range(20)),
        ),
    ),
    next="envctl apply prod",
)
LARGE_DRIFT = Drift(
    (
        EnvironmentDrift(
            environment="prod",
            release=NEW,
            condition="drifted",
            stacks=(StackDrift(stack="items", condition="drifted", resources=LARGE_PLAN.stacks[1].resources),),
            next="envctl drift",
        ),
    )
)
