"""What will be asked of a store in a moment, asked for all at once: it may be far away."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Ahead:
    """Answers by their questions. What goes wrong goes wrong where the answer is wanted, and not before."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._answers: dict[object, Future[Any]] = {}

    @contextmanager
    def asking(self, questions: Mapping[object, Callable[[], object]]) -> Iterator[None]:
        """Within it. An answer that nobody took is forgotten at its end, before it gets old."""
        pool = ThreadPoolExecutor(self._at_once)
        begun = {question: pool.submit(ask) for question, ask in questions.items() if question not in self._answers}
        self._answers |= begun
        try:
            yield
        finally:
            for question in begun:
                self._answers.pop(question, None)
            pool.shutdown(wait=False, cancel_futures=True)

    def answer(self, question: object, ask: Callable[[], T]) -> T:
        """Once: what is asked again is asked anew."""
        answer = self._answers.pop(question, None)
        return ask() if answer is None else answer.result()
