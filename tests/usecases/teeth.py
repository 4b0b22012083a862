"""`make nightly`: takes one guard after the other away, and wants the laws of promotion to notice each time.

Laws that nothing breaks would prove nothing. G202, G204, G205 and G303 are not among those taken away: what the laws
let people do does not touch them.
"""

# ruff: noqa: T201 (a script prints)

import sys
import time

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from envctl.domain import guards
from tests.usecases.test_promotion_laws import WAIVABLE, Promotion

CODES = sorted({*WAIVABLE, "G109"})
TRIES = settings(
    deadline=None,
    max_examples=1000,
    stateful_step_count=30,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
    print_blob=False,
)


def noticed(code: str) -> bool:
    everything = guards.GUARDS
    guards.GUARDS = tuple(guard for guard in everything if guard.code != code)
    try:
        run_state_machine_as_test(Promotion, settings=TRIES)
    except AssertionError:
        return True
    finally:
        guards.GUARDS = everything
    return False


def main() -> int:
    unnoticed = []
    for code in CODES:
        began = time.monotonic()
        found = noticed(code)
        print(f"without {code}: {'noticed' if found else 'NOT NOTICED'} ({time.monotonic() - began:.0f} s)", flush=True)
        unnoticed += [] if found else [code]
    print(f"{len(CODES) - len(unnoticed)} of {len(CODES)} guards were noticed when they were gone")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
