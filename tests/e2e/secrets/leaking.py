"""A module that says its secret wherever Terraform lets it, and what to search everything for."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from tests.e2e.conftest import CommandResult, Project

LEAKY = r"""
variable "base" {
  type = string
}

variable "fail" {
  type    = string
  default = "nothing"
}

variable "password" {
  type      = string
  sensitive = true
}

variable "keys" {
  type      = map(object({ name = string, parts = list(string) }))
  sensitive = true
}

locals {
  open = nonsensitive(var.password)
  part = nonsensitive(var.keys["api"].parts[0])
  said = join("\n", [
    "plain ${local.open} and ${local.part}",
    "json ${jsonencode(nonsensitive(var.keys))} ${jsonencode({ text = jsonencode([local.open]) })}",
    "url https://ann:${urlencode(local.open)}@example.com/?p=${urlencode(local.part)}",
    "basic ${base64encode("ann:${local.open}")} ${base64encode("u:${local.part}:more")} ${base64encode(local.open)}",
    "hcl ${replace(local.open, "\"", "\\\"")}",
  ])
}

resource "terraform_data" "marked" {
  input = { password = var.password, open = "seen by everybody" }
}

resource "terraform_data" "unmarked" {
  input = "with ${local.open} in it, ${var.base}"
}

resource "terraform_data" "checked" {
  input = "checked"

  lifecycle {
    precondition {
      condition     = var.fail != "precondition"
      error_message = local.said
    }
  }
}

resource "terraform_data" "run" {
  count = var.fail == "program" ? 1 : 0

  provisioner "local-exec" {
    command     = "printf '%s\n' \"$SAID\"; printf '%s\n' \"$SAID\" >&2; exit 3"
    environment = { SAID = local.said }
  }
}

check "warned" {
  assert {
    condition     = var.fail != "warning"
    error_message = local.said
  }
}

output "held" {
  value = "held by ${var.base}"

  precondition {
    condition     = var.fail != "output"
    error_message = local.said
  }
}

resource "terraform_data" "keyed" {
  for_each = toset([local.open, local.part])
  input    = { (local.part) = { (local.open) = "deep" } }
}

output "keyed" {
  value = { (local.open) = { (local.part) = 1 } }
}

output "url" {
  value = "http://localhost:1/${local.part}/${urlencode(local.open)}"
}

output "open" {
  value = "open ${local.open}"
}

output "secret" {
  value     = var.keys
  sensitive = true
}
"""
CHECKS = """
[checks.said]
kind = "command"
command = ["sh", "-c", "cat said.txt >&2; exit 4"]

[checks.asked]
kind = "http"
url = "output:top.url"
timeout = "1s"

[cost]
command = ["sh", "-c", "cat said.txt >&2; exit 5"]
"""


def build_secret(environment: str, word: str) -> str:
    return f'PL4nted-{word}<{environment}> & "q\\u00f6ted" $!/+%'


def build_key_part(environment: str, word: str) -> str:
    return f"key-{word}-{environment}-9f3a77"


def write_settings(project: Project, environment: str, word: str, **more: str) -> None:
    keys = {"api": {"name": f"{environment}-api-{word}-user", "parts": [build_key_part(environment, word), "x"]}}
    values = {"name": f"{environment}-name", "password": build_secret(environment, word), "keys": keys, **more}
    project.write(f"environments/{environment}/terraform.tfvars", "".join(
        f"{name} = {_to_hcl(value)}\n" for name, value in values.items()
    ))  # fmt: skip


def _to_hcl(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def list_spellings(environment: str, word: str) -> Iterator[str]:
    """As they are spelled, worked out apart from what redacts them."""
    for text in (build_secret(environment, word), build_key_part(environment, word), f"{environment}-api-{word}-user"):
        for inner in (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
            yield inner
            yield json.dumps(inner)[1:-1]
            yield inner.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
            yield inner.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
        yield from (quote(text, safe=""), quote(text), quote_plus(text), quote(text, safe="").lower())
        yield text.encode().hex()
        for before in ("", "u", "u:"):
            # Without what the text before and behind has a part in.
            yield base64.b64encode(f"{before}{text}".encode()).decode().rstrip("=")[4:-2]
    # Enough of it to be of use: whatever else was done to the rest.
    yield f"PL4nted-{word}"


def find_leaks(text: str, words: tuple[str, ...] = ("one", "two")) -> list[str]:
    every = {
        form
        for word in words
        for environment in ("dev", "staging", "prod")
        for form in list_spellings(environment, word)
    }
    return sorted(form for form in every if form in text)


def read_output(ran: CommandResult) -> str:
    """But for what tells GitHub which texts to mask: its runner swallows those lines."""
    lines = [line for line in (ran.out + ran.err).splitlines() if not line.startswith("::add-mask::")]
    return "\n".join(lines)


def find_leaking_files(*folders: Path) -> dict[str, list[str]]:
    """But for what people write, and Terraform's own state."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    own = [
        path for path in files if path.suffix != ".tfvars" and ".tfstate" not in path.name and path.name != "said.txt"
    ]
    return {str(path): found for path in own if (found := find_leaks(path.read_bytes().decode(errors="replace")))}
