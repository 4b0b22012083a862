"""Names, reasons and values in many scripts: wide characters, emoji, combining marks, and right to left."""

from datetime import timedelta

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.ledger.events import Actor, EnvironmentLocked, VerificationFailed
from envctl.domain.ledger.state import Lock
from envctl.domain.plan.changes import Action, AttributeChange, EnvironmentPlan, ResourceChange, StackPlan
from envctl.domain.settings.settings import EnvironmentSettings, Setting
from envctl.usecases.drift.result import Drift, EnvironmentDrift, StackDrift
from envctl.usecases.inspect.history import History
from envctl.usecases.inspect.status import EnvironmentStatus, Status
from tests.cli.render.samples.basics import NEW, NOW, deployment, known, runs
from tests.cli.render.samples.ledger import entries

SANADA = Actor("眞田　信繁・六文銭担当＠例え.jp")  # noqa: RUF001 (it is what it looks like)
NOURA = Actor("نورا@مثال.إختبار")
ZOE = Actor("Zoe\u0308 🦄 Mu\u0308ller")
LONG_REASON = "年末年始の凍結期間のため、全ての変更を停止しています。解除は運用チームへ連絡してください。🎍🎍🎍" * 2
THERE = deployment(NEW, 3, by=SANADA)
STATUS = Status(
    project="店",
    now=NOW,
    environments=(
        EnvironmentStatus(
            environment="開発", present=runs(THERE), release=known(NEW, "1a2b3c4d5e"), lag=None, gates={}, next=""
        ),
        EnvironmentStatus(
            environment="本番🚀",
            present=runs(THERE, lock=Lock(NOURA, NOW - timedelta(hours=1), LONG_REASON)),
            release=known(NEW),
            lag=0,
            gates={"業務": (0, 1)},
            next="",
        ),
    ),
)
HISTORY = History(
    environment="",
    entries=entries(
        (SANADA, EnvironmentLocked("本番🚀", LONG_REASON)),
        (NOURA, VerificationFailed("開発", NEW, 5, ("رابط",), "الخدمة غير متاحة")),
        (ZOE, EnvironmentLocked("prod", "Cafe\u0301 e\u0301te\u0301 " * 12)),
    ),
    more=False,
)
SETTINGS = EnvironmentSettings(
    "本番",
    (
        Setting(
            "説明",
            "全世界への公開" * 9,
            Location("environments/本番/terraform.tfvars", 3),
            "file",
            sensitive=False,
            stacks=("網",),
        ),
        Setting("team", "Zoe\u0308 🦄", None, "envctl", sensitive=False, stacks=("網", "web")),
    ),
    {},
)
CHANGED = ResourceChange(
    address='aws_instance.this["東京"]',
    type="aws_instance",
    action=Action.UPDATE,
    attributes=(
        AttributeChange("tags.所有者", "プラットフォーム🏗️チーム" * 4, "プラットフォーム🏗️チームと運用" * 4),
        AttributeChange("tags.Name", "خادم", "Zoe\u0308 🦄"),
        AttributeChange(
            "user_data",
            "#!/bin/sh\necho 開始\n" + "echo こんにちは世界\n" * 9,
            "#!/bin/sh\necho 終了\n" + "echo こんにちは世界\n" * 9,
        ),
    ),
)
PLAN = EnvironmentPlan(
    environment="本番🚀",
    release=NEW,
    stacks=(StackPlan("網", resources=(CHANGED,)), StackPlan("店", waits_for=("網",))),
    next="envctl apply 本番🚀",
)
DRIFTED = (StackDrift(stack="網", condition="drifted", resources=(CHANGED,)),)
IN_MANY_SCRIPTS: dict[str, object] = {
    "a status in many scripts": STATUS,
    "a history in many scripts": HISTORY,
    "settings in many scripts": SETTINGS,
    "a plan in many scripts": PLAN,
    "drift in many scripts": Drift(
        (
            EnvironmentDrift(
                environment="本番🚀",
                release=NEW,
                condition="drifted",
                stacks=(StackDrift(stack="網", condition="drifted", resources=(CHANGED,)),),
            ),
        )
    ),
}
WRONG_IN_MANY_SCRIPTS = ConfigurationError(
    Problem("E204", f"説明: {LONG_REASON}", "直してください", Location("environments/本番/terraform.tfvars", 3)),
    Problem("E205", "الخدمة غير متاحة في " * 6, "set it: envctl settings 本番"),
)
