"""`make published DOCUMENTS=FOLDER`: packs what a server publishes of its kinds beside their schemas.

The folder has the documents of the server below `/openapi/v3`, one file for each version of a group, from a server of
the version of Kubernetes whose rules are known. Kept are the allowed and the usual values of fields.
"""

import argparse
import json
import lzma
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kube_api_emulator.schemas.packed import load_schemas
from kube_api_emulator.versions import RULES_VERSION

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src" / "kube_api_emulator" / "schemas" / "data" / "published.xz"

Schema = Mapping[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=Path)
    folder = parser.parse_args().documents
    known = load_schemas(RULES_VERSION).definitions
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.json")):
        schemas = json.loads(path.read_text(encoding="utf-8")).get("components", {}).get("schemas", {})
        for name, published in schemas.items():
            if name in known and (more := compare_schemas(known[name], published)):
                found[name] = more
    packed = json.dumps(found, separators=(",", ":"), sort_keys=True).encode()
    TARGET.write_bytes(lzma.compress(packed, preset=9 | lzma.PRESET_EXTREME))
    sys.stdout.write(f"{TARGET.relative_to(ROOT)}: {len(found)} definitions, {TARGET.stat().st_size} bytes\n")
    return 0


def compare_schemas(known: Schema, published: Schema) -> dict[str, Any]:
    """Return what a published schema has more. `more` is the end of its description."""
    found: dict[str, Any] = {}
    for name in ("default", "enum", "format", "oneOf"):
        if name in published and published[name] != known.get(name):
            found[name] = published[name]
    text, shorter = str(published.get("description", "")), str(known.get("description", ""))
    if text.startswith(shorter) and text != shorter:
        found["more"] = text[len(shorter) :]
    fields = {
        name: more
        for name, field in (published.get("properties") or {}).items()
        if (more := compare_schemas((known.get("properties") or {}).get(name) or {}, field))
        and name in (known.get("properties") or {})
    }
    if fields:
        found["properties"] = fields
    for name in ("items", "additionalProperties"):
        if isinstance(published.get(name), dict) and (more := compare_schemas(known.get(name) or {}, published[name])):
            found[name] = more
    return found


if __name__ == "__main__":
    sys.exit(main())
