"""One lock file for the project, made of those that Terraform writes for each root module."""

from envctl.domain.provider_lock import merge, providers, strays


def block(name: str, version: str, *hashes: str) -> bytes:
    listed = "".join(f'    "{each}",\n' for each in hashes)
    return (
        f'provider "registry.terraform.io/hashicorp/{name}" {{\n  version     = "{version}"\n'
        f'  constraints = "~> {version}"\n  hashes = [\n{listed}  ]\n}}\n'
    ).encode()


HEADER = b'# This file is maintained automatically by "terraform init".\n# Manual edits may be lost.\n\n'
AWS, AWS_NEWER, RANDOM = block("aws", "6.1.0", "h1:a", "zh:b"), block("aws", "6.2.0", "h1:c"), block("random", "3.0.0")
AWS_ADDRESS = "registry.terraform.io/hashicorp/aws"


def test_every_block_is_found_by_its_address() -> None:
    assert providers(HEADER + AWS + b"\n" + RANDOM) == {
        AWS_ADDRESS: AWS,
        "registry.terraform.io/hashicorp/random": RANDOM,
    }
    assert providers(b"") == providers(HEADER) == {}


def test_a_stack_adds_to_the_lock_of_the_project() -> None:
    merged = merge(HEADER + RANDOM, HEADER + AWS)
    assert list(providers(merged).values()) == [AWS, RANDOM]
    assert merged.startswith(b"# This file is maintained by envctl")


def test_the_first_stack_begins_the_lock() -> None:
    assert providers(merge(None, HEADER + AWS)) == {AWS_ADDRESS: AWS}


def test_what_a_stack_says_newly_of_a_provider_counts() -> None:
    assert providers(merge(HEADER + AWS, HEADER + AWS_NEWER)) == {AWS_ADDRESS: AWS_NEWER}


def test_the_order_of_the_stacks_does_not_count_and_merging_again_changes_nothing() -> None:
    one, other = merge(merge(None, AWS), RANDOM), merge(merge(None, RANDOM), AWS)
    assert one == other == merge(one, AWS)


def test_a_provider_in_another_version_is_a_stray() -> None:
    assert strays(HEADER + AWS, HEADER + AWS_NEWER) == (AWS_ADDRESS,)


def test_a_provider_that_the_release_does_not_carry_is_a_stray() -> None:
    assert strays(None, HEADER + AWS) == strays(HEADER + RANDOM, HEADER + AWS) == (AWS_ADDRESS,)


def test_more_hashes_of_the_same_version_are_no_stray() -> None:
    assert strays(HEADER + AWS, HEADER + block("aws", "6.1.0", "h1:a", "h1:other-platform")) == ()


def test_a_release_may_carry_more_than_a_stack_needs() -> None:
    assert strays(HEADER + AWS + b"\n" + RANDOM, HEADER + AWS) == ()
