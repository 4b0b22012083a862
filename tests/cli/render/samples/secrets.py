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
DB = NeededSecret(
    kind="secretsmanager",
    name="shop/prod/database",
    id="shop/prod/database",
    asked_by=("web.db_secret_name",),
    location=LINE,
)
KEY = NeededSecret(
    kind="ssm",
    name="/shop/prod/signing-key",
    id="/shop/prod/signing-key",
    asked_by=("web.key_parameter", "jobs.key_parameter"),
)
OLD = NeededSecret(
    kind="secretsmanager", name="shop/prod/mail", id="shop/prod/mail", asked_by=('web.services["mail"].secret_name',)
)
FAR = NeededSecret(
    kind="secretsmanager",
    name="shared/licence",
    id="arn:aws:secretsmanager:ap-northeast-1:999999999999:secret:shared/licence-a1B2c3",
    asked_by=("web.licence_secret_name",),
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
        environment="prod",
        account_id="333333333333",
        kind="secretsmanager",
        name=DB.name,
        created=True,
        arn_differs=False,
        next="envctl secrets check prod",
    ),
    "a secret that was created behind an ARN": SecretSet(
        environment="prod",
        account_id="333333333333",
        kind="secretsmanager",
        name=DB.name,
        created=True,
        arn_differs=True,
        next="envctl secrets check prod",
    ),
    "a secret with a new version": SecretSet(
        environment="prod",
        account_id="333333333333",
        kind="ssm",
        name=KEY.name,
        created=False,
        arn_differs=False,
        next="",
    ),
}
MISSING = OperationFailedError(*PROBLEMS)
REFUSED_SECRETS = RefusedError(
    (
        Refusal(
            GuardCode.SECRETS,
            message="3 secrets are missing in prod; 1 secret is there or not, nobody could tell",
            hint="create what is listed, and look again with: envctl secrets check prod",
            because=PROBLEMS,
        ),
    )
)
