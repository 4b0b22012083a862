"""A key that is disabled or replaced in the middle of a promotion: nothing is lost, or recorded unsigned."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key

from envctl.domain.errors import EnvctlError
from envctl.domain.ledger.signatures import Algorithm
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.inspect.history import verify_ledger
from envctl.usecases.ledger import journal
from envctl.usecases.project import signing_keys
from tests.catching import catch
from tests.fakes.aws import MemorySignatures
from tests.fakes.signing import build_signed_project
from tests.fakes.world import World, list_entries


@dataclass
class ChangingSignatures(MemorySignatures):
    """Changes the key of staging once it has signed so often."""

    after: int = -1
    changes: list[Callable[["ChangingSignatures"], None]] = field(default_factory=list)
    kept: dict[str, EllipticCurvePrivateKey] = field(default_factory=dict)

    def sign(self, environment: str, algorithm: Algorithm, message: bytes, *, personally: bool) -> bytes:
        if [name for name, _ in self.signed].count("staging") == self.after:
            for change in self.changes:
                change(self)
        return super().sign(environment, algorithm, message, personally=personally)


def disable(signatures: ChangingSignatures) -> None:
    signatures.refused.add("staging")


def rotate(signatures: ChangingSignatures) -> None:
    signatures.kept = dict(signatures.private)
    signatures.private["staging"] = generate_private_key(SECP256R1())


@pytest.mark.parametrize("after", [0, 1, 2], ids=["before its start", "before its end", "before its verification"])
@pytest.mark.parametrize(
    ("change", "code"), [(disable, "E468"), (rotate, "E463")], ids=["a disabled key", "a replaced key"]
)
def test_promotion_goes_on_once_the_key_is_back(
    change: Callable[[ChangingSignatures], None], code: str, after: int
) -> None:
    signatures = ChangingSignatures()
    world = World(signatures=signatures)
    world.tree.content["envctl.toml"] = build_signed_project()
    signing_keys.pin_keys(world.ports, create=True)
    apply(world.ports, "dev")
    before = len(list_entries(world))
    signatures.after, signatures.changes = after, [change]
    caught = catch(EnvctlError, promote, world.ports, "dev", "staging")
    assert code in {problem.code for problem in caught.problems}
    signed = list_entries(world)[before:]
    assert len(signed) == after
    verify_ledger(world.ports)

    signatures.after = -1
    signatures.refused.clear()
    signatures.private |= signatures.kept
    if journal.load(world.ports).find_environment("staging").unfinished_deployment:
        recover(world.ports, "staging")
    promote(world.ports, "dev", "staging")
    present = journal.load(world.ports).find_environment("staging")
    assert present.current_evidence and present.current_evidence.verified
    verify_ledger(world.ports)
