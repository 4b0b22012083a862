"""Keys that were pinned, and entries that somebody forged."""

from dataclasses import replace
from datetime import timedelta

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.events import Actor, ApprovalGiven, EnvironmentLocked
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.state import DistrustedEntry, ForeignObject, NewerEntries
from envctl.usecases.approval.vouch import VouchedHistory
from envctl.usecases.inspect.history import History, LedgerVerification
from envctl.usecases.project.signing_keys import PinnedKey, PinnedKeys
from tests.cli.render.samples.basics import NEW, NOW, TARO
from tests.cli.render.samples.ledger import entries
from tests.cli.render.samples.refusals import WHY_NOT_AT_ALL
from tests.cli.render.samples.statuses import STATUS

MALLORY = Actor("arn:aws:sts::111111111111:assumed-role/envctl-deployer/mallory", via="aws", verified=True)
OTHER = "it is signed with the key of dev, not with the key of prod"
UNBELIEVED = (
    DistrustedEntry(41, "", "release created", TARO, NOW - timedelta(hours=3), "it is not signed"),
    DistrustedEntry(42, "prod", "approval given", MALLORY, NOW - timedelta(hours=2), OTHER),
)
MANY = (*(replace(UNBELIEVED[0], seq=number) for number in range(30, 41)), *UNBELIEVED)
FOREIGN = tuple(
    ForeignObject(f"ledger/000000001{number}.json", f"there is no entry {number + 9} before it")
    for number in range(3, 9)
)
NEWER = NewerEntries(2, 12, "1.4.0")


def _key(environment: str, **fields: object) -> PinnedKey:
    key = f"arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-{environment}"
    file = f"environments/{environment}/signing_key.pem"
    return PinnedKey(environment=environment, key=key, fingerprint="5f" * 32, file=file, **fields)  # type: ignore[arg-type]


_SHOWN = entries(
    (TARO, EnvironmentLocked("prod", "load test")),
    (MALLORY, ApprovalGiven(environment="prod", gate="peer", release=NEW, settings="s")),
    (TARO, ReleaseCreated(release=NEW, commit="1a2b3c4d5e6f7a8b")),
)
NOT_BELIEVED: dict[str, object] = {
    "keys that were pinned": PinnedKeys(
        (
            _key("dev", outcome="pinned", made=True),
            _key("staging", outcome="pinned already", made=False),
            _key("prod", outcome="added", made=False, others=("c0" * 32,)),
        )
    ),
    "keys that are pinned already": PinnedKeys((_key("dev", outcome="pinned already", made=False),)),
    "a status with entries that nobody believes": replace(STATUS, unbelieved=MANY),
    "a status before entries of a newer envctl": replace(STATUS, newer=NEWER),
    "a history before entries of a newer envctl": History(
        environment="prod", entries=_SHOWN[:1], more=False, newer=replace(NEWER, last=2)
    ),
    "a status beside foreign objects": replace(STATUS, foreign=FOREIGN),
    "a verified ledger beside foreign objects": LedgerVerification(12, "ab" * 32, ("dev", "prod"), foreign=FOREIGN),
    "a history that people vouch for": VouchedHistory(
        number=41, head="ab" * 32, signed=("staging",), signed_before=(), missing=("prod",), entries=UNBELIEVED[::-1]
    ),
    "a history that people vouched for": VouchedHistory(
        number=41, head="ab" * 32, signed=("prod",), signed_before=("staging",), missing=(), entries=()
    ),
    "a why with entries that nobody believes": replace(WHY_NOT_AT_ALL, unbelieved=UNBELIEVED),
    "a history with an entry that nobody believes": History(
        environment="prod", entries=_SHOWN, more=False, unbelieved=(replace(UNBELIEVED[1], seq=2),)
    ),
}
DISBELIEVED = OperationFailedError(*(Problem("E466", f"{each}: {each.why}", "it is ignored") for each in UNBELIEVED))
