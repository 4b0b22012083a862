"""Each guard by a table of sentences: who asks for what, and what the answer is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from envctl.domain.errors import ExitCode
from envctl.domain.guards import GUARDS, RefusedError, Request, ask
from envctl.domain.ledger import Actor
from envctl.domain.pipeline import Pipeline
from envctl.domain.present import Approval, Deployment, EnvironmentPresent, KnownRelease, Present

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
ANN, BOB, CAT = Actor("ann"), Actor("bob"), Actor("cat")
R1, R2 = "1" * 64, "2" * 64


def deployment(release: str = R1, outcome: str = "succeeded", seq: int = 2) -> Deployment:
    return Deployment(seq, release, "s", "apply", "", ANN, NOW, outcome=outcome)  # type: ignore[arg-type]


def ran(*releases: str) -> EnvironmentPresent:
    """An environment that ran these releases, one after the other, each to its end."""
    done = [deployment(release, seq=number) for number, release in enumerate(releases, 2)]
    return EnvironmentPresent(done[-1], done[-1], {d.release: d for d in done})


PRESENT = Present(
    seq=9,
    releases={R1: KnownRelease(R1, 1, NOW, ANN, "c0ffee", uncommitted=False, author="ann")},
    environments={"dev": ran(R1), "staging": ran(R1)},
)
REQUEST = Request(
    action="promote",
    pipeline=Pipeline(("dev", "staging", "prod")),
    target="staging",
    source="dev",
    release=R1,
    settings="settings",
    bundle="intact",
    present=PRESENT,
    actor=BOB,
    approvals={},
    self_approval=False,
)


def with_target(there: EnvironmentPresent, target: str = "staging") -> Present:
    return replace(PRESENT, environments={**PRESENT.environments, target: there})


def approved(*people: Actor, gate: str = "peer", release: str = R1, settings: str = "settings") -> Present:
    given = tuple(Approval(gate, release, settings, person, NOW) for person in people)
    return with_target(EnvironmentPresent(approvals=given), "prod")


PROD = replace(REQUEST, target="prod", source="staging", approvals={"peer": 1})
FAILED = EnvironmentPresent(deployment(), deployment(outcome="failed", seq=5), {})
UNFINISHED = EnvironmentPresent(None, deployment(outcome="unfinished"), {})

CASES = {
    "a promotion to the next environment passes": (REQUEST, []),
    "an apply to the entry passes": (replace(REQUEST, action="apply", source=None, target="dev"), []),
    "a promotion that skips a stage is refused": (replace(PROD, source="dev", approvals={}), ["G101"]),
    "a promotion backwards is refused": (replace(REQUEST, source="prod", target="staging"), ["G101", "G102"]),
    "a promotion to itself is refused": (replace(REQUEST, source="staging"), ["G101"]),
    "nothing is promoted into the entry": (replace(REQUEST, source="staging", target="dev"), ["G101"]),
    "a source that runs nothing is refused": (replace(REQUEST, release=None, present=Present()), ["G102"]),
    "a release that the source never had is refused": (replace(REQUEST, release=R2), ["G102"]),
    "a release that failed in the source since is refused": (
        replace(REQUEST, present=replace(PRESENT, environments={"dev": FAILED})),
        ["G102"],
    ),
    "a bundle that is gone is refused": (replace(REQUEST, bundle="missing"), ["G102"]),
    "a bundle with other bytes is refused": (replace(REQUEST, bundle="damaged"), ["G102"]),
    "an earlier release that the source proved passes": (
        replace(REQUEST, present=replace(PRESENT, environments={"dev": ran(R1, R2)})),
        [],
    ),
    "settings can't be applied where no release is": (
        replace(REQUEST, action="apply", source=None, target="staging", release=None, present=Present()),
        ["G102"],
    ),
    "a gate without approvals is refused": (PROD, ["G106"]),
    "an approval by somebody else passes": (replace(PROD, present=approved(CAT)), []),
    "one's own approval does not count": (replace(PROD, present=approved(BOB)), ["G106"]),
    "the approval of who made the release does not count": (replace(PROD, present=approved(ANN)), ["G106"]),
    "the approval of who bundled somebody else's commit does not count": (
        replace(
            PROD,
            present=replace(
                approved(CAT), releases={R1: KnownRelease(R1, 1, NOW, CAT, "c0ffee", uncommitted=False, author="ann")}
            ),
        ),
        ["G106"],
    ),
    "one's own approval counts where the project says so": (
        replace(PROD, present=approved(BOB), self_approval=True),
        [],
    ),
    "an approval of another release does not count": (replace(PROD, present=approved(CAT, release=R2)), ["G106"]),
    "an approval of other settings does not count": (replace(PROD, present=approved(CAT, settings="x")), ["G106"]),
    "an approval at another gate does not count": (replace(PROD, present=approved(CAT, gate="quality")), ["G106"]),
    "the same person counts once": (
        replace(PROD, approvals={"peer": 2}, present=approved(CAT, CAT)),
        ["G106"],
    ),
    "two people count twice": (
        replace(PROD, approvals={"peer": 2}, present=approved(CAT, Actor("dan"))),
        [],
    ),
    "an unfinished deployment in the target is refused": (replace(REQUEST, present=with_target(UNFINISHED)), ["G109"]),
    "everything that is wrong is said at once": (
        replace(PROD, source="dev", release=R2, present=with_target(UNFINISHED, "prod")),
        ["G101", "G102", "G106", "G109"],
    ),
}


@pytest.mark.parametrize(("request_", "codes"), CASES.values(), ids=CASES.keys())
def test_guards(request_: Request, codes: list[str]) -> None:
    assert [refusal.code for refusal in ask(request_)] == codes


@pytest.mark.parametrize(("request_", "codes"), CASES.values(), ids=CASES.keys())
def test_every_refusal_names_the_next_command(request_: Request, codes: list[str]) -> None:
    assert all("envctl " in refusal.hint for refusal in ask(request_))


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        pytest.param(PROD, ExitCode.REFUSED_FOR_NOW, id="approvals alone can still come"),
        pytest.param(replace(REQUEST, release=R2), ExitCode.REFUSED, id="an unproven release stays unproven"),
        pytest.param(replace(PROD, source="dev"), ExitCode.REFUSED, id="the worst of several counts"),
    ],
)
def test_exit_codes(request_: Request, code: ExitCode) -> None:
    assert RefusedError(ask(request_)).exit_code == code


def test_guards_have_distinct_codes_and_names() -> None:
    assert len({guard.code for guard in GUARDS}) == len({guard.name for guard in GUARDS}) == len(GUARDS)
