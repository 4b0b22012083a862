"""A patch of moto, and functions to replace methods of its classes or to add resources of stacks."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType


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


def add_stack_resource(models: ModuleType, resource: type) -> None:
    """Teach CloudFormation a type of resource. `models` belongs to the service that has it."""
    from moto.cloudformation import parsing

    # moto finds its models as subclasses: without this reference Python would drop the class.
    setattr(models, resource.__name__, resource)
    parsing.get_model_list.cache_clear()
    parsing.get_model_map.cache_clear()
    parsing.get_name_type_map.cache_clear()
