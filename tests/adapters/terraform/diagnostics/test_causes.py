"""Real words of Terraform and AWS, and the cause that they tell of."""

import pytest

from envctl.adapters.terraform.diagnostics.causes import find_cause

SAID = {
    "throttling": (
        "E323",
        "reading EC2 VPC (vpc-1): RequestLimitExceeded: Request limit exceeded.\n\tstatus code: 503, request id: 1",
    ),
    "too many requests": ("E323", "ThrottlingException: Rate exceeded"),
    "an expired session": (
        "E324",
        (
            "operation error STS: AssumeRole, https response error StatusCode: 403, RequestID: 1, "
            "api error ExpiredToken: The security token included in the request is expired"
        ),
    ),
    "keys that are none": ("E324", "InvalidClientTokenId: The security token included in the request is invalid."),
    "no credentials at all": ("E324", "No valid credential sources found"),
    "a role that may not be taken": (
        "E326",
        "Cannot assume IAM Role\n\nIAM Role (arn:aws:iam::333333333333:role/envctl-deployer) cannot be assumed.",
    ),
    "a right that is missing": ("E326", "UnauthorizedOperation: You are not authorized to perform this operation."),
    "an unknown host": ("E325", 'Post "https://sts.eu-west-9.amazonaws.com/": dial tcp: lookup: no such host'),
    "nobody who answers": ("E325", "RequestError: send request failed\ncaused by: dial tcp 10.0.0.1:443: i/o timeout"),
    "a role that nobody answers for": (
        "E325",
        'Cannot assume IAM Role\n\nError: Post "https://sts": proxyconnect tcp: connection refused',
    ),
    "a newer state": (
        "E327",
        "state snapshot was created by Terraform v1.99.0, which is newer than current v1.15.5; upgrade",
    ),
    "a format of the future": (
        "E327",
        "Unsupported state file format\n\nThe state file uses format version 5, which is not supported",
    ),
    "a newer provider": (
        "E327",
        "Resource instance managed by newer provider version\n\nThe current state of a was created by a newer provider",
    ),
    "a state that is damaged": (
        "E328",
        "Unsupported state file format\n\nThe state file could not be parsed as JSON: syntax error at byte offset 10.",
    ),
    "a full disk": ("E346", "Failed to save state\n\nwrite /state/dev/web.tfstate: no space left on device"),
    "a package of another platform, or of nobody": (
        "E347",
        (
            "Failed to install provider\n\nError while installing example.com/acme/tiny v1.1.0: the current package for"
            " example.com/acme/tiny 1.1.0 doesn't match any of the checksums previously recorded in the dependency lock"
            " file"
        ),
    ),
    "a lock that the code has left behind": (
        "E348",
        (
            "Failed to query available provider packages\n\nlocked provider example.com/acme/tiny 1.0.0 does not match"
            " configured version constraint ~> 2.0; must use terraform init -upgrade to allow selection of new versions"
        ),
    ),
    "no memory to start a provider with": (
        "E331",
        'failed to instantiate provider "aws": fork/exec .terraform/providers/aws: cannot allocate memory',
    ),
    "a provider that got no more memory": ("E331", "fatal error: runtime: cannot allocate memory"),
    "the state of another stack that is gone": (
        "E321",
        "Unable to find remote state\n\nNo stored state was found for the given workspace in the given backend.",
    ),
}


@pytest.mark.parametrize(("code", "said"), SAID.values(), ids=SAID.keys())
def test_message_has_known_cause(code: str, said: str) -> None:
    cause = find_cause(said)
    assert cause is not None
    assert cause.code == code


@pytest.mark.parametrize("said", ["Reference to undeclared resource", "InvalidParameterValue: 10.0.0.0/33", ""])
def test_configuration_error_has_no_known_cause(said: str) -> None:
    assert find_cause(said) is None


@pytest.mark.parametrize(("provider", "is_named"), [("hashicorp/nope", True), ("hashicorp/aws", False)])
def test_hint_names_mistyped_resource_type(provider: str, is_named: bool) -> None:
    """Terraform asks the registry for the first word of a resource type, which may be a typing error."""
    said = (
        "Failed to query available provider packages\n\nCould not retrieve the list of available versions for provider"
        f"\n{provider}: could not connect to registry.terraform.io: dial tcp: lookup: no such host"
    )
    cause = find_cause(said)
    assert cause is not None and cause.code == "E325"
    assert ("correct the resource type" in cause.hint) == is_named
