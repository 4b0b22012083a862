"""The code of Kubernetes objects: reading and rendering it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envctl.adapters.disk import emulator_package
from envctl.adapters.kubernetes.rendering import code_reader, image_files, tools, yaml_documents
from envctl.adapters.kubernetes.rendering.renderer import ManifestRenderer
from envctl.domain.errors import Problem
from envctl.domain.kubernetes.manifests.rendered import RenderedManifests
from envctl.domain.kubernetes.objects import Manifest
from envctl.domain.kubernetes.workload import Workload
from envctl.domain.release.bundle import File
from envctl.domain.terraform.variables import Variable
from envctl.usecases.ports.manifests import FoundReferences, PinTarget

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kube_api_emulator.schemas.schemas import Schemas


class KubernetesManifests:
    def find_references(self, files: Mapping[str, File], folder: str, *, allows_secrets: bool) -> FoundReferences:
        return code_reader.read_references(files, folder, allows_secrets=allows_secrets)

    def find_secrets(self, files: Mapping[str, File]) -> tuple[Problem, ...]:
        return code_reader.find_secrets(files)

    def find_variables(self, files: Mapping[str, File]) -> tuple[Variable, ...]:
        return code_reader.read_variables(files)

    def check_chart(self, files: Mapping[str, File], path: str) -> None:
        code_reader.check_chart(files, path)

    def find_value_keys(self, data: bytes, path: str) -> tuple[Variable, ...]:
        return code_reader.read_value_keys(data, path)

    def read_tools(self, *, with_helm: bool) -> Mapping[str, str]:
        self.require_schemas()
        return tools.read_versions(with_helm=with_helm)

    def render(
        self, files: Mapping[str, File], workload: Workload, values: Mapping[str, str], *, with_examples: bool
    ) -> RenderedManifests:
        self.require_schemas()
        return ManifestRenderer().render_files(files, workload, values, with_examples=with_examples)

    def format_objects(self, objects: Sequence[Manifest]) -> str:
        return yaml_documents.format_documents(objects)

    def require_schemas(self) -> None:
        emulator_package.require_schemas()

    def load_schemas(self, version: str) -> Schemas:
        self.require_schemas()
        from kube_api_emulator.schemas.packed import load_schemas

        return load_schemas(version)

    def add_digests(self, data: bytes, path: str, digests: Mapping[str, str], target: PinTarget) -> bytes:
        match target:
            case "kustomization":
                return image_files.add_kustomization_images(data, path, digests)
            case "chart":
                return image_files.add_pins(data, path, digests)
            case "plain":
                return image_files.add_plain_digests(data, path, digests)
