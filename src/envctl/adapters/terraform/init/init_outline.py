"""What of a module's code `terraform init` looks at: who edits an argument of a resource need not wait for it.

Lines are kept rather than left out where there is a doubt. What is left out wrongly, Terraform asks for itself.
"""

import re

# Where a block begins whose name, or whose source, says which provider or module is needed.
_HEAD = re.compile(rb"\b(?:module|provider|resource|data|ephemeral|action|list|terraform|import)\b[^={}\n]*\{")
_LINE = re.compile(rb"\b(?:source|version|provider)\s*=.*")
_TERRAFORM = re.compile(rb"^\s*terraform\s*\{")


def outline(code: bytes) -> bytes:
    """The blocks `terraform` whole, and of all others what matters, line by line, without the spaces around."""
    kept: list[bytes] = []
    depth = 0
    for line in code.splitlines():
        begins = depth == 0 and _TERRAFORM.match(line)
        if depth or begins:
            told = line.partition(b"#")[0]
            depth += told.count(b"{") - told.count(b"}")
            kept.append(line.strip())
        else:
            # A block may stand on one line, with its head before all else.
            kept += [found[0].strip() for found in (_HEAD.search(line), _LINE.search(line)) if found]
    return b"\n".join(kept)
