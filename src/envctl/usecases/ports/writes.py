"""The mark of port methods that write what other people and jobs stand on."""

from collections.abc import Callable
from typing import Literal, TypeVar

Written = Literal["state", "cluster", "store", "lock"]
Method = TypeVar("Method", bound=Callable[..., object])


def writes(*what: Written) -> Callable[[Method], Method]:
    """Mark a method: each use case that can reach it says beside itself which guards it asks (`ASKS`)."""

    def mark(method: Method) -> Method:
        vars(method)["writes"] = what
        return method

    return mark
