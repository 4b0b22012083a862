"""A patch of moto, and functions to replace methods of its classes."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Patch:
    """A fix of one gap of moto: a docstring below each one tells the fault, and its effect on a user of Terraform."""

    name: str
    service: str
    apply: Callable[[], None]


def replace_methods(owner: type, *methods: Callable[..., object]) -> None:
    """Replace the methods of the same names in a class."""
    for method in methods:
        setattr(owner, method.__name__, method)


def replace_stack_methods(owner: type, source: type) -> None:
    """Replace how CloudFormation creates, updates and deletes an `owner`, by class methods of `source`."""
    for name, method in vars(source).items():
        if name.endswith("_from_cloudformation_json"):
            setattr(owner, name, method)
