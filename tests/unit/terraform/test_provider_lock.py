"""One lock file for the project, made of those that Terraform writes for each root module."""

from hypothesis import assume, given
from hypothesis import strategies as st

from envctl.domain.terraform.provider_lock import (
    find_version_mismatches,
    keep_known_hashes,
    keep_providers,
    list_constraints,
    merge_locks,
    read_hashes,
    read_version,
    shorten_address,
    split_provider_blocks,
)


def block(name: str, version: str, *hashes: str) -> bytes:
    listed = "".join(f'    "{each}",\n' for each in hashes)
    return (
        f'provider "registry.terraform.io/hashicorp/{name}" {{\n  version     = "{version}"\n'
        f'  constraints = "~> {version}"\n  hashes = [\n{listed}  ]\n}}\n'
    ).encode()


HEADER = b'# This file is maintained automatically by "terraform init".\n# Manual edits may be lost.\n\n'
AWS, AWS_NEWER, RANDOM = block("aws", "6.1.0", "h1:a", "zh:b"), block("aws", "6.2.0", "h1:c"), block("random", "3.0.0")
AWS_ADDRESS = "registry.terraform.io/hashicorp/aws"


def test_provider_blocks_are_split_by_address() -> None:
    assert split_provider_blocks(HEADER + AWS + b"\n" + RANDOM) == {
        AWS_ADDRESS: AWS,
        "registry.terraform.io/hashicorp/random": RANDOM,
    }
    assert split_provider_blocks(b"") == split_provider_blocks(HEADER) == {}


def test_stack_adds_to_the_lock_of_the_project() -> None:
    merged = merge_locks(HEADER + RANDOM, HEADER + AWS)
    assert list(split_provider_blocks(merged).values()) == [AWS, RANDOM]
    assert merged.startswith(b"# This file is maintained by envctl")


def test_first_stack_creates_the_lock() -> None:
    assert split_provider_blocks(merge_locks(None, HEADER + AWS)) == {AWS_ADDRESS: AWS}


def test_newer_block_of_a_stack_replaces_older_one() -> None:
    assert split_provider_blocks(merge_locks(HEADER + AWS, HEADER + AWS_NEWER)) == {AWS_ADDRESS: AWS_NEWER}


def test_merging_is_idempotent_and_independent_of_stack_order() -> None:
    one, other = merge_locks(merge_locks(None, AWS), RANDOM), merge_locks(merge_locks(None, RANDOM), AWS)
    assert one == other == merge_locks(one, AWS)


def test_provider_in_another_version_is_a_mismatch() -> None:
    assert find_version_mismatches(HEADER + AWS, HEADER + AWS_NEWER) == (AWS_ADDRESS,)


def test_provider_missing_in_the_release_is_a_mismatch() -> None:
    assert (
        find_version_mismatches(None, HEADER + AWS)
        == find_version_mismatches(HEADER + RANDOM, HEADER + AWS)
        == (AWS_ADDRESS,)
    )


def test_additional_hashes_are_no_mismatch() -> None:
    assert find_version_mismatches(HEADER + AWS, HEADER + block("aws", "6.1.0", "h1:a", "h1:other-platform")) == ()


def test_release_may_carry_additional_providers() -> None:
    assert find_version_mismatches(HEADER + AWS + b"\n" + RANDOM, HEADER + AWS) == ()


def test_hashes_of_one_version_are_united() -> None:
    linux, mac = block("aws", "6.1.0", "h1:linux", "zh:b"), block("aws", "6.1.0", "h1:mac", "zh:b")
    merged = merge_locks(HEADER + linux, HEADER + mac)
    assert split_provider_blocks(merged) == {AWS_ADDRESS: block("aws", "6.1.0", "h1:linux", "h1:mac", "zh:b")}
    assert merged == merge_locks(HEADER + mac, HEADER + linux)


def test_constraints_of_several_stacks_are_united() -> None:
    loose = AWS.replace(b"~> 6.1.0", b">= 6.0")
    assert list_constraints(split_provider_blocks(merge_locks(AWS, loose))[AWS_ADDRESS]) == [">= 6.0", "~> 6.1.0"]
    assert merge_locks(AWS, loose) == merge_locks(loose, AWS) == merge_locks(merge_locks(AWS, loose), loose)


def test_block_without_new_content_keeps_its_bytes() -> None:
    by_hand = AWS.replace(b'    "h1:a",\n', b'    # ours\n    "h1:a",\n')
    assert split_provider_blocks(merge_locks(by_hand, AWS))[AWS_ADDRESS] == by_hand


def test_new_version_drops_hashes_of_the_old_version() -> None:
    assert read_hashes(split_provider_blocks(merge_locks(AWS, AWS_NEWER))[AWS_ADDRESS]) == ("h1:c",)


def test_known_hashes_are_kept_for_the_same_version() -> None:
    before = HEADER + block("aws", "6.1.0", "h1:mac") + b"\n" + block("random", "2.0.0", "h1:mac")
    found = split_provider_blocks(
        keep_known_hashes(before, HEADER + AWS + b"\n" + block("random", "3.0.0", "h1:linux"))
    )
    assert {address: read_hashes(each) for address, each in found.items()} == {
        AWS_ADDRESS: ("h1:a", "h1:mac", "zh:b"),
        "registry.terraform.io/hashicorp/random": ("h1:linux",),
    }


def test_unneeded_provider_is_removed() -> None:
    assert split_provider_blocks(keep_providers(HEADER + AWS + b"\n" + RANDOM, [AWS_ADDRESS])) == {AWS_ADDRESS: AWS}


def test_provider_address_is_shortened() -> None:
    assert [shorten_address(each) for each in (AWS_ADDRESS, "registry.opentofu.org/a/b", "example.com/a/b")] == [
        "hashicorp/aws",
        "a/b",
        "example.com/a/b",
    ]


LOCKS = st.dictionaries(
    st.sampled_from(["aws", "random", "tls"]),
    st.tuples(st.sampled_from(["1.0.0", "2.0.0"]), st.sets(st.sampled_from(["h1:a", "h1:b", "zh:c"]), min_size=1)),
).map(lambda found: HEADER + b"\n".join(block(name, number, *sorted(each)) for name, (number, each) in found.items()))


def _agree(*locks: bytes) -> bool:
    """Whether no two of them hold different versions of one provider."""
    chosen = {
        (address, read_version(found)) for lock in locks for address, found in split_provider_blocks(lock).items()
    }
    return len(chosen) == len({address for address, _ in chosen})


@given(LOCKS, LOCKS, LOCKS)
def test_agreeing_locks_merge_in_any_order_without_loss(one: bytes, two: bytes, other: bytes) -> None:
    assume(_agree(one, two, other))
    merged = merge_locks(merge_locks(one, two), other)
    assert merged == merge_locks(merge_locks(other, two), one) == merge_locks(merged, two)
    found = split_provider_blocks(merged)
    for lock in (one, two, other):
        assert all(
            set(read_hashes(each)) <= set(read_hashes(found[address]))
            for address, each in split_provider_blocks(lock).items()
        )


@given(LOCKS, LOCKS)
def test_lock_of_the_stack_decides_the_version(project: bytes, stack: bytes) -> None:
    merged = merge_locks(project, stack)
    assert find_version_mismatches(merged, stack) == ()
    assert merge_locks(merged, stack) == merged
