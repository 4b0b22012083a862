"""What moto knows of who calls it. Importing this imports moto."""

from moto.ec2.models import ec2_backends
from moto.iam.models import get_account_id_from, iam_backends
from moto.sts.models import sts_backends

from aws_api_emulator.exchange import Caller

_PARTITION = "aws"


def identify_caller(access_key: str) -> Caller:
    account_id = get_account_id_from(access_key)
    known = iam_backends[account_id][_PARTITION].access_keys.get(access_key)
    principal, arn, account_id = sts_backends[account_id][_PARTITION].get_caller_identity(access_key, "us-east-1")
    secret = known.secret_access_key if known else ""
    return Caller(account_id, arn, secret, access_key, principal, _find_private_dns(account_id, arn))


def _find_private_dns(account_id: str, arn: str) -> str:
    """Return the private host name of the instance whose session it is."""
    session = arn.rpartition("/")[2]
    if not session.startswith("i-"):
        return ""
    for backend in list(ec2_backends[account_id].values()):
        if instance := backend.get_instance_by_id(session):
            return str(instance.private_dns_name)
    return ""
