"""G301, G302 and G303: whether what is going to happen may happen, was approved, and was done before."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import Refusal, Request
from envctl.domain.guards.approvals import count_missing_approvals, list_valid_approvals
from envctl.domain.guards.plan import check_stopped_deployment, count_missing_after_stop, list_counting_approvals
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import Approval
from envctl.domain.plan.changes import Action, EnvironmentPlan, OutputChange, ResourceChange, StackPlan
from envctl.domain.plan.fingerprint import PlanFingerprint, fingerprint_plan
from tests.unit.guards.asked import (
    BACK,
    BOB,
    CAT,
    DAN,
    DESTRUCTION,
    HOUR,
    NOW,
    PROMOTION,
    R1,
    R2,
    SAME_CODE,
    TICK,
    answer,
    approval,
    change,
    deployed,
    here,
    plan,
    ruled,
    said,
    there,
)


def planned(request: Request, *resources: ResourceChange) -> Request:
    return replace(request, plan=plan(*resources))


def several(action: Action, count: int, type_: str = "aws_subnet") -> list[ResourceChange]:
    return [change(action, f"{type_}.s[{number}]") for number in range(count)]


GUARDED = ruled(PROMOTION, protected=True, max_destroys=2, stateful=frozenset({"aws_db_instance", "aws_s3_bucket"}))
KEEPS_DATA = [
    change(action, "aws_db_instance.main")
    for action in (
        Action.CREATE,
        Action.UPDATE,
        Action.READ,
        Action.FORGET,
        Action.MOVE,
        Action.IMPORT,
        Action.RENEW,
        Action.INVOKE,
    )
]
HARMLESS: dict[str, Request] = {
    "there is no plan yet": GUARDED,
    "the plan is empty": planned(GUARDED),
    "exactly as many go as may": planned(GUARDED, *several(Action.DELETE, 2)),
    "replaced and deleted are as many": planned(GUARDED, change(Action.DELETE), change(Action.REPLACE, "aws_subnet.a")),
    "nothing that holds data goes, however it changes": planned(GUARDED, *KEEPS_DATA),
    "what is moved or forgotten does not go, however many": planned(
        ruled(GUARDED, max_destroys=0), *several(Action.MOVE, 9), *several(Action.FORGET, 9, "aws_eip")
    ),
    "an environment that is not protected": planned(
        ruled(GUARDED, protected=False), change(Action.DELETE, "aws_db_instance.main"), *several(Action.DELETE, 9)
    ),
    "a destruction where nothing is asked": planned(DESTRUCTION, change(Action.DELETE, "aws_db_instance.main")),
}
KEEP = "keep, move or forget them in a new release (moved and removed blocks): envctl apply dev"
HARMFUL: dict[str, tuple[Request, str]] = {
    "a database is deleted": (
        planned(GUARDED, change(Action.DELETE, "aws_db_instance.main")),
        "the plan would delete network: aws_db_instance.main; it holds data",
    ),
    "a bucket is replaced": (
        planned(GUARDED, change(Action.REPLACE, "aws_s3_bucket.logs")),
        "the plan would replace network: aws_s3_bucket.logs; it holds data",
    ),
    "the old database of a replacement goes": (
        planned(
            GUARDED,
            ResourceChange(
                address="aws_db_instance.main (deposed 1a2b3c4d)", type="aws_db_instance", action=Action.DELETE
            ),
        ),
        "the plan would delete network: aws_db_instance.main (deposed 1a2b3c4d); it holds data",
    ),
    "five that hold data are all named": (
        planned(GUARDED, *several(Action.DELETE, 5, "aws_s3_bucket")),
        (
            "the plan would delete network: aws_s3_bucket.s[0], delete network: aws_s3_bucket.s[1],"
            " delete network: aws_s3_bucket.s[2], delete network: aws_s3_bucket.s[3],"
            " delete network: aws_s3_bucket.s[4]; they hold data"
        ),
    ),
    "of seven that hold data five are named": (
        planned(GUARDED, *several(Action.DELETE, 7, "aws_s3_bucket")),
        (
            "the plan would delete network: aws_s3_bucket.s[0], delete network: aws_s3_bucket.s[1],"
            " delete network: aws_s3_bucket.s[2], delete network: aws_s3_bucket.s[3],"
            " delete network: aws_s3_bucket.s[4] and 2 more; they hold data"
        ),
    ),
    "what holds data is said before how many go": (
        planned(GUARDED, *several(Action.DELETE, 3), change(Action.DELETE, "aws_s3_bucket.logs")),
        "the plan would delete network: aws_s3_bucket.logs; it holds data",
    ),
    "one more goes than may": (
        planned(GUARDED, *several(Action.DELETE, 3)),
        (
            "the plan destroys 3 resources, and max_destroys is 2"
            " (network: aws_subnet.s[0], network: aws_subnet.s[1], network: aws_subnet.s[2])"
        ),
    ),
    "of seven that go five are named": (
        planned(GUARDED, *several(Action.DELETE, 7)),
        (
            "the plan destroys 7 resources, and max_destroys is 2 (network: aws_subnet.s[0], network: aws_subnet.s[1],"
            " network: aws_subnet.s[2], network: aws_subnet.s[3], network: aws_subnet.s[4] and 2 more)"
        ),
    ),
    "what is replaced is destroyed too": (
        planned(GUARDED, *several(Action.REPLACE, 2), change(Action.DELETE)),
        (
            "the plan destroys 3 resources, and max_destroys is 2"
            " (network: aws_subnet.s[0], network: aws_subnet.s[1], network: aws_vpc.main)"
        ),
    ),
    "none may go": (
        planned(ruled(GUARDED, max_destroys=0), change(Action.DELETE)),
        "the plan destroys 1 resource, and max_destroys is 0 (network: aws_vpc.main)",
    ),
    "all stacks count together": (
        replace(
            GUARDED,
            plan=EnvironmentPlan(
                environment="staging",
                release=R1,
                stacks=(
                    StackPlan("network", resources=tuple(several(Action.DELETE, 2))),
                    StackPlan("web", resources=(change(Action.DELETE, "aws_eip.out"),)),
                ),
            ),
        ),
        (
            "the plan destroys 3 resources, and max_destroys is 2"
            " (network: aws_subnet.s[0], network: aws_subnet.s[1], web: aws_eip.out)"
        ),
    ),
    "the same code with other settings": (
        planned(replace(GUARDED, action="apply", source=None), change(Action.DELETE, "aws_db_instance.main")),
        "the plan would delete network: aws_db_instance.main; it holds data",
    ),
    "a rollback": (
        planned(replace(GUARDED, action="rollback", source=None), change(Action.DELETE, "aws_db_instance.main")),
        "the plan would delete network: aws_db_instance.main; it holds data",
    ),
}


@pytest.mark.parametrize("request_", HARMLESS.values(), ids=HARMLESS.keys())
def test_harmless_plan_passes(request_: Request) -> None:
    assert answer("G301", request_) is None


@pytest.mark.parametrize(("request_", "message"), HARMFUL.values(), ids=HARMFUL.keys())
def test_harmful_plan_is_refused(request_: Request, message: str) -> None:
    assert answer("G301", request_) == Refusal(GuardCode.PROTECTION, message=message, hint=KEEP)


OBJECTS = ruled(GUARDED, max_destroys=0, stateful=frozenset({"Namespace", "aws_s3_bucket"}))
KEEP_OBJECT = (
    'to keep objects that leave the code, bring them back, annotate them with envctl.dev/prune: "false", release that,'
    " and then remove them"
)
OTHER_NAME = "to change a field that can't be changed in place, add an object with another name"


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        (
            [ResourceChange(address="Namespace/shop", type="Namespace", action=Action.DELETE)],
            f"{KEEP_OBJECT}: envctl apply dev",
        ),
        (
            [ResourceChange(address="Service/shop/web", type="Service", action=Action.REPLACE)],
            f"{OTHER_NAME}: envctl apply dev",
        ),
        (
            [
                ResourceChange(address="Namespace/shop", type="Namespace", action=Action.DELETE),
                ResourceChange(address="Service/shop/web", type="Service", action=Action.REPLACE),
            ],
            f"{KEEP_OBJECT}: envctl apply dev",
        ),
        (
            [
                ResourceChange(address="Namespace/shop", type="Namespace", action=Action.DELETE),
                change(Action.DELETE, "aws_s3_bucket.logs"),
            ],
            f"{KEEP.removesuffix(': envctl apply dev')}; {KEEP_OBJECT}: envctl apply dev",
        ),
    ],
)
def test_hint_tells_how_to_keep_objects(changes: list[ResourceChange], hint: str) -> None:
    refusal = answer("G301", planned(OBJECTS, *changes))
    assert refusal is not None
    assert refusal.hint == hint


NEVER_DESTROYED: dict[str, tuple[Request, str]] = {
    "it is protected": (ruled(DESTRUCTION, protected=True), "is protected"),
    "it requires approvals": (ruled(DESTRUCTION, approvals={"peer": 1}), "requires approvals"),
    "it is protected and has gates": (ruled(DESTRUCTION, protected=True, approvals={"peer": 1}), "is protected"),
    "there is a plan already": (ruled(planned(DESTRUCTION, change(Action.DELETE)), protected=True), "is protected"),
}


@pytest.mark.parametrize(("request_", "why"), NEVER_DESTROYED.values(), ids=NEVER_DESTROYED.keys())
def test_protected_environment_is_never_destroyed_and_not_waivable(request_: Request, why: str) -> None:
    assert answer("G301", request_) == Refusal(
        GuardCode.PROTECTION,
        message=f"staging {why}, and can't be destroyed as a whole",
        hint="change its rules in envctl.toml first; its current release: envctl status staging",
        waivable=False,
    )


def test_protection_allows_everything_but_destroy() -> None:
    assert answer("G301", ruled(GUARDED, approvals={"peer": 1})) is None


ONE, OTHER = change(Action.CREATE, "aws_vpc.a", cidr="10.0.0.0/16"), change(Action.UPDATE, "aws_vpc.b", cidr="::/0")
THIRD = change(Action.DELETE, "aws_vpc.c")


def meanings(*plans: EnvironmentPlan) -> Mapping[str, PlanFingerprint]:
    return {meaning.digest: meaning for meaning in map(fingerprint_plan, plans)}


def print_of(*resources: ResourceChange) -> str:
    return fingerprint_plan(plan(*resources)).digest


BOTH, ALL = print_of(ONE, OTHER), print_of(ONE, OTHER, THIRD)
APPROVED_PLANS = meanings(plan(), plan(ONE), plan(ONE, OTHER), plan(ONE, OTHER, THIRD))
GATED = replace(ruled(PROMOTION, approvals={"peer": 1}), approved=APPROVED_PLANS, plan=plan(ONE, OTHER))


def given(*approvals: Approval, request: Request = GATED) -> Request:
    return here(request, approvals=approvals)


def seen(by: object = CAT, plan_: str = BOTH, gate: str = "peer", **more: object) -> Approval:
    return approval(by, gate, plan=plan_, **more)  # type: ignore[arg-type]


TWO = ruled(GATED, approvals={"peer": 2})
GATES = ruled(GATED, approvals={"peer": 1, "quality": 1})
COVERED: dict[str, Request] = {
    "there is no plan yet": replace(GATED, plan=None),
    "no gate asks": ruled(GATED, approvals={}),
    "the very plan was approved": given(seen()),
    "less is left to do": given(seen(plan_=ALL)),
    "nothing is left to do": given(seen(), request=replace(GATED, plan=plan())),
    "nothing is to be done, and what was approved is lost": given(seen(plan_=""), request=replace(GATED, plan=plan())),
    "another approval covers it": given(seen(DAN, print_of(ONE)), seen()),
    "as many people as are asked approved it": given(seen(), seen(DAN, ALL), request=TWO),
    "each gate approved it": given(seen(), seen(gate="quality"), request=GATES),
    "a destruction is not approved": replace(GATED, action="destroy", source=None),
    "a rollback to settings that ran": replace(
        ruled(BACK, approvals={"peer": 1}), plan=plan(ONE), approved=APPROVED_PLANS
    ),
}
MORE = "the plan exceeds the approval at the gate peer: "
CREATED, UPDATED = "create network: aws_vpc.a", "update network: aws_vpc.b"
BEYOND: dict[str, tuple[Request, str]] = {
    "nobody approved anything": (GATED, f"{CREATED}, {UPDATED}"),
    "less was approved": (given(seen(plan_=print_of(ONE))), UPDATED),
    "what was approved is not to be found": (given(seen(plan_="f00d")), f"{CREATED}, {UPDATED}"),
    "it was approved before there were plans": (given(seen(plan_="")), f"{CREATED}, {UPDATED}"),
    "what comes closest is compared": (given(seen(plan_=print_of()), seen(DAN, print_of(ONE))), UPDATED),
    "what comes closest may have been given first": (given(seen(DAN, print_of(ONE)), seen(plan_=print_of())), UPDATED),
    "a single person of two approved it": (given(seen(), request=TWO), f"{CREATED}, {UPDATED}"),
    "the same person approved it twice": (given(seen(), seen(at=NOW), request=TWO), f"{CREATED}, {UPDATED}"),
    "one of two approved less": (given(seen(), seen(DAN, print_of(ONE)), request=TWO), UPDATED),
    "it was approved at another gate": (given(seen(gate="quality")), f"{CREATED}, {UPDATED}"),
    "who promotes it approved it": (given(seen(BOB)), f"{CREATED}, {UPDATED}"),
    "it expired just now": (
        given(seen(at=NOW - HOUR - TICK), request=ruled(GATED, expires=HOUR)),
        f"{CREATED}, {UPDATED}",
    ),
    "it was approved for another release": (given(seen(release=R2)), f"{CREATED}, {UPDATED}"),
    "it was approved for other settings": (given(seen(settings="others")), f"{CREATED}, {UPDATED}"),
    "a rollback to new settings": (
        replace(ruled(BACK, approvals={"peer": 1}), plan=plan(ONE), approved=APPROVED_PLANS, settings="others"),
        CREATED,
    ),
    "the same code again": (replace(GATED, action="apply", source=None), f"{CREATED}, {UPDATED}"),
    "of seven changes five are named": (
        planned(GATED, *several(Action.CREATE, 7)),
        ", ".join(f"create network: aws_subnet.s[{number}]" for number in range(5)) + " and 2 more",
    ),
}


@pytest.mark.parametrize("request_", COVERED.values(), ids=COVERED.keys())
def test_covered_plan_passes(request_: Request) -> None:
    assert answer("G302", request_) is None


@pytest.mark.parametrize(("request_", "beyond"), BEYOND.values(), ids=BEYOND.keys())
def test_uncovered_plan_is_refused(request_: Request, beyond: str) -> None:
    assert answer("G302", request_) == Refusal(
        GuardCode.SAME_PLAN,
        message=MORE + beyond,
        hint=f"envctl approve staging --gate peer{'' if request_.action == 'promote' else ' --release 111111111111'}",
        for_now=True,
        who="any person except ann, bob",
    )


def test_first_gate_without_plan_approval_is_named() -> None:
    refusal = answer("G302", given(seen(), seen(DAN, print_of(ONE), "quality"), request=GATES))
    assert refusal and refusal.message == f"the plan exceeds the approval at the gate quality: {UPDATED}"
    assert refusal.hint == "envctl approve staging --gate quality"


def test_approvals_of_other_gates_are_not_compared() -> None:
    request = given(seen(plan_=print_of()), seen(DAN, print_of(ONE), "quality"), request=GATES)
    assert said("G302", request) == f"{MORE}{CREATED}, {UPDATED}"


EARLIER = PlanFingerprint(fingerprint_plan(plan(ONE, OTHER)).changes, 1)
KEPT_BEFORE = replace(GATED, approved={**APPROVED_PLANS, EARLIER.digest: EARLIER})


def test_approval_of_older_fingerprint_version_must_be_renewed() -> None:
    refusal = answer("G302", given(seen(plan_=EARLIER.digest), request=KEPT_BEFORE))
    assert refusal is not None
    assert refusal.message == (
        f"the approval at the gate peer is from an older envctl, with fewer checks: {CREATED}, {UPDATED}"
    )
    assert refusal.hint == "envctl approve staging --gate peer"


def test_current_approval_replaces_older_fingerprint_version() -> None:
    request = given(seen(plan_=EARLIER.digest), seen(DAN, print_of(ONE)), request=KEPT_BEFORE)
    assert said("G302", request) == f"{MORE}{UPDATED}"
    other = given(seen(plan_=EARLIER.digest, gate="quality"), request=KEPT_BEFORE)
    assert said("G302", other) == f"{MORE}{CREATED}, {UPDATED}"


STOPPED = deployed(outcome="failed", reason="G302 same_plan: the plan holds more", ended_at=NOW - HOUR)
UNPLANNED = here(replace(ruled(GATED, approvals={"peer": 2, "quality": 1}), plan=None), last=STOPPED)
EARLY, LATE = approval(CAT, at=NOW - HOUR - TICK), approval(DAN)
ALL_LATE = (LATE, approval(CAT), approval(CAT, "quality"))


def rest_of(*approvals: Approval, request: Request = UNPLANNED, **more: object) -> Request:
    """After a deployment that stopped an hour ago, and was otherwise."""
    return here(request, approvals=approvals, last=replace(STOPPED, **more))  # type: ignore[arg-type]


NO_REST: dict[str, Request] = {
    "nothing was deployed there": here(UNPLANNED, last=None),
    "it came to its end": rest_of(EARLY, outcome="succeeded"),
    "it failed for another reason": rest_of(reason="E501 Terraform failed"),
    "it was of another release": rest_of(release=R2),
    "all have approved since": rest_of(*ALL_LATE),
    "more than are asked have approved since": rest_of(*ALL_LATE, approval(Actor("eve"))),
    "no gate asks": rest_of(request=ruled(UNPLANNED, approvals={})),
    "it is destroyed": rest_of(request=replace(UNPLANNED, action="destroy", source=None)),
}
REST: dict[str, tuple[Request, dict[str, int]]] = {
    "nobody has approved": (rest_of(), {"peer": 2, "quality": 1}),
    "one has approved since": (rest_of(LATE), {"peer": 1, "quality": 1}),
    "one has approved before": (rest_of(EARLY, LATE), {"peer": 1, "quality": 1}),
    "one has approved twice": (rest_of(LATE, LATE), {"peer": 1, "quality": 1}),
    "one gate has approved": (rest_of(*ALL_LATE[:2]), {"peer": 0, "quality": 1}),
    "its end is not known": (rest_of(*ALL_LATE, ended_at=None), {"peer": 2, "quality": 1}),
}


@pytest.mark.parametrize("request_", NO_REST.values(), ids=NO_REST.keys())
def test_only_gates_count_without_stopped_deployment(request_: Request) -> None:
    assert check_stopped_deployment(request_) is None
    assert count_missing_after_stop(request_) == count_missing_approvals(request_)
    assert list_counting_approvals(request_) == list_valid_approvals(request_)


@pytest.mark.parametrize(("request_", "missing"), REST.values(), ids=REST.keys())
def test_stopped_deployment_needs_approval_of_the_rest(request_: Request, missing: dict[str, int]) -> None:
    lacking, last = [gate for gate, count in missing.items() if count], request_.target_state.last
    assert last is not None
    assert check_stopped_deployment(request_) == Refusal(
        GuardCode.SAME_PLAN,
        message=f"the last deployment stopped halfway; its rest needs approval at: {', '.join(lacking)}",
        hint=f"envctl approve staging --gate {lacking[0]}",
        for_now=True,
        since=last.ended_at,
        who="any person except ann, bob",
    )
    assert count_missing_after_stop(request_) == missing
    # A plan tells what is left, and G302 decides by it.
    planned_ = replace(request_, plan=plan(ONE))
    assert count_missing_after_stop(planned_) == count_missing_approvals(planned_)


def test_only_approvals_since_the_stop_count() -> None:
    request = rest_of(EARLY, LATE)
    assert list_counting_approvals(request) == (LATE,)
    assert list_counting_approvals(replace(request, plan=plan(ONE))) == (EARLY, LATE)


WAITED = EnvironmentPlan(
    environment="staging",
    release=R1,
    stacks=(
        StackPlan("network", resources=(ONE,)),
        StackPlan("web", waits_for=("network",)),
        StackPlan("db", behind=True, waits_for=("network",)),
    ),
)
THEN = EnvironmentPlan(
    environment="staging",
    release=R1,
    stacks=(StackPlan("network", resources=(ONE,)), StackPlan("web", resources=(change(Action.CREATE, "aws_eip.w"),))),
)
UNSEEN = replace(GATED, approved=meanings(WAITED, plan(ONE)), plan=THEN)
SAW = fingerprint_plan(WAITED).digest
NOT_PLANNED = "; web could not be planned when it was approved"


@pytest.mark.parametrize(
    "request_",
    [
        given(seen(plan_=SAW, unseen=("web",)), request=UNSEEN),
        given(seen(plan_=SAW, unseen=("other", "web")), request=UNSEEN),
        # As long as they wait, nothing happens to them.
        given(seen(plan_=SAW), request=replace(UNSEEN, plan=WAITED)),
    ],
)
def test_named_unseen_stack_passes(request_: Request) -> None:
    assert answer("G302", request_) is None


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (given(seen(plan_=SAW), request=UNSEEN), f"create web: aws_eip.w{NOT_PLANNED}"),
        (given(seen(plan_=SAW, unseen=("network",)), request=UNSEEN), f"create web: aws_eip.w{NOT_PLANNED}"),
        (
            given(seen(plan_=SAW), seen(DAN, SAW, unseen=("web",)), request=ruled(UNSEEN, approvals={"peer": 2})),
            f"create web: aws_eip.w{NOT_PLANNED}",
        ),
        # That other stacks waited is said where those do something.
        (given(seen(plan_=SAW, unseen=("web",)), request=replace(UNSEEN, plan=plan(ONE, OTHER))), UPDATED),
        (
            given(seen(plan_=SAW, unseen=("web", "db")), request=replace(UNSEEN, plan=plan(ONE, stack="db"))),
            "create db: aws_vpc.a",
        ),
        (
            given(
                seen(plan_=SAW),
                request=replace(UNSEEN, plan=replace(THEN, stacks=(*THEN.stacks, StackPlan("db", resources=(OTHER,))))),
            ),
            "update db: aws_vpc.b, create web: aws_eip.w; db and web could not be planned when it was approved",
        ),
        # Without any plan that was approved there is nothing that could have waited.
        (given(seen(plan_="f00d"), request=UNSEEN), "create network: aws_vpc.a, create web: aws_eip.w"),
    ],
)
def test_unseen_stack_without_a_name_is_refused(request_: Request, told: str) -> None:
    assert said("G302", request_) == MORE + told


CLUSTER = change(Action.CREATE, "aws_eks_cluster.a", name="shop")
CLUSTER_NAME = OutputChange("cluster_name", Action.CREATE, None, "shop")
AUTH = "ConfigMap/kube-system/aws-auth"


def taken_over(action: Action, *, made: bool = True) -> Request:
    """The plan after the cluster was made: the stack changes an object in it."""
    network = StackPlan(
        "network", resources=(ONE, *([CLUSTER] if made else [])), outputs=(CLUSTER_NAME,) if made else ()
    )
    web = StackPlan("web", resources=(ResourceChange(address=AUTH, type="ConfigMap", action=action),))
    seen_before = EnvironmentPlan(
        environment="staging", release=R1, stacks=(network, StackPlan("web", waits_for=("network",)))
    )
    plan_ = EnvironmentPlan(environment="staging", release=R1, stacks=(network, web))
    clusters = {"web": "network.cluster_name"}
    request = replace(GATED, approved=meanings(seen_before), plan=plan_, clusters=clusters)
    return given(seen(plan_=fingerprint_plan(seen_before).digest, unseen=("web",)), request=request)


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.IMPORT])
def test_objects_in_new_cluster_change_unseen(action: Action) -> None:
    assert answer("G302", taken_over(action)) is None


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(taken_over(Action.UPDATE, made=False), id="the cluster is older"),
        pytest.param(replace(taken_over(Action.UPDATE), clusters={}), id="its cluster is unknown"),
        pytest.param(replace(taken_over(Action.UPDATE), other_accounts=("4" * 12,)), id="it has another account"),
        pytest.param(replace(taken_over(Action.UPDATE), clusters={"web": "network.other"}), id="another cluster"),
    ],
)
def test_older_objects_do_not_change_unseen(request_: Request) -> None:
    assert said("G302", request_) == f"{MORE}update web: {AUTH}"


@pytest.mark.parametrize("action", [Action.REPLACE, Action.DELETE, Action.FORGET, Action.INVOKE])
def test_nothing_goes_from_new_cluster_unseen(action: Action) -> None:
    assert said("G302", taken_over(action)) == f"{MORE}{action} web: {AUTH}"


VPC, SUBNET = "create aws_vpc", "delete aws_subnet"
DOING = planned(PROMOTION, change(Action.DELETE, "aws_subnet.a"), change(Action.CREATE), change(Action.CREATE))
DONE = there(DOING, performed={R1: frozenset({VPC, SUBNET, "update aws_eip"})})
REHEARSED: dict[str, Request] = {
    "the release did the same there": DONE,
    "the release does less here": planned(DONE, change(Action.CREATE, "aws_vpc.other")),
    "there is nothing to do": planned(PROMOTION),
    "what is only read needs no rehearsal": planned(PROMOTION, change(Action.READ)),
    "there is no plan yet": PROMOTION,
    "it is not asked": ruled(DOING, rehearsed="off"),
    "the same code again": replace(DOING, action="apply", source=None),
    "a rollback": planned(BACK, change(Action.CREATE)),
    "a destruction": planned(DESTRUCTION, change(Action.DELETE)),
}
UNREHEARSED: dict[str, tuple[Request, str]] = {
    "nothing was done there": (DOING, "create aws_vpc, delete aws_subnet"),
    "another one did it": (there(DOING, performed={R2: frozenset({VPC, SUBNET})}), "create aws_vpc, delete aws_subnet"),
    "it was done here": (here(DOING, performed={R1: frozenset({VPC, SUBNET})}), "create aws_vpc, delete aws_subnet"),
    "part of it was done there": (there(DOING, performed={R1: frozenset({VPC})}), "delete aws_subnet"),
    "another action was done with that type": (
        there(planned(PROMOTION, change(Action.REPLACE)), performed={R1: frozenset({VPC, "delete aws_vpc"})}),
        "replace aws_vpc",
    ),
    "of seven kinds five are named": (
        planned(PROMOTION, *(change(Action.CREATE, f"aws_{letter}.x") for letter in "abcdefg")),
        "create aws_a, create aws_b, create aws_c, create aws_d, create aws_e and 2 more",
    ),
    "a new action": (
        there(planned(PROMOTION, change(Action.INVOKE)), performed={R1: frozenset({VPC})}),
        "invoke aws_vpc",
    ),
    "an old one is left behind that was replaced there": (
        there(planned(PROMOTION, change(Action.RENEW)), performed={R1: frozenset({"replace aws_vpc"})}),
        "renew aws_vpc",
    ),
}


@pytest.mark.parametrize("request_", REHEARSED.values(), ids=REHEARSED.keys())
def test_rehearsed_plan_passes(request_: Request) -> None:
    assert answer("G303", request_) is None


@pytest.mark.parametrize(("request_", "new"), UNREHEARSED.values(), ids=UNREHEARSED.keys())
def test_unrehearsed_change_warns_or_refuses_by_setting(request_: Request, new: str) -> None:
    warned = Refusal(
        GuardCode.REHEARSED,
        message=f"release 111111111111 never did this in dev: {new}",
        hint="check the plan with care, or rehearse it in dev: envctl history dev",
        warns=True,
    )
    assert answer("G303", request_) == warned
    assert answer("G303", ruled(request_, rehearsed="refuse")) == replace(warned, warns=False)


def test_redeployment_of_same_code_needs_no_rehearsal() -> None:
    assert answer("G303", planned(SAME_CODE, change(Action.DELETE))) is None
