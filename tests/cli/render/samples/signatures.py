"""Keys that were pinned, and entries that somebody forged."""

import json
from dataclasses import replace
from datetime import timedelta

from envctl.domain.aws.key_policy import KeyFinding
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.events import Actor, ApprovalGiven, EnvironmentLocked
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.signers import Signer, UnsignedEntries
from envctl.domain.ledger.state import DistrustedEntry, ForeignObject, NewerEntries
from envctl.usecases.approval.vouch import VouchedHistory
from envctl.usecases.inspect.history import History, LedgerVerification
from envctl.usecases.project.signing_keys import CheckedKey, PinnedKey, PinnedKeys
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


_DENIAL = {
    "Sid": "EnvctlOnlyTheseSign",
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "kms:Sign",
    "Condition": {"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::333333333333:role/envctl-deployer"]}},
    "Resource": "*",
}
_POLICY = {"Version": "2012-10-17", "Statement": [_DENIAL]}
_CHECKED = PinnedKeys(
    checks=(
        CheckedKey(
            environment="prod",
            role="people",
            key="arn:aws:kms:ap-northeast-1:444444444444:key/mrk-1234",
            signers=("arn:aws:iam::444444444444:role/envctl-ci-prod-approval",),
            findings=(),
            policy=json.dumps(_POLICY),
        ),
        CheckedKey(
            environment="prod",
            role="deployment",
            key="arn:aws:kms:ap-northeast-1:333333333333:key/5678",
            signers=(),
            findings=(
                KeyFinding(
                    "the key is in one region only: if that region fails, it does not sign", "create another key"
                ),
                KeyFinding(
                    "the policy does not have EnvctlOnlyTheseSign: others sign",
                    "add the statement",
                    json.dumps(_DENIAL),
                ),
            ),
            policy=json.dumps(_POLICY),
        ),
    )
)

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
    "keys that were compared with KMS": _CHECKED,
    "a status with entries that nobody believes": replace(STATUS, unbelieved=MANY),
    "a status before entries of a newer envctl": replace(STATUS, newer=NEWER),
    "a history before entries of a newer envctl": History(
        environment="prod", entries=_SHOWN[:1], more=False, newer=replace(NEWER, last=2)
    ),
    "a status beside foreign objects": replace(STATUS, foreign=FOREIGN),
    "a verified ledger beside foreign objects": LedgerVerification(
        entries=12, head="ab" * 32, signed=("dev", "prod"), foreign=FOREIGN
    ),
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
_VOUCHED = Signer("vouched", "staging, prod", "people")
_PEOPLE = Signer("signed", "prod", "people", "5f" * 32)
SIGNED: dict[str, object] = {
    "a ledger without signatures": LedgerVerification(
        entries=41, head="ab" * 32, unsigned=(UnsignedEntries("dev", 41, 41),)
    ),
    "a ledger that is signed in part": LedgerVerification(
        entries=41,
        head="ab" * 32,
        signed=("prod",),
        unsigned=(UnsignedEntries("dev", 1, 1), UnsignedEntries("staging", 7, 12)),
    ),
    "a ledger that people vouched for": LedgerVerification(
        entries=41, head="ab" * 32, signed=("dev", "prod"), vouched=12
    ),
    "a ledger with times out of order": LedgerVerification(
        entries=41,
        head="ab" * 32,
        signed=("dev",),
        remarks=("entry 5 is dated 2026-11-25 01:40:00 UTC, 1m40s before entry 4",),
    ),
    "a history with signers": History(
        environment="",
        entries=_SHOWN,
        more=False,
        unbelieved=(replace(UNBELIEVED[1], seq=2),),
        signers=dict(zip((1, 2, 3), (_VOUCHED, Signer("not trusted"), _PEOPLE), strict=True)),
    ),
    "a history without signatures": History(
        environment="prod", entries=_SHOWN, more=False, signers=dict.fromkeys((1, 2, 3), Signer("not signed"))
    ),
    "a status without signatures": replace(
        STATUS, unsigned=tuple(each.environment for each in STATUS.all_environments)
    ),
    "a status of which dev signs nothing": replace(STATUS, unsigned=("dev",)),
}
DISBELIEVED = OperationFailedError(*(Problem("E466", f"{each}: {each.why}", "it is ignored") for each in UNBELIEVED))
