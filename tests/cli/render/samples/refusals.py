"""What guards say, in a refusal and when asked why."""

from datetime import timedelta

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import Location, Problem
from envctl.domain.guards import Refusal, RefusedError
from envctl.domain.guards.gate_approvals import GateApprovals, GivenApproval
from envctl.usecases.approval.explain_refusal import Answer, Why
from tests.cli.render.samples.basics import NEW, NOW, TARO

PROVENANCE = Refusal(
    GuardCode.PROVENANCE,
    message="release 3f2a91c0b7d4 has no complete deployment in staging: it was never deployed there",
    hint="envctl promote dev staging",
)
SOAK = Refusal(
    GuardCode.SOAK,
    message="release 3f2a91c0b7d4 ran verified in staging for 3h of 24h",
    hint="wait, then: envctl promote staging prod",
    for_now=True,
    opens=NOW + timedelta(hours=21, seconds=20),
    since=NOW - timedelta(hours=3),
)
APPROVALS = Refusal(
    GuardCode.APPROVALS,
    message="release 3f2a91c0b7d4 lacks approvals for prod: business (0 of 1)"
    "; hanako@the approval of example.com does not count (made or promotes the release)",
    hint="envctl approve prod --gate business --release 3f2a91c0b7d4",
    for_now=True,
    who="any person except hanako@example.com, 山田太郎@example.com",
)
WINDOW = Refusal(
    GuardCode.WINDOW,
    message='prod can\'t be changed now: the deny window "year end" is active',
    hint="wait, then: envctl promote staging prod",
    for_now=True,
    opens=NOW + timedelta(days=39, hours=5),
)
LOCK = Refusal(
    GuardCode.LOCK,
    message="prod is locked by hanako@example.com (unverified): load test,\nask me | first <b>",
    hint="envctl unlock prod",
    for_now=True,
    since=NOW - timedelta(minutes=12),
    who="hanako@example.com, or any other person",
)
DRIFT = Refusal(
    GuardCode.DRIFT,
    message="prod has drifted: 1 difference from the state (web: aws_instance.this)"
    "; this deployment restores the configured values",
    hint="envctl drift prod",
    since=NOW - timedelta(hours=2),
    warns=True,
)
SETTINGS_DO_NOT_FIT = Refusal(
    GuardCode.SETTINGS,
    message="2 settings do not fit release 3f2a91c0b7d4 in prod",
    hint="correct the listed settings, then check them: envctl settings prod",
    waivable=False,
    because=(
        Problem(
            "E203",
            "no module declares 'instance_tipe'",
            "did you mean instance_type?",
            Location("environments/prod/terraform.tfvars", 7),
        ),
        Problem("E205", "vpc_cidr has no value in prod", "set it in environments/prod/terraform.tfvars"),
    ),
)
REHEARSED = Refusal(
    GuardCode.REHEARSED,
    message="release 3f2a91c0b7d4 never did this in staging: create aws_eip, delete aws_instance",
    hint="look at the plan with care, or rehearse it in staging first: envctl history staging",
    warns=True,
)
REFUSED = RefusedError((PROVENANCE, APPROVALS))
REFUSED_FOR_NOW = RefusedError((APPROVALS,))
REFUSED_UNTIL = RefusedError((SOAK, WINDOW))
REFUSED_UNTIL_SOMEBODY = RefusedError((SOAK, APPROVALS))
REFUSED_SETTINGS = RefusedError((LOCK, SETTINGS_DO_NOT_FIT))
REFUSED_AND_WORSE = RefusedError((WINDOW,))
REFUSED_AND_WORSE.problems = (
    *REFUSED_AND_WORSE.problems,
    Problem("E401", "the ledger can't be written", "mend the store"),
)

PEER_GIVEN = GateApprovals(
    1, 1, NOW + timedelta(hours=5), (GivenApproval(TARO, NOW - timedelta(hours=3), NOW + timedelta(hours=5)),)
)
BUSINESS_MISSING = GateApprovals(0, 1, who="any person except hanako@example.com, 山田太郎@example.com")
WHY = Why(
    target="prod",
    source="staging",
    release=NEW,
    now=NOW,
    answers=(
        Answer("G101", "order", "passes"),
        Answer("G102", "provenance", "passes"),
        Answer("G103", "verified", "passes"),
        Answer("G104", "soak", "refuses", SOAK),
        Answer("G106", "approvals", "refuses", APPROVALS),
        Answer("G108", "lock", "refuses", LOCK),
        Answer("G110", "drift", "warns", DRIFT),
        Answer("G204", "settings", "refuses", SETTINGS_DO_NOT_FIT),
        Answer("G301", "protection", "unplanned"),
        Answer("G302", "same_plan", "moot"),
        Answer("G303", "rehearsed", "unplanned"),
    ),
    gates={"peer": (1, 1), "business": (0, 1)},
    who="any person except hanako@example.com, 山田太郎@example.com",
    opens=None,
    next=SOAK.hint,
    approvals={"peer": PEER_GIVEN, "business": BUSINESS_MISSING},
)
WHY_SOON = Why(
    target="prod",
    source="staging",
    release=NEW,
    now=NOW,
    answers=(
        Answer("G103", "verified", "passes"),
        Answer("G104", "soak", "refuses", SOAK),
        Answer("G107", "window", "passes"),
        Answer("G301", "protection", "passes"),
        Answer("G303", "rehearsed", "warns", REHEARSED),
    ),
    gates={"peer": (1, 1)},
    who="",
    opens=SOAK.opens,
    next=SOAK.hint,
    approvals={"peer": GateApprovals(1, 1, None, (GivenApproval(TARO, NOW - timedelta(hours=3)),))},
)
WHY_UNPROVEN = Why(
    target="staging",
    source="dev",
    release=None,
    now=NOW,
    answers=(
        Answer("G102", "provenance", "refuses", PROVENANCE),
        Answer("G103", "verified", "moot"),
        Answer("G104", "soak", "moot"),
        Answer("G106", "approvals", "not_applicable"),
        Answer("G302", "same_plan", "unplanned"),
    ),
    gates={},
    who="",
    opens=None,
    next=PROVENANCE.hint,
)
WHY_NOT = Why(
    target="dev",
    source=None,
    release=None,
    now=NOW,
    answers=(
        Answer("G109", "busy", "passes"),
        Answer("G110", "drift", "warns", DRIFT),
        Answer("G301", "protection", "unplanned"),
    ),
    gates={},
    who="",
    opens=None,
    next="envctl apply dev",
)
WHY_NOT_AT_ALL = Why(
    target="dev",
    source=None,
    release=NEW,
    now=NOW,
    answers=(Answer("G109", "busy", "passes"),),
    gates={},
    who="",
    opens=None,
    next="envctl apply dev",
)
