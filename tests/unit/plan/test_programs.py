"""Which programs a plan names, from small documents in the form of `terraform show -json`."""

from typing import Any

import pytest

from envctl.adapters.terraform.plans.plan_document import parse_plan
from envctl.domain.plan.approved_changes import find_unapproved_changes
from envctl.domain.plan.changes import Action, EnvironmentPlan, ResourceChange
from envctl.domain.plan.fingerprint import fingerprint_plan
from envctl.usecases.ports.terraform import PreparedStack

WEB = PreparedStack("web")


def runs(type_: str, **expressions: object) -> dict[str, Any]:
    return {"type": type_, "expressions": expressions}


def constant(value: object) -> dict[str, object]:
    return {"constant_value": value}


SHELL = runs("local-exec", command=constant("sh deploy.sh"))
WHEN = "on create or on destroy"
Json = dict[str, Any]


def plan(*actions: str, provisioners: object = (SHELL,), **more: Any) -> Json:
    own = {"address": "aws_x.y", "mode": "managed", "type": "aws_x", "name": "y", "provisioners": list(provisioners)}  # type: ignore[call-overload]
    inner = {"module_calls": {"a": {"module": {"resources": [own]}}}}
    change = {"actions": list(actions), "before": None, "after": {"n": 1}, "after_unknown": {}}
    raw = {
        "address": 'module.web.module.a["k.[0]"].aws_x.y[2]',
        "module_address": 'module.web.module.a["k.[0]"]',
        "mode": "managed",
        "type": "aws_x",
        "name": "y",
        "change": change,
    }
    configuration = {"root_module": {"module_calls": {"web": {"module": inner}}}}
    return {"resource_changes": [raw], "configuration": configuration, **more}


def read(document: Json) -> tuple[ResourceChange, ...]:
    return parse_plan(WEB, document, ()).resources


def covers(approved: Json, then: Json) -> bool:
    one, other = (
        fingerprint_plan(EnvironmentPlan(environment="prod", release="r1", stacks=(parse_plan(WEB, each, ()),)))
        for each in (approved, then)
    )
    return not find_unapproved_changes(other, one)


TOLD: dict[str, tuple[Json, tuple[str, ...]]] = {
    "a command": (plan("create"), (f"local-exec ({WHEN}): sh deploy.sh",)),
    "of a replacement": (plan("delete", "create"), (f"local-exec ({WHEN}): sh deploy.sh",)),
    "of one that leaves the old one": (plan("create", "forget"), (f"local-exec ({WHEN}): sh deploy.sh",)),
    "of one that goes": (plan("delete"), (f"local-exec ({WHEN}): sh deploy.sh",)),
    "an update runs none": (plan("update"), ()),
    "what is forgotten runs none": (plan("forget"), ()),
    "several, in their order": (
        plan("create", provisioners=[SHELL, runs("remote-exec", inline=constant(["a", "b"]))]),
        (f"local-exec ({WHEN}): sh deploy.sh", f"remote-exec ({WHEN}): a b"),
    ),
    "a file": (plan("create", provisioners=[runs("file", source=constant("x.sh"))]), (f"file ({WHEN}): x.sh",)),
    "a command that is made of something": (
        plan("create", provisioners=[runs("local-exec", command={"references": ["var.a", "var"]})]),
        (f"local-exec ({WHEN}): command made of var.a, var",),
    ),
    "a command of nothing": (
        plan("create", provisioners=[runs("local-exec", command={})]),
        (f"local-exec ({WHEN}): command (not said in the plan)",),
    ),
    "another form": (plan("create", provisioners=[{"type": "later"}]), (f"later ({WHEN}): (not said in the plan)",)),
    "a command that holds a secret": (
        plan(
            "create",
            variables={"password": {"value": "hunter2"}},
            provisioners=[runs("local-exec", command=constant("login hunter2 now"))],
        ),
        (f"local-exec ({WHEN}): (sensitive)",),
    ),
}


@pytest.mark.parametrize(("document", "told"), TOLD.values(), ids=TOLD.keys())
def test_provisioners_are_named(document: Json, told: tuple[str, ...]) -> None:
    assert read(document)[0].programs == told


def test_changed_provisioner_is_not_covered() -> None:
    other = runs("local-exec", command=constant("rm -rf /"))
    assert covers(plan("create"), plan("create"))
    assert not covers(plan("create"), plan("create", provisioners=[other]))
    assert not covers(plan("create", provisioners=[]), plan("create"))
    assert not covers(plan("create"), plan("create", provisioners=[]))


EXTERNAL = "registry.terraform.io/hashicorp/external"


def asking(program: list[str], *, later: bool, marks: object = False) -> Json:
    address = "module.web.data.external.git"
    own = {"address": address, "mode": "data", "type": "external", "name": "git", "provider_name": EXTERNAL}
    if later:
        change = {"actions": ["read"], "before": None, "after": {"program": program}, "after_unknown": {"result": True}}
        return {"resource_changes": [{**own, "change": change}]}
    values = {"program": program, "query": None, "result": {"a": "b"}, "id": "-"}
    there = {**own, "values": values, "sensitive_values": {"program": marks}}
    return {"prior_state": {"values": {"root_module": {"child_modules": [{"resources": [there]}]}}}}


def test_external_program_of_apply_is_named() -> None:
    (asked,) = read(asking(["sh", "x.sh"], later=True))
    assert (asked.address, asked.action, asked.programs) == ("data.external.git", Action.READ, ("external: sh x.sh",))
    assert not covers(asking(["sh", "x.sh"], later=True), asking(["sh", "y.sh"], later=True))


def test_program_run_while_planning_is_named_without_change() -> None:
    (asked,) = read(asking(["sh", "x.sh"], later=False))
    assert (asked.address, asked.action) == ("data.external.git (while planning)", Action.READ)
    assert asked.programs == ("external: sh x.sh, which ran while this was planned",)
    assert not parse_plan(WEB, asking(["sh", "x.sh"], later=False), ()).changes
    assert not covers(asking(["sh", "x.sh"], later=False), asking(["sh", "y.sh"], later=False))


def test_sensitive_program_arguments_are_redacted() -> None:
    (asked,) = read(asking(["sh", "hunter2"], later=False, marks=[False, True]))
    assert "hunter2" not in repr(asked)
