"""What a patch is, and how it takes effect."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Patch:
    """`gap` says what moto does, and what a user of Terraform would see without the patch."""

    name: str
    service: str
    gap: str
    apply: Callable[[], None]


def replace_method(owner: type, method: Callable[..., object]) -> None:
    """By the method's own name; the new one calls the stock one where that does most of the work."""
    setattr(owner, method.__name__, method)


def replace_ways_of_stacks(owner: type, ways: type) -> None:
    """How CloudFormation makes, changes and removes what `owner` models: the class methods of `ways`."""
    for name, method in vars(ways).items():
        if name.endswith("_from_cloudformation_json"):
            setattr(owner, name, method)
