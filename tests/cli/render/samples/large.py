"""A plan with more changes than a person reads."""

from envctl.domain.plan.changes import Action, AttributeChange, EnvironmentPlan, OutputChange, ResourceChange, StackPlan
from envctl.usecases.drift.result import Drift, EnvironmentDrift, StackDrift
from tests.cli.render.samples.basics import NEW


def _item(number: int, action: Action, *changes: AttributeChange) -> ResourceChange:
    return ResourceChange(f"aws_ssm_parameter.item[{number}]", "aws_ssm_parameter", action, changes)


def _ami(number: int) -> ResourceChange:
    change = AttributeChange("ami", "ami-0123456789abcdef0", "ami-0fedcba9876543210", forces_replacement=True)
    return ResourceChange(f"aws_instance.worker[{number}]", "aws_instance", Action.REPLACE, (change,))


LARGE_PLAN = EnvironmentPlan(
    "prod",
    NEW,
    (
        StackPlan("network"),
        StackPlan(
            "items",
            (
                *(
                    _item(number, Action.UPDATE, AttributeChange("value", f"{number}", f"{number}!"))
                    for number in range(480)
                ),
                *(_item(number, Action.DELETE) for number in range(480, 500)),
                *(_ami(number) for number in (*range(6), 8)),
                ResourceChange(
                    "aws_db_instance.this",
                    "aws_db_instance",
                    Action.UPDATE,
                    (AttributeChange("engine", "15.4", "16.1"),),
                ),
                *(
                    ResourceChange(f'aws_route53_record.this["{name}"]', "aws_route53_record", Action.CREATE)
                    for name in ("a", "b", "c")
                ),
            ),
            tuple(OutputChange(f"name_{number}", Action.UPDATE, "a", "b") for number in range(20)),
        ),
    ),
    next="envctl apply prod",
)
LARGE_DRIFT = Drift(
    (
        EnvironmentDrift(
            "prod",
            NEW,
            "drifted",
            (StackDrift("items", "drifted", LARGE_PLAN.stacks[1].resources),),
            next="envctl drift",
        ),
    )
)
