"""The code of Kubernetes objects: reading and rendering it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envctl.adapters.disk import emulator_package
from envctl.adapters.kubernetes.rendering import code_reader, image_files, tools, yaml_documents
from envctl.adapters.kubernetes.rendering.chart import KUBERNETES
from envctl.adapters.kubernetes.rendering.renderer import ManifestRenderer
from envctl.domain.kubernetes.manifests.rendered import RenderedManifests
from envctl.domain.kubernetes.workload import Workload
from envctl.domain.release.bundle import File
from envctl.usecases.ports.manifests import PinTarget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kube_api_emulator.schemas.schemas import Schemas


class KubernetesManifests:
    find_references = staticmethod(code_reader.read_references)
    find_secrets = staticmethod(code_reader.find_secrets)
    find_variables = staticmethod(code_reader.read_variables)
    check_chart = staticmethod(code_reader.check_chart)
    find_value_keys = staticmethod(code_reader.read_value_keys)
    format_objects = staticmethod(yaml_documents.format_documents)
    require_schemas = staticmethod(emulator_package.require_schemas)

    def read_tools(self, *, with_helm: bool) -> Mapping[str, str]:
        self.require_schemas()
        found = tools.read_versions(with_helm=with_helm)
        if not with_helm:
            return found
        from kube_api_emulator.schemas.packed import list_versions

        return {**found, KUBERNETES: list_versions()[-1]}

    def render(
        self, files: Mapping[str, File], workload: Workload, values: Mapping[str, str], *, with_examples: bool
    ) -> RenderedManifests:
        self.require_schemas()
        return ManifestRenderer().render_files(files, workload, values, with_examples=with_examples)

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
