"""The inventory of a stack: the objects of its deployments, in a ConfigMap in its namespace."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from envctl.domain.kubernetes.objects import Manifest, ObjectIdentity, identify
from envctl.domain.kubernetes.workload import LABEL, Workload

FORMAT = 1
_KEY = "inventory.json"


class MalformedInventoryError(ValueError):
    """The ConfigMap holds no inventory."""


@dataclass(frozen=True)
class Inventory:
    """The objects of a stack, each with the version of its API that it was applied with."""

    objects: Mapping[ObjectIdentity, str] = field(default_factory=dict)
    exists: bool = False  # whether the cluster has it, even an empty one
    environment: str = ""  # the environment that wrote it

    @classmethod
    def from_objects(cls, objects: Iterable[Manifest]) -> "Inventory":
        return cls({identify(each): str(each["apiVersion"]) for each in objects}, exists=True)

    @classmethod
    def parse(cls, config_map: Manifest | None) -> "Inventory":
        """Read the ConfigMap. Raises MalformedInventoryError."""
        if config_map is None:
            return cls()
        try:
            document = json.loads(config_map["data"][_KEY])
            if document["format"] != FORMAT:
                raise MalformedInventoryError(f"its format is {document['format']}, and this envctl reads {FORMAT}")
            found = {
                ObjectIdentity(*(str(entry[key]) for key in ("group", "kind", "namespace", "name"))): str(
                    entry["apiVersion"]
                )
                for entry in document["objects"]
            }
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, MalformedInventoryError):
                raise
            raise MalformedInventoryError(f"it can't be read ({type(error).__name__})") from error
        return cls(found, exists=True, environment=str(document.get("environment", "")))

    def merge(self, other: "Inventory") -> "Inventory":
        """Return an inventory with the objects of both. The versions of `other` count."""
        return replace(self, objects={**self.objects, **other.objects}, exists=True)

    def select(self, identities: Iterable[ObjectIdentity]) -> "Inventory":
        """Return an inventory with these objects alone."""
        return replace(self, objects={each: self.objects[each] for each in identities})

    def drop(self, identities: Iterable[ObjectIdentity]) -> "Inventory":
        gone = set(identities)
        return replace(self, objects={key: text for key, text in self.objects.items() if key not in gone}, exists=True)

    def to_config_map(self, workload: Workload) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": format_inventory_name(workload),
                "namespace": workload.namespace,
                "labels": {LABEL: workload.owner},
            },
            "data": {_KEY: self.to_json()},
        }

    def to_json(self) -> str:
        """Return its text: an object a line, so that two of them can be compared."""
        lines = ",\n".join(
            f"    {json.dumps({'apiVersion': text, **vars(each)})}" for each, text in sorted(self.objects.items())
        )
        environment = json.dumps(self.environment)
        return f'{{\n  "format": {FORMAT},\n  "environment": {environment},\n  "objects": [\n{lines}\n  ]\n}}\n'


def format_inventory_name(workload: Workload) -> str:
    """Return the name of the ConfigMap."""
    return workload.manager
