"""IAM Access Analyzer as a service of moto. It imports moto, so it is imported only at its first use."""

from types import SimpleNamespace
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import iso_8601_datetime_without_milliseconds, utcnow

SERVICE = "accessanalyzer"
HOST = r"https?://access-analyzer\.(.+)\.amazonaws\.com"
_PATHS = ("/analyzer$", "/analyzer/(?P<name>[^/]+)$", "/tags/(?P<arn>.+)$")

Analyzer = dict[str, Any]


class AnalyzerBackend(BaseBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.analyzers: dict[str, Analyzer] = {}

    @property
    def _url_module(self) -> SimpleNamespace:
        """Return the URLs that moto otherwise reads from a file `urls.py` beside this one."""
        paths = {f"{{0}}{path}": AnalyzerResponse.dispatch for path in _PATHS}
        return SimpleNamespace(url_bases=[HOST], url_paths=paths)

    def create_analyzer(self, name: str, kind: str, tags: dict[str, str]) -> str:
        if name in self.analyzers:
            raise JsonRESTError("ConflictException", f"{name} exists already")
        arn = f"arn:aws:access-analyzer:{self.region_name}:{self.account_id}:analyzer/{name}"
        created = iso_8601_datetime_without_milliseconds(utcnow())
        found = {"arn": arn, "name": name, "type": kind, "createdAt": created, "status": "ACTIVE", "tags": tags}
        self.analyzers[name] = found
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
        name = self.backend.resolve_name(self._get_param("resourceArn"))
        tags: dict[str, str] = self.backend.analyzers[name]["tags"]
        return tags

    def create_analyzer(self) -> ActionResult:
        name, kind, tags = (self._get_param(key) for key in ("analyzerName", "type", "tags"))
        return ActionResult({"arn": self.backend.create_analyzer(name, kind, dict(tags or {}))})

    def get_analyzer(self) -> ActionResult:
        name = self.backend.resolve_name(self._get_param("analyzerName"))
        return ActionResult({"analyzer": self.backend.analyzers[name]})

    def list_analyzers(self) -> ActionResult:
        return ActionResult({"analyzers": list(self.backend.analyzers.values())})

    def delete_analyzer(self) -> EmptyResult:
        del self.backend.analyzers[self.backend.resolve_name(self._get_param("analyzerName"))]
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
