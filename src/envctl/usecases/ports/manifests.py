"""Port to the code of Kubernetes objects: kustomizations, charts, and the tools that render them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kube_api_emulator.schemas.schemas import Schemas

    from envctl.domain.errors import Problem
    from envctl.domain.kubernetes.manifests.kustomization import Reference
    from envctl.domain.kubernetes.manifests.rendered import RenderedManifests
    from envctl.domain.kubernetes.objects import Manifest
    from envctl.domain.kubernetes.workload import Workload
    from envctl.domain.release.bundle import File
    from envctl.domain.terraform.variables import Variable

PinTarget = Literal["kustomization", "chart", "plain"]
"""The kind of a file that holds digests."""


@dataclass(frozen=True)
class FoundReferences:
    """The paths in the kustomization of a folder, and what no release can hold of it."""

    has_kustomization: bool  # False for a folder of plain YAML
    references: tuple[tuple[Reference, int | None], ...] = ()  # paths from the top of the project, with their lines
    problems: tuple[Problem, ...] = ()


class Manifests(Protocol):
    def find_references(self, files: Mapping[str, File], folder: str, *, allows_secrets: bool) -> FoundReferences:
        """Return what the kustomization of a folder reads. Raises ConfigurationError (E611) for invalid YAML."""

    def find_secrets(self, files: Mapping[str, File]) -> tuple[Problem, ...]:
        """Return a problem (E610) for each Secret with values in these files."""

    def find_variables(self, files: Mapping[str, File]) -> tuple[Variable, ...]:
        """Return the keys of the ConfigMap `envctl` in these files. Raises ConfigurationError for invalid YAML (E611)
        and for a ConfigMap that would reach a cluster, or two with other keys (E603).
        """

    def check_chart(self, files: Mapping[str, File], path: str) -> None:
        """Raise ConfigurationError (E601) if there is no complete chart in the archive or folder."""

    def find_value_keys(self, data: bytes, path: str) -> tuple[Variable, ...]:
        """Return the keys below `envctl` in a file of values: variables of the stack. Raises ConfigurationError."""

    def read_tools(self, *, with_helm: bool) -> Mapping[str, str]:
        """Return the minor versions of the tools that render, such as `kustomize`: `5.8`; with helm, that of the newest
        Kubernetes whose kinds are known. Raises ConfigurationError for a missing tool (E604) or an old one (E605).
        """

    def render(
        self, files: Mapping[str, File], workload: Workload, values: Mapping[str, str], *, with_examples: bool
    ) -> RenderedManifests:
        """Render the tree of a stack. With examples, variables without a text keep the example in the code.

        Raises ConfigurationError: see `ManifestRenderer.render`.
        """

    def format_objects(self, objects: Sequence[Manifest]) -> str:
        """Return the objects as YAML that every parser reads alike."""

    def require_schemas(self) -> None:
        """Raise ConfigurationError (E614) if the package with the types of Kubernetes' own kinds is missing."""

    def load_schemas(self, version: str) -> Schemas:
        """Return the schemas of the nearest known Kubernetes version; of the newest one without a version.

        Raises ConfigurationError (E614) without the package that has them.
        """

    def add_digests(self, data: bytes, path: str, digests: Mapping[str, str], target: PinTarget) -> bytes:
        """Return a file with the digests of images, by reference as rendered: a kustomization, the file beside a chart
        (empty if it is new), or a file of plain objects. Raises ConfigurationError for invalid YAML.
        """
