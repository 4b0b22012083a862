"""From every state that a history can reach, what `status`, `why` and each hint suggest can be typed, does
something, and comes to an end.
"""

import pytest
from hypothesis import settings
from hypothesis.stateful import initialize, precondition, rule

from tests.usecases.laws.advice import follow_advice, mend_the_world
from tests.usecases.laws.draws import waivable
from tests.usecases.laws.hints import HintReader
from tests.usecases.laws.test_promotion_laws import Promotion


class Advised(Promotion):
    @initialize(staging=waivable, prod=waivable)
    def begins(self, staging: set[str], prod: set[str]) -> None:
        super().begins(staging, prod)
        self.actors.on_refusal = HintReader(self.actors).reads

    @precondition(lambda self: hasattr(self, "actors"))
    @rule()
    def follows_every_suggestion(self) -> None:
        self.actors.on_refusal, reads = None, self.actors.on_refusal
        mend_the_world(self.actors)
        follow_advice(self.actors)
        self.actors.on_refusal = reads

    def teardown(self) -> None:
        """Each history ends with it, so that short ones are tried as well."""
        try:
            if hasattr(self, "actors"):
                self.follows_every_suggestion()
        finally:
            super().teardown()


LIMITED = settings(stateful_step_count=12, max_examples=max(6, settings().max_examples // 10))
TestAdvice = pytest.mark.slow(pytest.mark.timeout(900)(Advised.TestCase))
TestAdvice.settings = LIMITED
