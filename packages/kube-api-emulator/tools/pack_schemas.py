"""`make schemas`: packs the types of Kubernetes' own kinds, of the known versions.

Definitions that are equal in all of them are packed once: a version is read as fast, and four take the room of three.

The package kubernetes-validate has them, made from the OpenAPI document of each version. It is no dependency:
it has 30 versions, and 108 MB on disk. Kubernetes and the package have the Apache-2.0 licence.
"""

import json
import lzma
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "src" / "kube_api_emulator" / "schemas" / "data"
VERSIONS = ("1.34", "1.35", "1.36", "1.37")
PACKAGE = "kubernetes-validate==1.37.0 --hash=sha256:85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9"
MEMBER = "kubernetes_validate/kubernetes-json-schema/v{version}.0-local/_definitions.json"
Definitions = dict[str, Any]


def split_definitions(versions: dict[str, Definitions]) -> dict[str, Definitions]:
    """Return the definitions by the name of their file: `common` for those of all versions, and the rest of each."""
    first, *others = versions.values()
    common = {name: each for name, each in first.items() if all(other.get(name) == each for other in others)}
    rests = {
        version: {name: each for name, each in definitions.items() if name not in common}
        for version, definitions in versions.items()
    }
    return {"common": common, **rests}


def pack_definitions(definitions: Definitions) -> bytes:
    packed = json.dumps(definitions, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    return lzma.compress(packed, preset=9 | lzma.PRESET_EXTREME)


def fetch_wheel(folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(PACKAGE, encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*command, "--requirement", requirements, "--dest", folder], check=True, timeout=600)
    return next(folder.glob("*.whl"))


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(fetch_wheel(Path(folder))) as wheel:
        found = {each: json.loads(wheel.read(MEMBER.format(version=each)))["$defs"] for each in VERSIONS}
    for name, definitions in split_definitions(found).items():
        (FOLDER / f"{name}.json.xz").write_bytes(pack_definitions(definitions))
    return 0


if __name__ == "__main__":
    sys.exit(main())
