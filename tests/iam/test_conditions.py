"""Conditions as the user guide of IAM describes them: most rows are its own examples."""

from typing import Any

import pytest

from tests.iam.conditions import Context, UnsupportedPolicyError, holds

JOHN: Context = {"aws:username": ("john",)}
HR: Context = {"aws:principaltag/department": ("hr",)}
LIKE_T2 = {"StringLikeIfExists": {"ec2:InstanceType": ["t1.*", "t2.*"]}}
TAG_KEYS = {"ForAllValues:StringEquals": {"aws:TagKeys": ["environment", "cost-center"]}}
ANY_TAG_KEY = {"ForAnyValue:StringEquals": {"aws:TagKeys": ["environment"]}}
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"
Case = tuple[dict[str, Any], Context, bool]

CASES: dict[str, Case] = {
    "no condition": ({}, {}, True),
    # reference_policies_elements_condition.html
    "the same text": ({"StringEquals": {"aws:username": "john"}}, JOHN, True),
    "another case of the text": ({"StringEquals": {"aws:username": "John"}}, JOHN, False),
    "another case of the text, ignored": ({"StringEqualsIgnoreCase": {"aws:username": "John"}}, JOHN, True),
    "another case of the key": ({"StringEquals": {"AWS:UserName": "john"}}, JOHN, True),
    # reference_policies_elements_condition_operators.html, "Important"
    "a key that is missing": ({"StringEquals": {"aws:username": "john"}}, {}, False),
    "a key that is missing, with a pattern": ({"StringLike": {"aws:username": "*"}}, {}, False),
    "a key that is missing, negated": ({"StringNotLike": {"aws:username": "j*"}}, {}, True),
    # reference_policies_condition-logic-multiple-context-keys-or-values.html
    "one of several values": ({"StringEquals": {"aws:PrincipalTag/department": ["finance", "hr"]}}, HR, True),
    "none of several values, negated": (
        {"StringNotEquals": {"aws:PrincipalTag/department": ["finance", "hr"]}},
        HR,
        False,
    ),
    "two keys": ({"StringEquals": {"aws:username": "john", "aws:PrincipalTag/department": "hr"}}, {**JOHN, **HR}, True),
    "two keys, one wrong": (
        {"StringEquals": {"aws:username": "john", "aws:PrincipalTag/department": "it"}},
        {**JOHN, **HR},
        False,
    ),
    "two operators, one wrong": (
        {"StringEquals": {"aws:username": "john"}, "Null": {"aws:username": "true"}},
        JOHN,
        False,
    ),
    "a star": ({"StringLike": {"aws:username": "j*n"}}, JOHN, True),
    "a star for nothing": ({"StringLike": {"aws:username": "john*"}}, JOHN, True),
    "a question mark": ({"StringLike": {"aws:username": "joh?"}}, JOHN, True),
    "a question mark for nothing": ({"StringLike": {"aws:username": "john?"}}, JOHN, False),
    "a star in StringEquals is a star": ({"StringEquals": {"aws:username": "j*"}}, JOHN, False),
    "a dot is no pattern": ({"StringLike": {"aws:username": "j..n"}}, JOHN, False),
    "a pattern is for the whole text": ({"StringLike": {"aws:username": "oh"}}, JOHN, False),
    # #Conditions_IfExists
    "if it exists, it matches": (LIKE_T2, {"ec2:instancetype": ("t2.micro",)}, True),
    "if it exists, it does not match": (LIKE_T2, {"ec2:instancetype": ("m5.large",)}, False),
    "if it exists, it is missing": (LIKE_T2, {}, True),
    # #Conditions_Null
    "null, and missing": ({"Null": {"aws:TokenIssueTime": "true"}}, {}, True),
    "null, and there": ({"Null": {"aws:TokenIssueTime": "true"}}, {"aws:tokenissuetime": ("x",)}, False),
    "not null, and there": ({"Null": {"aws:TokenIssueTime": "false"}}, {"aws:tokenissuetime": ("x",)}, True),
    # #Conditions_Boolean
    "true": ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, {"aws:multifactorauthpresent": ("true",)}, True),
    "true, but missing": ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, {}, False),
    "false or missing": ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, {}, True),
    # #Conditions_Numeric
    "at most": ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": ("10",)}, True),
    "more than at most": ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": ("11",)}, False),
    "less than": ({"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}, {"aws:multifactorauthage": ("3599",)}, True),
    "numbers, not texts": (
        {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
        {"aws:multifactorauthage": ("40",)},
        True,
    ),
    "no number": ({"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}, {"aws:multifactorauthage": ("x",)}, False),
    # #Conditions_ARN
    "an ARN": ({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:123456789012:*"}}, {"aws:sourcearn": (TOPIC,)}, True),
    "a star does not reach over a colon": (
        {"ArnLike": {"aws:SourceArn": "arn:*:topic"}},
        {"aws:sourcearn": (TOPIC,)},
        False,
    ),
    "an ARN, negated": (
        {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a"}},
        {"aws:principalarn": ("arn:aws:iam::1:role/b",)},
        True,
    ),
    # reference_policies_condition-single-vs-multi-valued-context-keys.html
    "all values are named": (TAG_KEYS, {"aws:tagkeys": ("environment",)}, True),
    "not all values are named": (TAG_KEYS, {"aws:tagkeys": ("environment", "owner")}, False),
    "all of none": (TAG_KEYS, {}, True),
    "one value is named": (ANY_TAG_KEY, {"aws:tagkeys": ("owner", "environment")}, True),
    "no value is named": (ANY_TAG_KEY, {"aws:tagkeys": ("owner",)}, False),
    "any of none": (ANY_TAG_KEY, {}, False),
    "any of none, if it exists": ({"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": ["environment"]}}, {}, True),
    # reference_policies_variables.html
    "a variable": (
        {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}},
        {**JOHN, "sts:rolesessionname": ("john",)},
        True,
    ),
    "a variable with another value": (
        {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}},
        {**JOHN, "sts:rolesessionname": ("ann",)},
        False,
    ),
    "a variable that is missing": (
        {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}},
        {"sts:rolesessionname": ("",)},
        False,
    ),
    "a star from a request is no pattern": (
        {"StringLike": {"sts:RoleSessionName": "${aws:username}"}},
        {"aws:username": ("*",), "sts:rolesessionname": ("ann",)},
        False,
    ),
    "a written star": ({"StringLike": {"aws:username": "${*}"}}, JOHN, False),
    "a written star, and a star": ({"StringLike": {"aws:username": "${*}"}}, {"aws:username": ("*",)}, True),
}

UNSUPPORTED: dict[str, tuple[dict[str, Any], Context]] = {
    "a misspelled operator": ({"StringEqual": {"aws:username": "john"}}, JOHN),
    "a date": ({"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, {}),
    "an address": ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {}),
    "another set": ({"ForEachValue:StringEquals": {"aws:TagKeys": "a"}}, {}),
    "null if it exists": ({"NullIfExists": {"aws:username": "true"}}, JOHN),
    "a null that is neither": ({"Null": {"aws:username": "maybe"}}, JOHN),
    "several values without a set": ({"StringEquals": {"aws:TagKeys": "a"}}, {"aws:tagkeys": ("a", "b")}),
    "a value that is no text": ({"StringEquals": {"aws:username": 1}}, JOHN),
    "a default of a variable": ({"StringEquals": {"aws:username": "${aws:PrincipalTag/team, 'none'}"}}, JOHN),
    "one that comes after a false one": (
        {"StringEquals": {"aws:username": "ann"}, "IpAddress": {"aws:SourceIp": "::1"}},
        JOHN,
    ),
}


@pytest.mark.parametrize(("condition", "context", "expected"), CASES.values(), ids=CASES)
def test_condition_is_evaluated_as_documented(condition: dict[str, Any], context: Context, expected: bool) -> None:
    assert holds(condition, context) is expected


@pytest.mark.parametrize(("condition", "context"), UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_unsupported_condition_is_refused(condition: dict[str, Any], context: Context) -> None:
    with pytest.raises(UnsupportedPolicyError):
        holds(condition, context)
