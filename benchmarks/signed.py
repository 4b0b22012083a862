"""What a signature costs with a distant KMS: the first one of a command, and each further one."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.delays import FarSandbox
from benchmarks.projects import Yard
from benchmarks.results import Results
from envctl.adapters.aws.credentials.sessions import Sessions
from envctl.adapters.aws.signing import KmsSignatures
from envctl.domain.aws.access import AwsCredentialsSpec
from envctl.domain.ledger.key_roles import KeyRole

LATENCY, SIGNATURES = 0.02, 10
MOST_SECONDS = 0.1
ACCOUNT, REGION = "333333333333", "ap-northeast-1"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    ],
}


def run(results: Results, _: Yard) -> None:
    results.theme(f"Signed: a KMS that answers after {1000 * LATENCY:.0f} ms, against {MOST_SECONDS} s for each entry")
    with TemporaryDirectory() as folder:
        sandbox = FarSandbox(Path(folder, "sandbox"))
        running = sandbox.start()
        try:
            os.environ.update(running.build_child_variables())
            open_signatures().create_key("prod", POLICY)
            sandbox.set_delay(LATENCY)
            rounds = [measure_signatures() for _ in range(results.rounds(5))]
        finally:
            sandbox.stop()
    further = [each for round_ in rounds for each in round_[1:]]
    results.ratio("one more entry / 0.1 s", further, [MOST_SECONDS] * len(further), 1.0)
    results.ratio(
        "the first entry, with role and client / 0.1 s", [each[0] for each in rounds], [MOST_SECONDS] * len(rounds)
    )


def measure_signatures() -> list[float]:
    """Return the seconds of each signature of one command, which signs as the role of its environment."""
    signatures, found = open_signatures(), list[float]()
    for number in range(SIGNATURES):
        begun = perf_counter()
        signatures.for_role("deployment").sign("prod", "ECDSA_SHA_256", bytes([number]) * 32, personally=False)
        found.append(perf_counter() - begun)
    return found


def open_signatures() -> KmsSignatures:
    role = f"arn:aws:iam::{ACCOUNT}:role/envctl-deployer"
    spec = AwsCredentialsSpec(environment="prod", region=REGION, account_id=ACCOUNT, role=role)
    sessions = Sessions(lambda: None, lambda _: spec)
    return KmsSignatures(sessions.open_client, sessions.open_client, name_key)


def name_key(environment: str, role: KeyRole) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/envctl-{environment}-{role}"
