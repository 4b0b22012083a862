"""Who, when and what the samples are about."""

from datetime import UTC, datetime, timedelta

from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import Deployment, EnvironmentState, Evidence

SECRET = "hunter2-correct-horse"
NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
NEW = "3f2a91c0b7d4" + "e" * 52
OLD = "77b01dd2a9c3" + "f" * 52
OLDEST = "9" * 64
HANAKO = Actor("hanako@example.com")
TARO = Actor("山田太郎@example.com")
ROBOT = Actor("arn:aws:sts::333333333333:assumed-role/envctl-deployer/ci", via="aws", verified=True)
FAILURE = "web: creating EC2 Instance: InsufficientInstanceCapacity: no t3.micro left in ap-northeast-1a"


def deployment(release: str, hours: float, outcome: str = "succeeded", **more: object) -> Deployment:
    at = NOW - timedelta(hours=hours)
    ended = None if outcome == "unfinished" else at + timedelta(seconds=83)
    fields = {"settings": "s", "action": "apply", "source": "", "by": HANAKO, "changed": 12, **more}
    return Deployment(seq=7, release=release, started_at=at, ended_at=ended, outcome=outcome, **fields)  # type: ignore[arg-type]


def proven(done: Deployment, hours: float = 1, **more: object) -> Evidence:
    """Verified that many hours ago, and ever since."""
    at = NOW - timedelta(hours=hours)
    fields = {"verified_at": at, "since": at, "checks": ("http", "size"), **more}
    return Evidence(deployment=done, **fields)  # type: ignore[arg-type]


def runs(done: Deployment, last: Deployment | None = None, **more: object) -> EnvironmentState:
    fields = {"last": last or done, "evidence": {done.release: proven(done)}, **more}
    return EnvironmentState(current=done, **fields)  # type: ignore[arg-type]


def known(release: str, commit: str = "", *, uncommitted: bool = True) -> KnownRelease:
    return KnownRelease(
        release=release, seq=1, at=NOW, by=HANAKO, commit=commit, uncommitted=uncommitted, author="hanako@example.com"
    )
