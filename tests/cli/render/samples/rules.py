"""What counts for an environment, and what people said of it."""

from dataclasses import replace
from datetime import timedelta

from envctl.domain.ledger.history_events import HistoryVouched
from envctl.domain.ledger.recorded_rules import RulesApproval, RulesRecord, RulesReset
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.next_step.situation import NextStep
from envctl.usecases.approval.approve_rules import ApprovedRules
from envctl.usecases.approval.reset_rules import RulesResetState
from envctl.usecases.inspect.history import History
from envctl.usecases.inspect.rules import CountingRule, EnvironmentRules
from tests.cli.render.samples.basics import HANAKO, NOW, ROBOT, TARO
from tests.cli.render.samples.ledger import entries
from tests.cli.render.samples.refusals import WHY_NOT_AT_ALL
from tests.cli.render.samples.statuses import STATUS

RECORDED, TREE = "5e" * 32, "77" * 32
RECORD = RulesRecord(RECORDED, 41, NOW - timedelta(days=3), "9a" * 32)
RESET = RulesReset(52, RECORDED, HANAKO, NOW - timedelta(hours=2), "the law team was dissolved")
MOVED = "dev was deployed with region ap-northeast-1 (entry 3); envctl.toml:35 says region eu-west-1"
CHANGES = ("account 333333333333 -> 444444444444", "gate business goes", "gates.soak 1d -> not said")
SAME = EnvironmentRules(
    environment="prod",
    standing="same",
    digest=RECORDED,
    recorded=RECORD,
    rules=(
        CountingRule("place", "after dev, staging", "both", ("envctl.toml:5", "entry 41")),
        CountingRule("approvals", "peer 1, business 1, quality 1", "both", ("the default", "entry 41")),
    ),
    changes=(),
    conflicts=(),
    approvals=(),
    reset=None,
    next="envctl why prod",
)
DIFFERENT = replace(
    SAME,
    standing="refused",
    digest=TREE,
    rules=(
        CountingRule("place", "after dev, staging", "both", ("envctl.toml:5", "entry 41")),
        CountingRule("approvals", "peer 1", "tree", ("envctl.toml:31",)),
        CountingRule("approvals", "business 1, peer 1", "recorded", ("entry 41",)),
    ),
    changes=CHANGES,
    conflicts=CHANGES[:1],
    approvals=(RulesApproval("peer", RECORDED, TREE, TARO, NOW - timedelta(hours=1)),),
    reset=RESET,
    next="envctl approve prod --rules",
)
RULES: dict[str, object] = {
    "rules that are recorded": SAME,
    "rules that differ": DIFFERENT,
    "rules that nobody recorded": replace(SAME, standing="none recorded", recorded=None),
    "an approval of rules": ApprovedRules(
        environment="prod",
        gate="peer",
        by=TARO,
        already=False,
        changes=CHANGES,
        missing={"business": 1},
        next="envctl approve prod --rules --gate business",
        recorded=RECORDED,
        rules=TREE,
    ),
    "the last approval of rules": ApprovedRules(
        environment="staging",
        gate="",
        by=TARO,
        already=True,
        changes=CHANGES[:1],
        missing={},
        next="envctl promote dev staging",
        recorded=RECORDED,
        rules=TREE,
    ),
    "a reset of rules": RulesResetState(
        "prod", RESET, RESET.at + timedelta(days=7), False, withdrawn=False, next="envctl rules reset prod --withdraw"
    ),
    "a reset of rules that was withdrawn": RulesResetState(
        "prod", RESET, None, False, withdrawn=True, next="envctl rules prod"
    ),
    "no reset of rules": RulesResetState("prod", None, None, True, withdrawn=True, next="envctl rules prod"),
    "a history of rules": History(
        environment="prod",
        entries=entries(
            (TARO, RulesApproved("prod", "peer", RECORDED, TREE)),
            (TARO, RulesApproved("prod", "", RECORDED, TREE)),
            (HANAKO, RulesResetRequested("prod", RECORDED, "the law team was\ndissolved")),
            (ROBOT, RulesResetWithdrawn("prod", RECORDED, "they are back")),
            (HANAKO, HistoryVouched(environment="prod", number=12, head="ab" * 32)),
            (ROBOT, RulesResetWithdrawn("prod", RECORDED)),
        ),
        more=False,
        rules={1: CHANGES},
    ),
    "a why after rules changed": replace(
        WHY_NOT_AT_ALL, rules_changed=("gate quality goes",), rules_differ=CHANGES[1:]
    ),
    "a status after rules changed": replace(
        STATUS,
        environments=(
            *STATUS.environments[:-1],
            replace(
                STATUS.environments[-1],
                present=replace(STATUS.environments[-1].present, rules=RECORD, rules_reset=RESET),
                rules_changed=("gate quality goes",),
                rules_differ=CHANGES[1:],
            ),
        ),
    ),
    "a why after its place changed in the file": replace(
        WHY_NOT_AT_ALL, moved=MOVED, elsewhere=True, next="change it back"
    ),
    "a status after its place changed in the file": replace(
        STATUS,
        environments=(
            replace(STATUS.environments[0], moved=MOVED, steps=(NextStep("", MOVED, hint="change it back"),), next=""),
        ),
    ),
}
