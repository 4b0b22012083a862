"""The private file with the token of the job: who may read it, when it is renewed, and that nothing of it stays."""

import stat
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from envctl.adapters.local.token_file import TokenFile
from envctl.domain.ci.id_token import read_claims
from envctl.domain.errors import OperationFailedError, Problem
from tests.adapters.aws.sts_on_loopback import jwt

START = datetime(2026, 11, 25, 9, tzinfo=UTC)


@dataclass
class Forge:
    """Gives numbered tokens of five minutes, by a clock of its own."""

    now: datetime = START
    life: timedelta = timedelta(minutes=5)
    skew: timedelta = timedelta()
    broken: bool = False
    asked: list[datetime] = field(default_factory=list)

    def request_token(self) -> str:
        self.asked.append(self.now)
        if self.broken:
            raise OperationFailedError(Problem("E496", "it answers 502"))
        issued = self.now + self.skew
        return jwt({"jti": len(self.asked), "iat": issued.timestamp(), "exp": (issued + self.life).timestamp()})


@pytest.fixture
def forge() -> Forge:
    return Forge()


def opened(forge: Forge, folder: Path, *, renewing: bool = True) -> TokenFile:
    file = TokenFile(forge.request_token, str(folder), renewing=renewing, now=lambda: forge.now)
    file.create(renew_alone=False)
    return file


def number(file: TokenFile) -> int:
    return int(read_claims(file.path.read_text())["jti"])


def test_only_its_owner_may_read_it(forge: Forge, tmp_path: Path) -> None:
    file = opened(forge, tmp_path)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (file.path, file.path.parent)] == [0o600, 0o700]
    assert file.path.is_relative_to(tmp_path)
    file.close()
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_of_the_runner_is_replaced(forge: Forge, tmp_path: Path) -> None:
    file = opened(forge, tmp_path / "missing")
    assert file.path.exists()
    file.close()
    assert not file._home


def test_token_is_always_valid_for_hours(forge: Forge, tmp_path: Path) -> None:
    file = opened(forge, tmp_path)
    while forge.now < START + timedelta(hours=5):
        forge.now += timedelta(seconds=20)
        file.renew_if_due()
        left = datetime.fromtimestamp(read_claims(file.path.read_text())["exp"], UTC) - forge.now
        assert left >= timedelta(minutes=2)
    assert len(forge.asked) == 113  # once in 160 seconds


@pytest.mark.parametrize("skew", [timedelta(hours=-3), timedelta(hours=3)])
def test_wrong_clock_of_the_machine_does_not_matter(forge: Forge, tmp_path: Path, skew: timedelta) -> None:
    forge.skew = skew
    file = opened(forge, tmp_path)
    for seconds, expected in ((149, 1), (2, 2), (140, 2), (20, 3)):
        forge.now += timedelta(seconds=seconds)
        file.renew_if_due()
        assert number(file) == expected


def test_failed_renewal_keeps_the_token_and_is_tried_again(forge: Forge, tmp_path: Path) -> None:
    file = opened(forge, tmp_path)
    forge.broken = True
    for _ in range(30):
        forge.now += timedelta(seconds=5)
        file.renew_if_due()
    assert (number(file), len(forge.asked)) == (1, 2)
    for _ in range(6):
        forge.now += timedelta(seconds=5)
        file.renew_if_due()
    # Every fifteen seconds.
    assert (number(file), len(forge.asked)) == (1, 4)
    forge.broken = False
    forge.now += timedelta(seconds=15)
    file.renew_if_due()
    assert number(file) == 5


def test_token_without_times_is_renewed_too(tmp_path: Path) -> None:
    now = START
    asked: list[str] = []

    def request() -> str:
        asked.append(jwt({"jti": len(asked)}))
        return asked[-1]

    file = TokenFile(request, str(tmp_path), now=lambda: now)
    file.create(renew_alone=False)
    now += timedelta(minutes=3)
    file.renew_if_due()
    assert file.path.read_text() == asked[1]


def test_token_given_once_is_never_renewed(forge: Forge, tmp_path: Path) -> None:
    file = opened(forge, tmp_path, renewing=False)
    forge.now += timedelta(hours=9)
    file.renew_if_due()
    assert (number(file), len(forge.asked)) == (1, 1)


def test_closed_file_is_not_written_again(forge: Forge, tmp_path: Path) -> None:
    file = opened(forge, tmp_path)
    file.close()
    file.close()
    forge.now += timedelta(hours=1)
    file.renew_if_due()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="not open"):
        assert file.path


def test_refused_first_token_leaves_nothing(forge: Forge, tmp_path: Path) -> None:
    forge.broken = True
    with pytest.raises(OperationFailedError, match="E496"):
        opened(forge, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_renewal_runs_beside_the_command(forge: Forge, tmp_path: Path) -> None:
    forge.life = timedelta(seconds=2)
    file = TokenFile(forge.request_token, str(tmp_path))
    file.create()
    forge.now = datetime.now(UTC)
    until = time.monotonic() + 30
    while len(forge.asked) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    assert len(forge.asked) >= 3
    file.close()
    assert list(tmp_path.iterdir()) == []
