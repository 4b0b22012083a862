"""Extract of a module's code as far as `terraform init` depends on it: an edit elsewhere needs no new init.

In doubt a line is kept. If one is left out wrongly, Terraform itself demands an init.
"""

import re

# First line of a block that can name a provider or module.
_BLOCK_HEAD = re.compile(rb"\b(?:module|provider|resource|data|ephemeral|action|list|terraform|import)\b[^={}\n]*\{")
_ARGUMENT = re.compile(rb"\b(?:source|version|provider)\s*=.*")
_TERRAFORM_BLOCK = re.compile(rb"^\s*terraform\s*\{")


def extract_outline(code: bytes) -> bytes:
    """Return whole `terraform` blocks, and the relevant lines of all others, stripped."""
    kept: list[bytes] = []
    depth = 0
    for line in code.splitlines():
        begins = depth == 0 and _TERRAFORM_BLOCK.match(line)
        if depth or begins:
            text = line.partition(b"#")[0]
            depth += text.count(b"{") - text.count(b"}")
            kept.append(line.strip())
        else:
            # A one-line block has both head and argument.
            kept += [match[0].strip() for match in (_BLOCK_HEAD.search(line), _ARGUMENT.search(line)) if match]
    return b"\n".join(kept)
