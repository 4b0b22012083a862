"""Releases under the names that people know them by."""

from dataclasses import replace
from datetime import timedelta

from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.projection.release_matrix import Stay
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.state import Hold, to_label
from envctl.domain.plan.changes import Marker
from envctl.domain.release.comparison.distance import Distance
from envctl.domain.release_label import ReleaseLabel
from envctl.usecases.approval.approve import WithdrawalResult
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.deployment.verification import Verification
from envctl.usecases.inspect.history import History
from envctl.usecases.inspect.preview import EnvironmentPreview, Preview
from envctl.usecases.inspect.releases import (
    ListedRelease,
    ReleaseArtifact,
    ReleaseDetails,
    ReleasePlace,
    Releases,
    RunningRelease,
)
from tests.cli.render.samples.basics import HANAKO, NEW, NOW, OLD, OLDEST, ROBOT, TARO, deployment
from tests.cli.render.samples.diffs import DIFF
from tests.cli.render.samples.ledger import HISTORY, entries
from tests.cli.render.samples.outcomes import DONE
from tests.cli.render.samples.plans import LATER_PLAN
from tests.cli.render.samples.refusals import WHY
from tests.cli.render.samples.statuses import STATUS, TROUBLED_STATUS

JOB = "https://github.com/acme/shop/actions/runs/4711"
BY_JOB = replace(ROBOT, run_url=JOB)


def _made(release: str, seq: int, hours: float, subject: str, request: int = 0, **more: object) -> KnownRelease:
    fields = {"by": HANAKO, "commit": f"{seq:x}" * 40, "uncommitted": False, "author": "hanako@example.com", **more}
    at = NOW - timedelta(hours=hours)
    return KnownRelease(release=release, seq=seq, at=at, subject=subject, request=request, **fields)  # type: ignore[arg-type]


LOGS = _made(NEW, 12, 2, "Trace logs, longer retention", 42, by=BY_JOB)
WIDE = _made(OLD, 10, 26, "トレースログの保存期間を延ばし、本番環境の監視を強化する", 41, by=TARO)
EDITED = _made("5" * 64, 7, 50, "Open ports", uncommitted=True)
LONG = _made(
    "6" * 64, 5, 90, "Move the database of the shop to larger instances, and let it keep its snapshots for 35 days", 7
)
UNNAMED = _made(OLDEST, 1, 900, "", commit="", uncommitted=True)
LABEL, WIDE_LABEL = to_label(LOGS), to_label(WIDE)
HOLD = Hold(OLD, TARO, NOW - timedelta(hours=1), "rolled back to 999999999999")
DETAILS = ReleaseDetails(
    release=LOGS,
    now=NOW,
    places=(
        ReleasePlace("dev", Stay("runs", NOW - timedelta(hours=1), NOW - timedelta(minutes=50)), RunningRelease(LABEL)),
        ReleasePlace(
            "staging",
            Stay("left", NOW - timedelta(hours=2), revoked="drift was found there"),
            RunningRelease(WIDE_LABEL, 1),
        ),
        ReleasePlace("prod", Stay("never"), RunningRelease(ReleaseLabel(OLDEST), 4)),
    ),
    bundle="intact",
    stacks=("network", "web"),
    modules=3,
    files=14,
    artifacts=(
        ReleaseArtifact("image", f"333333333333.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web@sha256:{'ab' * 32}"),
        ReleaseArtifact("token", Marker.SENSITIVE),
    ),
)
LISTED = Releases(
    "",
    NOW,
    (
        ListedRelease(LOGS, ("dev", "staging"), ("dev",)),
        ListedRelease(WIDE, (), ("dev", "staging"), ("prod",)),
        ListedRelease(EDITED),
        ListedRelease(LONG),
        ListedRelease(UNNAMED, ("prod",), ("prod",)),
    ),
    more=3,
)
_NAMED = STATUS.environments

RELEASES: dict[str, object] = {
    "releases": LISTED,
    "releases of an environment without any": Releases("prod", NOW, ()),
    "releases of a new project": Releases("", NOW, ()),
    "a release": DETAILS,
    "a release without its bundle": ReleaseDetails(
        release=EDITED,
        now=NOW,
        places=(
            ReleasePlace("dev", Stay("failed", NOW - timedelta(hours=49)), RunningRelease(LABEL, 2, is_newer=True)),
            ReleasePlace("staging", Stay("unknown", hold=HOLD)),
        ),
        bundle="missing",
    ),
    "a status of named releases": replace(
        STATUS,
        environments=(
            replace(_NAMED[0], release=LOGS),
            replace(_NAMED[1], release=WIDE),
            replace(_NAMED[2], release=replace(LONG, release=OLDEST)),
        ),
    ),
    "a status of named releases in trouble": replace(
        TROUBLED_STATUS,
        environments=tuple(
            replace(each, labels={NEW: LABEL, OLD: WIDE_LABEL}) for each in TROUBLED_STATUS.environments
        ),
    ),
    "a plan of a named release": replace(LATER_PLAN, label=LABEL),
    "a preview of a named release": Preview(
        OLD, (EnvironmentPreview("prod", replace(LATER_PLAN, release=OLD, label=WIDE_LABEL)),), WIDE_LABEL
    ),
    "a why of a named release": replace(WHY, release=NEW, label=LABEL),
    "a deployment of a named release": replace(DONE, label=LABEL),
    "a rollback to a named release": DeploymentResult(
        environment="prod",
        release=OLD,
        action="rollback",
        deployment=deployment(OLD, 1, action="rollback"),
        held=NEW,
        label=WIDE_LABEL,
        held_label=LABEL,
    ),
    "a dry run of a named release": DeploymentResult(
        environment="prod", release=NEW, action="promote", stages=("plan",), dry_run=True, label=LABEL
    ),
    "a verification of a named release": Verification("dev", NEW, (), label=LABEL),
    "a withdrawn approval of a named release": WithdrawalResult("prod", "peer", NEW, TARO, withdrawn=True, label=LABEL),
    "a history of named releases": History(
        environment="",
        entries=entries(
            (HANAKO, ReleaseCreated(release=OLD, commit="1a2b3c4d5e6f7a8b", subject="Open ports", request=41))
        )
        + HISTORY.entries,
        more=False,
        labels={NEW: LABEL},
    ),
    "a diff of named releases": replace(
        DIFF,
        first=replace(DIFF.first, known=LOGS),
        distance=Distance("prod", "staging", 2, (LOGS, WIDE), DIFF.distance.changes if DIFF.distance else None),
    ),
}
