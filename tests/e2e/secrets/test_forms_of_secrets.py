"""What Terraform's own functions make of a secret: neither on a screen, nor as a digest in a stored plan."""

import base64
import json
from urllib.parse import quote_plus

import pytest

from envctl.domain.plan.fingerprint import SENSITIVE, digest_value
from tests.e2e.conftest import CommandResult, Project

pytestmark = pytest.mark.terraform

TOP = """
variable "base" { type = string }

variable "password" {
  type      = string
  sensitive = true
}

locals { open = nonsensitive(var.password) }

resource "terraform_data" "forms" {
  input = {
    upper       = upper(local.open)
    reversed    = strrev(local.open)
    cut_first   = substr(local.open, 1, -1)
    cut_last    = substr(local.open, 0, length(local.open) - 1)
    base64      = base64encode(local.open)
    twice       = base64encode(base64encode(local.open))
    login       = base64encode("admin:${local.open}@x")
    utf16       = textencodebase64(local.open, "UTF-16LE")
    url         = urlencode(local.open)
    json        = jsonencode({ password = local.open })
    upper_utf16 = textencodebase64(upper(local.open), "UTF-16BE")
  }
}

resource "terraform_data" "unrelated" {
  input = { known = base64encode("nothing of it ${length(local.open)}") }
}

output "reversed" { value = strrev(local.open) }
"""
SECRET = "Hunter2/is it+safe?"


def list_forms(secret: str) -> dict[str, str]:
    """Work out the values of the resource above."""
    encode = {
        name: lambda text, name=name: base64.b64encode(text.encode(name)).decode()
        for name in ("utf-8", "utf-16-le", "utf-16-be")
    }
    return {
        "upper": secret.upper(),
        "reversed": secret[::-1],
        "cut_first": secret[1:],
        "cut_last": secret[:-1],
        "base64": encode["utf-8"](secret),
        "twice": encode["utf-8"](encode["utf-8"](secret)),
        "login": encode["utf-8"](f"admin:{secret}@x"),
        "utf16": encode["utf-16-le"](secret),
        "url": quote_plus(secret),
        "json": json.dumps({"password": secret}, separators=(",", ":")),
        "upper_utf16": encode["utf-16-be"](secret.upper()),
    }


def write_password(project: Project, password: str) -> None:
    settings = f'name = "dev-name"\npassword = {json.dumps(password)}\n'
    project.write("environments/dev/terraform.tfvars", settings)


def test_no_form_of_a_secret_is_printed_or_stored(small: Project) -> None:
    small.write("modules/top/main.tf", TOP)
    # With the outputs of the other stack, the whole plan is known.
    write_password(small, "one before, to be replaced")
    small.run_checked("apply", "dev", "--yes")
    write_password(small, SECRET)
    said: list[CommandResult] = [
        small.run_checked("plan", "dev", "--debug"),
        small.run_checked("plan", "dev", "--json"),
        small.run_checked("plan", "dev", "--markdown"),
        small.run_checked("apply", "dev", "--yes"),
        small.run("output", "dev", "--json"),
        small.run_checked("history", "--json"),
        small.run_checked("promote", "dev", "staging", "--yes"),
    ]
    forms = list_forms(SECRET)
    printed = "\n".join(ran.out + ran.err for ran in said)
    assert "(sensitive)" in printed
    for form in (SECRET, *forms.values()):
        assert form not in printed
        assert json.dumps(form)[1:-1] not in printed
    plans = [json.loads(file.read_text()) for file in (small.root / ".envctl/store/plans").iterdir()]
    changes = [change for plan in plans for change in plan["changes"] if change["address"] == "terraform_data.forms"]
    digests = {value for plan in plans for change in plan["changes"] for value in change["values"].values()}
    assert digests.isdisjoint(map(digest_value, (SECRET, *forms.values())))
    signed = {path for change in changes for path, value in change["values"].items() if value == SENSITIVE}
    assert {f'["input","{name}"]' for name in forms} <= signed
    # What has nothing to do with it is still bound by its digest.
    assert digest_value(base64.b64encode(f"nothing of it {len(SECRET)}".encode()).decode()) in digests
