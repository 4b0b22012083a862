"""Parallel prefetching of store requests."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Prefetcher:
    """Prefetched results by request. Errors are raised at the time of use."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._answers: dict[object, Future[Any]] = {}

    @contextmanager
    def prefetch(self, questions: Mapping[object, Callable[[], object]]) -> Iterator[None]:
        """Fetch these requests in parallel. Unused results are dropped at the end of the block."""
        pool = ThreadPoolExecutor(self._at_once)
        begun = {question: pool.submit(ask) for question, ask in questions.items() if question not in self._answers}
        self._answers |= begun
        try:
            yield
        finally:
            for question in begun:
                self._answers.pop(question, None)
            pool.shutdown(wait=False, cancel_futures=True)

    def take_answer(self, question: object, ask: Callable[[], T]) -> T:
        """Take the prefetched result once, or fetch it now."""
        answer = self._answers.pop(question, None)
        return ask() if answer is None else answer.result()
