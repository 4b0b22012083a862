"""The cause of each exception of botocore and boto3: a closed list, compared with the libraries by a test."""

from collections.abc import Mapping
from enum import Enum, auto


class Cause(Enum):
    """PROFILE, FILE, SETTING, CREDENTIALS and INSTALLATION are mistakes on this machine. The others are not: SIGN_IN
    needs a new sign-in, the NETWORK or a SERVICE refused, or an invalid CALL was made.
    """

    PROFILE = auto()
    FILE = auto()
    SETTING = auto()
    CREDENTIALS = auto()
    INSTALLATION = auto()
    SIGN_IN = auto()
    NETWORK = auto()
    SERVICE = auto()
    CALL = auto()


_ERRORS: Mapping[Cause, str] = {
    Cause.PROFILE: "ProfileNotFound",
    Cause.FILE: "ConfigParseError ConfigNotFound",
    Cause.SETTING: """
        EndpointProviderError EndpointResolutionError EndpointVariantError InvalidChecksumConfigError
        InvalidDefaultsMode InvalidDNSNameError InvalidEndpointConfigurationError
        InvalidEndpointDiscoveryConfigurationError InvalidHostLabelError InvalidIMDSEndpointError
        InvalidIMDSEndpointModeError InvalidMaxRetryAttemptsError InvalidProxiesConfigError InvalidRegionError
        InvalidRetryConfigurationError InvalidRetryModeError InvalidS3AddressingStyleError
        InvalidS3UsEast1RegionalEndpointConfigError InvalidSTSRegionalEndpointsConfigError BaseEndpointResolverError
        NoRegionError ServiceNotInRegionError UnknownEndpointError UnknownFIPSEndpointError UnknownRegionError
        UnsupportedS3AccesspointConfigurationError UnsupportedS3ConfigurationError
        UnsupportedS3ControlConfigurationError UnknownSignatureVersionError UnsupportedSignatureVersionError
        WaiterConfigError
    """,
    Cause.CREDENTIALS: """
        InvalidConfigError InfiniteLoopConfigError PartialCredentialsError UnknownCredentialError
        UnknownTokenProviderError
    """,
    Cause.INSTALLATION: """
        ApiVersionNotFoundError DataNotFoundError InvalidCrtTransferConfigError MD5UnavailableError
        MissingDependencyException NoVersionFound ResourceLoadException ResourceNotExistsError UnknownAPIVersionError
        UnknownServiceError
    """,
    Cause.SIGN_IN: """
        CredentialRetrievalError LoginAuthorizationCodeError LoginError LoginInsufficientPermissions
        LoginRefreshRequired LoginTokenLoadError MetadataRetrievalError NoAuthTokenError NoCredentialsError
        RefreshWithMFAUnsupportedError SSOError SSOTokenLoadError TokenRetrievalError UnauthorizedSSOTokenError
    """,
    Cause.NETWORK: """
        CapacityNotAvailableError ChecksumError ConnectTimeoutError ConnectionClosedError ConnectionError
        EndpointConnectionError FlexibleChecksumError HTTPClientError IncompleteReadError ProxyConnectionError
        ReadTimeoutError ResponseStreamingError RetriesExceededError SSLError AwsChunkedWrapperError
    """,
    Cause.SERVICE: "ClientError EventStreamError WaiterError S3TransferFailedError S3UploadFailedError",
    Cause.CALL: """
        AliasConflictParameterError Boto3Error BotoCoreError DynamoDBNeedsConditionError DynamoDBNeedsKeyConditionError
        DynamoDBOperationNotSupportedError DynanmoDBOperationNotSupportedError InvalidExpressionError
        MissingParametersError MissingServiceIdError OperationNotPageableError PaginationError ParamValidationError
        RangeError StubAssertionError StubResponseError UnStubbedResponseError UndefinedModelAttributeError
        UnknownClientMethodError UnknownEndpointResolutionBuiltInName UnknownKeyError UnknownParameterError
        UnknownServiceStyle UnseekableStreamError UnsupportedOutpostResourceError UnsupportedS3ArnError
        UnsupportedS3ControlArnError UnsupportedServiceProtocolsError ValidationError
    """,
}
CAUSES: Mapping[str, Cause] = {name: cause for cause, names in _ERRORS.items() for name in names.split()}

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "EndpointVariantError": ("use_fips_endpoint", "use_dualstack_endpoint"),
    "InvalidDefaultsMode": ("defaults_mode",),
    "InvalidEndpointDiscoveryConfigurationError": ("endpoint_discovery_enabled",),
    "InvalidIMDSEndpointError": ("ec2_metadata_service_endpoint",),
    "InvalidIMDSEndpointModeError": ("ec2_metadata_service_endpoint_mode",),
    "InvalidMaxRetryAttemptsError": ("max_attempts",),
    "InvalidRetryConfigurationError": ("retry_mode", "max_attempts"),
    "InvalidRetryModeError": ("retry_mode",),
    "InvalidS3AddressingStyleError": ("addressing_style",),
    "InvalidS3UsEast1RegionalEndpointConfigError": ("us_east_1_regional_endpoint",),
    "InvalidSTSRegionalEndpointsConfigError": ("sts_regional_endpoints",),
    "UnknownFIPSEndpointError": ("use_fips_endpoint",),
}
"""Settings of boto3 by exception, for exceptions without the setting in their text."""
