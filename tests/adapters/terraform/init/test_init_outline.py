"""What of a module's code `terraform init` looks at, and what it does not."""

import pytest

from envctl.adapters.terraform.init.init_stamp import extract_outline

CODE = """
terraform {
  required_version = ">= 1.10"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 3.39"
    }
    tls = "~> 4.0"
  }
}

module "vpc" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "5.1.0"
  cidr    = "10.0.0.0/16"
}

resource "aws_instance" "this" {
  provider      = aws.other
  instance_type = "t3.micro"
  lifecycle {
    ignore_changes = [ami]
  }
}

variable "size" {
  type        = number
  description = <<-TEXT
    How many.
  TEXT
}

output "id" { value = aws_instance.this.id }
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('">= 1.10"', '">= 1.11"'),
        ('">= 3.39"', '">= 6.0"'),
        ('"~> 4.0"', '"~> 4.1"'),
        ("hashicorp/aws", "acme/aws"),
        ('"5.1.0"', '"5.2.0"'),
        ("terraform-aws-modules/vpc", "acme/vpc"),
        ("aws.other", "google.other"),
        ('resource "aws_instance"', 'resource "random_id"'),
        ("resource", "data"),
        ('variable "size" {', 'resource random_id x {}\nvariable "size" {'),
        ('variable "size" {', 'ephemeral "random_password" "x" { length = 1 }\nvariable "size" {'),
        ('variable "size" {', '/* more */ module "more" { source = "./more" }\nvariable "size" {'),
        ('variable "size" {', 'provider "http" {}\nvariable "size" {'),
        ('variable "size" {', 'import {\n  provider = http\n}\nvariable "size" {'),
    ],
)
def test_it_looks_at(old: str, new: str) -> None:
    assert old in CODE
    assert extract_outline(CODE.replace(old, new, 1).encode()) != extract_outline(CODE.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("t3.micro", "t3.large"),
        ("10.0.0.0/16", "10.1.0.0/16"),
        ("[ami]", "[ami, tags]"),
        ("How many.", "How many of them.\n    And why."),
        ("type        = number", "type        = string"),
        ("this.id }", "this.arn }"),
        ("\n\n", "\n\n\n"),
        ("  ", "\t"),
        ("\n", "\r\n"),
    ],
)
def test_it_does_not_look_at(old: str, new: str) -> None:
    assert old in CODE
    changed = CODE.replace(old, new)
    # Within the words of a line, a space is a space.
    squeezed = [b" ".join(extract_outline(each.encode()).split()) for each in (CODE, changed)]
    assert squeezed[0] == squeezed[1]
