"""Secrets by their names, as they are there and as they are not."""

from datetime import timedelta

from envctl.domain.aws.secret_status import NeededSecret, Sighting, find_problem
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import Location, OperationFailedError
from envctl.domain.guards import RefusedError
from envctl.domain.guards.request import Refusal
from envctl.usecases.account.secret_check import EnvironmentSecrets, SecretsCheck, SecretVariable
from envctl.usecases.account.secret_set import SecretSet
from tests.cli.render.samples.basics import NEW, NOW

LINE = Location("environments/prod/terraform.tfvars", 7)
DB = NeededSecret("secretsmanager", "shop/prod/database", "shop/prod/database", ("web.db_secret_name",), LINE)
KEY = NeededSecret(
    "ssm", "/shop/prod/signing-key", "/shop/prod/signing-key", ("web.key_parameter", "jobs.key_parameter")
)
OLD = NeededSecret("secretsmanager", "shop/prod/mail", "shop/prod/mail", ('web.services["mail"].secret_name',))
FAR = NeededSecret(
    "secretsmanager",
    "shared/licence",
    "arn:aws:secretsmanager:ap-northeast-1:999999999999:secret:shared/licence-a1B2c3",
    ("web.licence_secret_name",),
    account_id="999999999999",
    region="ap-northeast-1",
)
SEEN = (
    Sighting(DB, "there", NOW - timedelta(days=12)),
    Sighting(KEY, "there", NOW, "it is an unencrypted String, not a SecureString", type="String"),
    Sighting(OLD, "deleting", NOW - timedelta(days=400)),
    Sighting(FAR, "elsewhere", remark="it is in account 999999999999, which envctl does not check"),
)
GONE = (Sighting(DB, "absent"), Sighting(KEY, "absent"), Sighting(OLD, "empty", NOW))
DENIED = Sighting(
    DB,
    "unknown",
    remark="the permission secretsmanager:DescribeSecret is missing",
    hint="allow secretsmanager:DescribeSecret to the role that envctl takes there",
)
ALL_THERE = EnvironmentSecrets("dev", "111111111111", "", (Sighting(DB, "there", NOW), Sighting(FAR, "elsewhere")))
PROBLEMS = tuple(found for each in (*GONE, DENIED) if (found := find_problem(each, "prod")))

SECRETS: dict[str, object] = {
    "secrets": EnvironmentSecrets("prod", "333333333333", NEW, SEEN),
    "secrets that can't be looked at": EnvironmentSecrets("prod", "333333333333", "", (DENIED, *GONE)),
    "no secrets": EnvironmentSecrets("dev", "", "", ()),
    "secrets of variables": EnvironmentSecrets(
        "dev",
        "111111111111",
        "",
        (Sighting(DB, "there", NOW),),
        (
            SecretVariable("DB_PASSWORD", ("web.db_password", "jobs.db_password"), True),
            SecretVariable("API_TOKEN", ("web.api_token",), False),
        ),
    ),
    "checked secrets": SecretsCheck(
        (
            ALL_THERE,
            EnvironmentSecrets("staging", "", NEW, ()),
            EnvironmentSecrets("prod", "333333333333", NEW, (*GONE, DENIED)),
        ),
        ("sandbox",),
    ),
    "a secret that was created": SecretSet(
        "prod", "333333333333", "secretsmanager", DB.name, True, False, "envctl secrets check prod"
    ),
    "a secret that was created behind an ARN": SecretSet(
        "prod", "333333333333", "secretsmanager", DB.name, True, True, "envctl secrets check prod"
    ),
    "a secret with a new version": SecretSet("prod", "333333333333", "ssm", KEY.name, False, False, ""),
}
MISSING = OperationFailedError(*PROBLEMS)
REFUSED_SECRETS = RefusedError(
    (
        Refusal(
            GuardCode.SECRETS,
            "3 secrets are missing in prod; 1 secret is there or not, nobody could tell",
            "create what is listed, and look again with: envctl secrets check prod",
            because=PROBLEMS,
        ),
    )
)
