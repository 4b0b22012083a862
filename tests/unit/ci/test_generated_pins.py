"""Pins of generated files: raised ones are told with old and new, and whatever is not higher is unknown."""

import pytest

from envctl.domain.ci.generated_file import FileState, seal_file
from envctl.domain.ci.generated_pins import Pin, carry_pins, check_source, compare_files
from envctl.domain.ci.inspection.settings import Unread
from envctl.domain.errors import Location

OLD, NEW = "1" * 40, "a" * 40
HASH, OTHER_HASH, NEW_HASH = "2" * 64, "b" * 64, "c" * 64
CHECKOUT = f"actions/checkout@{OLD} # v4.2.2"
RAISED = f"actions/checkout@{NEW} # v7.0.1"
WORKFLOW = f"jobs:\n  - uses: {CHECKOUT}\n  - image: host:5000/python:3.13.1-trixie@sha256:{HASH}\n"
LOCK = f"""\
boto3==1.44.8 \\
    --hash=sha256:{HASH} \\
    --hash=sha256:{OTHER_HASH}
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:{HASH}
python-dateutil==2.9.0.post0 \\
    --hash=sha256:{HASH}
"""
SOURCE = f"envctl-promotion @ git+https://github.com/acme/envctl@{OLD}\n"
SOURCE_PATH = ".github/envctl/envctl.txt"


def sealed(body: str, *, version: str = "0.1.0", settings: str = "5" * 16, pinned: bool = True) -> str:
    return seal_file("ci github", body, version=version, settings=settings, pinned=pinned)


def compare(found: str, wanted: str, path: str = "a") -> tuple[FileState, list[Pin]]:
    states, pins = compare_files({path: found}, {path: wanted})
    return states[path], list(pins)


def judge(found: str, wanted: str, path: str = "a") -> str:
    """Return the state of the only pin, and its reason."""
    state, (pin,) = compare(found, wanted, path)
    assert state == "current"
    return f"{pin.state}: {pin.reason}" if pin.reason else pin.state


@pytest.mark.parametrize("body", [WORKFLOW, LOCK])
def test_pins_as_shipped_are_not_told(body: str) -> None:
    assert compare(sealed(body), sealed(body)) == ("current", [])
    assert compare(sealed(body, version="0.2.0"), sealed(body)) == ("current", [])


LOWER, NO_RELEASE = "unknown: it is a lower release", "unknown: it names no release"
SAME = "unknown: the same release has another digest"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (f"{OLD} # v4.2.2", f"{NEW} # v7.0.1", "raised"),
        (f"{OLD} # v4.2.2", f"{OLD} # v4.2.3", "raised"),
        (f"{OLD} # v4.2.2", NEW, NO_RELEASE),
        (f"{OLD} # v4.2.2", OLD, NO_RELEASE),
        (f"{OLD} # v4.2.2", f"{NEW} # vnext", NO_RELEASE),
        (f"{OLD} # v4.2.2", f"{NEW} # v8_is_good", NO_RELEASE),
        (f"{OLD} # v4.2.2", f"{NEW} # v4.2.2", SAME),
        (f"{OLD} # v4.2.2", f"{NEW} # v4.2.1", LOWER),
        (f"{OLD} # v4.2.2", f"{NEW} # v4", LOWER),
        # An image may be built again.
        (f"sha256:{HASH}", f"sha256:{OTHER_HASH}", "raised"),
        (f"3.13.1-trixie@sha256:{HASH}", f"3.13.4-trixie@sha256:{OTHER_HASH}", "raised"),
        (f"3.13.1-trixie@sha256:{HASH}", f"3.13.0-trixie@sha256:{OTHER_HASH}", LOWER),
        (f"3.13.1-trixie@sha256:{HASH}", f"3.14.0-evil@sha256:{OTHER_HASH}", NO_RELEASE),
        (f":3.13.1-trixie@sha256:{HASH}", f"@sha256:{OTHER_HASH}", NO_RELEASE),
    ],
)
def test_each_changed_pin_of_workflow_is_judged(old: str, new: str, told: str) -> None:
    assert judge(sealed(WORKFLOW).replace(old, new), sealed(WORKFLOW)) == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("1.44.8", "1.45.0", "raised"),
        ("1.44.8", "1.44.10", "raised"),
        (f"1.44.8 \\\n    --hash=sha256:{HASH}", f"1.45.0 \\\n    --hash=sha256:{NEW_HASH}", "raised"),
        ("2.9.0.post0", "2.9.0.post1", "raised"),
        (f"{HASH} \\\n    --hash=sha256:{OTHER_HASH}", NEW_HASH, SAME),
        (f"--hash=sha256:{OTHER_HASH}", f"--hash=sha256:{NEW_HASH}", SAME),
        (f"{HASH} \\\n", f"{HASH} \\\n    --hash=sha256:{NEW_HASH} \\\n", SAME),
        ("1.44.8", "1.44.7", LOWER),
        ("1.44.8", "1.9", LOWER),
        ("1.44.8", "1.45.0+evil", NO_RELEASE),
        ("1.44.8", "2.0rc1", NO_RELEASE),
    ],
)
def test_each_changed_pin_of_lock_is_judged(old: str, new: str, told: str) -> None:
    assert judge(sealed(LOCK).replace(old, new, 1), sealed(LOCK)) == told


