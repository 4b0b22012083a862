"""IAM Access Analyzer as a service of moto. It imports moto, so it is imported only at its first use."""

from types import SimpleNamespace

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import iso_8601_datetime_without_milliseconds, utcnow

SERVICE = "accessanalyzer"
HOST = r"https?://access-analyzer\.(.+)\.amazonaws\.com"
_PATHS = ("/analyzer$", "/analyzer/(?P<name>[^/]+)$", "/tags/(?P<arn>.+)$")

Analyzer = dict[str, object]


class AnalyzerBackend(BaseBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.analyzers: dict[str, Analyzer] = {}
        self.tags: dict[str, dict[str, str]] = {}

    @property
    def _url_module(self) -> SimpleNamespace:
        """Return the URLs that moto otherwise reads from a file `urls.py` beside this one."""
        return SimpleNamespace(
            url_bases=[HOST], url_paths={f"{{0}}{path}": AnalyzerResponse.dispatch for path in _PATHS}
        )

    def create_analyzer(self, name: str, kind: str, tags: dict[str, str]) -> str:
        if name in self.analyzers:
            raise JsonRESTError("ConflictException", f"{name} exists already")
        arn = f"arn:aws:access-analyzer:{self.region_name}:{self.account_id}:analyzer/{name}"
        created = iso_8601_datetime_without_milliseconds(utcnow())
        self.analyzers[name] = {"arn": arn, "name": name, "type": kind, "createdAt": created, "status": "ACTIVE"}
        self.tags[name] = tags
        return arn

    def resolve_name(self, named: str) -> str:
        """Return the name of an analyzer, given its name or ARN. Raises JsonRESTError if it does not exist."""
        name = named.rpartition("/")[2]
        if name not in self.analyzers:
            missing = JsonRESTError("ResourceNotFoundException", f"{named} does not exist")
            missing.code = 404
            raise missing
        return name


class AnalyzerResponse(BaseResponse):
    def __init__(self) -> None:
        super().__init__(service_name=SERVICE)
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> AnalyzerBackend:
        return accessanalyzer_backends[self.current_account][self.region]

    def _resource_tags(self) -> dict[str, str]:
        return self.backend.tags[self.backend.resolve_name(self._get_param("resourceArn"))]

    def _describe_analyzer(self, name: str) -> Analyzer:
        return {**self.backend.analyzers[name], "tags": self.backend.tags[name]}

    def create_analyzer(self) -> ActionResult:
        name, kind, tags = (self._get_param(key) for key in ("analyzerName", "type", "tags"))
        return ActionResult({"arn": self.backend.create_analyzer(name, kind, dict(tags or {}))})

    def get_analyzer(self) -> ActionResult:
        return ActionResult(
            {"analyzer": self._describe_analyzer(self.backend.resolve_name(self._get_param("analyzerName")))}
        )

    def list_analyzers(self) -> ActionResult:
        return ActionResult({"analyzers": [self._describe_analyzer(name) for name in self.backend.analyzers]})

    def delete_analyzer(self) -> EmptyResult:
        name = self.backend.resolve_name(self._get_param("analyzerName"))
        del self.backend.analyzers[name], self.backend.tags[name]
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"tags": self._resource_tags()})

    def tag_resource(self) -> EmptyResult:
        self._resource_tags().update(self._get_param("tags"))
        return EmptyResult()

    def untag_resource(self) -> EmptyResult:
        for key in self._get_param("tagKeys"):
            self._resource_tags().pop(key, None)
        return EmptyResult()


accessanalyzer_backends = BackendDict(AnalyzerBackend, SERVICE)
