"""The origin of the caller's credentials: method, exchanged token, and the principal behind an assumed role."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from envctl.adapters.aws.credentials.exchange_listener import ExchangeListener, is_aws_url
from envctl.adapters.aws.credentials.identity import CredentialOrigin
from envctl.domain.aws.access import CallerIdentity

WEB_IDENTITY_METHOD, ROLE_METHOD = "assume-role-with-web-identity", "assume-role"
"""Methods of credentials, as boto3 names them."""


def find_origin(
    session: Any,  # noqa: ANN401 (boto3's own)
    caller: CallerIdentity,
    listener: ExchangeListener,
    store_url: str,
    ask_caller: Callable[[Any], str],
) -> CredentialOrigin:
    """Describe the credentials of a session. `listener` has heard it since its opening. `store_url` is the store's
    endpoint if AWS's own variables redirect it; an STS at that endpoint is trusted. `ask_caller` asks STS for the ARN
    of credentials.
    """
    credentials = session.get_credentials()
    exchange, source_arn = None, ""
    if credentials.method == WEB_IDENTITY_METHOD:
        exchange = listener.exchanges.get(credentials.get_frozen_credentials().access_key)
    elif credentials.method == ROLE_METHOD and listener.source_credentials is not None:
        source_arn = ask_caller(listener.source_credentials)
    doubt = ""
    for url in listener.urls:
        is_store = bool(store_url) and urlsplit(url)[:2] == urlsplit(store_url)[:2]
        if not doubt and not is_store and not is_aws_url(url):
            doubt = f"{url} reported your identity, but is not an AWS address and not the address of the store"
    return CredentialOrigin(caller, credentials.method, exchange, source_arn, doubt)