@pytest.mark.parametrize("version", ["0.1.0", "0.0.1"])
@pytest.mark.parametrize(
    "other",
    [
        SOURCE.replace(OLD, NEW),
        SOURCE.replace("acme", "evil"),
        f"envctl-promotion @ https://evil.example/envctl_promotion-1-py3-none-any.whl \\\n    --hash=sha256:{HASH}\n",
        f"envctl-promotion==9.9 \\\n    --hash=sha256:{HASH}\n",
    ],
)
def test_other_envctl_is_unknown_in_any_version(other: str, version: str) -> None:
    """The header is text of the file: who edits it can seal it again."""
    found = sealed(SOURCE, pinned=False).replace(SOURCE, other)
    found = found if version == "0.1.0" else sealed(other, version=version, pinned=False)
    _, (pin,) = compare(found, sealed(SOURCE, pinned=False), SOURCE_PATH)
    assert (pin.kind, pin.name, pin.state) == ("envctl", "envctl-promotion", "unknown")
    assert (pin.old, pin.new) == (SOURCE.strip(), other.strip())


def test_changed_settings_explain_another_envctl() -> None:
    found = sealed(SOURCE.replace(OLD, NEW), settings="4" * 16, pinned=False)
    assert compare(found, sealed(SOURCE, pinned=False), SOURCE_PATH) == ("differs", [])


def test_pin_has_lines_and_both_values() -> None:
    body = f"{WORKFLOW}  - uses: {CHECKOUT}\n"
    _, (pin,) = compare(sealed(body).replace(CHECKOUT, RAISED), sealed(body))
    assert (pin.kind, pin.name, pin.old, pin.new) == ("action", "actions/checkout", CHECKOUT, RAISED)
    assert pin.places == (Location("a", 4), Location("a", 6))
    assert pin.change == f"{CHECKOUT} → {RAISED}"
    _, (package,) = compare(sealed(LOCK).replace("0.4.6", "0.5"), sealed(LOCK))
    assert (package.name, package.change) == ("colorama ; sys_platform == 'win32'", "colorama==0.4.6 → colorama==0.5")


@pytest.mark.parametrize("others", [CHECKOUT, f"actions/checkout@{'d' * 40} # v8.0.0"])
@pytest.mark.parametrize("is_one_file", [True, False])
def test_one_action_has_one_pin_in_all_files(others: str, is_one_file: bool) -> None:
    body = f"  - uses: {CHECKOUT}\n"
    if is_one_file:
        found = {"a": sealed(body + body).replace(CHECKOUT, RAISED, 1).replace(CHECKOUT, others)}
        wanted = {"a": sealed(body + body)}
    else:
        found = {"a": sealed(body).replace(CHECKOUT, RAISED), "b": sealed(body).replace(CHECKOUT, others)}
        wanted = {"a": sealed(body), "b": sealed(body)}
    _, pins = compare_files(found, wanted)
    assert {pin.state for pin in pins} == {"unknown"}
    assert pins[0].reason == f"{'a:4' if is_one_file else 'b:3'} has another pin of it"
    assert carry_pins(body, pins) == body


def test_step_of_team_may_have_another_pin() -> None:
    """Its pin is in envctl.toml. It is no excuse for the pin of envctl."""
    own = f"actions/checkout@{'d' * 40} # v3.0.0"
    body = f"  - uses: {own}\n  - uses: {CHECKOUT}\n"
    _, (pin,) = compare(sealed(body).replace(CHECKOUT, RAISED), sealed(body))
    assert (pin.state, pin.old) == ("raised", CHECKOUT)
    assert judge(sealed(body).replace(CHECKOUT, own), sealed(body)) == LOWER


class TestOtherVersions:
    """Files of another envctl had other pins."""

    @pytest.mark.parametrize(
        ("body", "old", "new"), [(WORKFLOW, f"{OLD} # v4.2.2", f"{NEW} # v4.2.1"), (LOCK, "1.44.8", "1.9")]
    )
    def test_lower_pin_is_of_another_version(self, body: str, old: str, new: str) -> None:
        found = sealed(body.replace(old, new), version="0.0.1")
        assert judge(found, sealed(body)) == "other version"

    def test_higher_pin_is_still_raised(self) -> None:
        assert judge(sealed(WORKFLOW, version="0.0.1").replace(CHECKOUT, RAISED), sealed(WORKFLOW)) == "raised"

    @pytest.mark.parametrize(
        ("body", "old", "new"),
        [(WORKFLOW, OLD, NEW), (LOCK, HASH, NEW_HASH), (WORKFLOW, f"{OLD} # v4.2.2", NEW)],
    )
    def test_header_hides_no_other_digest(self, body: str, old: str, new: str) -> None:
        found = sealed(body, version="0.0.1").replace(old, new)
        assert {pin.state for pin in compare(found, sealed(body))[1]} == {"unknown"}

    def test_further_pin_needs_another_version(self) -> None:
        further = f"  - uses: a/b@{OLD} # v1\n"
        state, pins = compare(sealed(WORKFLOW) + further, sealed(WORKFLOW))
        assert (state, [pin.state for pin in pins]) == ("edited", ["unknown"])
        state, pins = compare(sealed(WORKFLOW + further, version="0.0.1"), sealed(WORKFLOW))
        assert (state, [pin.state for pin in pins]) == ("other version", ["other version"])

    def test_outdated_file_may_have_pins_of_former_settings(self) -> None:
        found = sealed(f"{WORKFLOW}  - uses: a/b@{OLD} # v1\n", settings="4" * 16)
        assert compare(found, sealed(WORKFLOW)) == ("differs", [])


def test_raised_pins_survive_the_next_writing() -> None:
    found = {"a": sealed(WORKFLOW).replace(CHECKOUT, RAISED), "b": sealed(LOCK).replace("1.44.8", "1.45.0")}
    _, pins = compare_files(found, {"a": sealed(WORKFLOW), "b": sealed(LOCK)})
    assert carry_pins(sealed(WORKFLOW), pins) == found["a"]
    assert carry_pins(sealed(LOCK), pins) == found["b"]
    # With a changed text, and in a file that did not exist.
    assert carry_pins(f"new:\n{WORKFLOW}", pins) == f"new:\n{WORKFLOW.replace(CHECKOUT, RAISED)}"


@pytest.mark.parametrize("bad", ["1.44.7", "1.9", "1.45.0+evil"])
def test_unknown_pins_are_not_carried(bad: str) -> None:
    _, pins = compare(sealed(LOCK).replace("1.44.8", bad), sealed(LOCK))
    assert carry_pins(LOCK, pins) == LOCK


class TestSources:
    def raised(self, kind: str = "action") -> Pin:
        if kind == "action":
            return compare(sealed(WORKFLOW).replace(CHECKOUT, RAISED), sealed(WORKFLOW))[1][0]
        return compare(sealed(LOCK).replace("1.44.8", "1.45.0"), sealed(LOCK))[1][0]

    def test_pin_that_nobody_was_asked_about_stays_raised(self) -> None:
        told = check_source(self.raised(), Unread("GITHUB_TOKEN is not set"))
        assert (told.state, told.reason) == ("raised", "not asked: GITHUB_TOKEN is not set")

    def test_same_digests_are_verified(self) -> None:
        assert check_source(self.raised(), (NEW,)).reason == "verified by GitHub"
        hashes = [f"sha256:{each}" for each in (HASH, OTHER_HASH, NEW_HASH)]
        told = check_source(self.raised("package"), hashes)
        assert (told.state, told.reason) == ("raised", "verified by the package index")

    def test_moved_tag_is_unknown_with_both_commits(self) -> None:
        told = check_source(self.raised(), (OLD,))
        assert (told.state, told.reason) == ("unknown", f"GitHub has {OLD} for it")
        assert NEW in told.change

    def test_missing_release_is_unknown(self) -> None:
        assert check_source(self.raised(), ()).reason == "GitHub has no such release"
        assert check_source(self.raised("package"), ()).state == "unknown"

    def test_each_hash_must_be_published(self) -> None:
        told = check_source(self.raised("package"), [f"sha256:{HASH}"])
        assert (told.state, told.reason) == ("unknown", f"the package index does not have sha256:{OTHER_HASH}")


def test_problem_names_command_place_and_change() -> None:
    _, (pin,) = compare(sealed(WORKFLOW).replace(OLD, NEW), sealed(WORKFLOW))
    problem = pin.to_problem("ci github")
    assert (problem.code, problem.hint, problem.location) == ("E044", "envctl ci github", Location("a", 4))
    assert f"{OLD} # v4.2.2 → actions/checkout@{NEW} # v4.2.2" in problem.message
