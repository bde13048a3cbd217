"""What an application asks for in `scope`: OpenID Connect's own words, and permissions of one resource."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

GRAPH_ID = UUID("00000003-0000-0000-c000-000000000000")
"""Microsoft Graph's application id in every tenant."""
_OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
_GRAPH_PERMISSIONS = frozenset({"User.Read"})
"""What anyone may let an application do: read the person's own account."""
_API_PERMISSION = "user_impersonation"
_DEFAULT = ".default"


@dataclass(frozen=True, slots=True)
class GraphResource:
    audience: str
    """As it was asked for: the caller checks for its own spelling."""


@dataclass(frozen=True, slots=True)
class ApiResource:
    client_id: UUID
    """The application that is the API."""


Resource = GraphResource | ApiResource


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    asked: tuple[str, ...]
    resource: Resource
    permissions: tuple[str, ...]
    """For the `scp` claim."""
    names_resource: bool

    def asks(self, openid_scope: str) -> bool:
        return openid_scope in self.asked

    @property
    def echoed(self) -> str:
        """For the answer's `scope`, in the caller's own spelling: it is the key of the caller's cache."""
        return " ".join(scope for scope in self.asked if scope != "offline_access")


@dataclass(frozen=True, slots=True)
class ScopeRefused:
    code: int
    detail: str


def read_scopes(text: str, *, graph_names: AbstractSet[str]) -> Scopes | ScopeRefused:
    """*graph_names*: the URIs that name Microsoft Graph here, lower case, without a trailing slash."""
    asked = tuple(dict.fromkeys(text.split()))
    resources: set[Resource] = set()
    permissions: list[str] = []
    for scope in asked:
        if scope in _OPENID_SCOPES:
            continue
        match _read_permission(scope, graph_names):
            case ScopeRefused() as refused:
                return refused
            case resource, permission:
                resources.add(resource)
                permissions.append(permission)
    if len(resources) > 1:
        return ScopeRefused(28000, "the scopes name more than one resource")
    resource = next(iter(resources), GraphResource(str(GRAPH_ID)))
    return Scopes(
        asked=asked,
        resource=resource,
        permissions=_granted(permissions, asked, resource),
        names_resource=bool(resources),
    )


def _read_permission(scope: str, graph_names: AbstractSet[str]) -> tuple[Resource, str] | ScopeRefused:
    if scope in _GRAPH_PERMISSIONS:
        return GraphResource(str(GRAPH_ID)), scope
    prefix, slash, permission = scope.rpartition("/")
    if not slash:
        api = _uuid(scope)
        return (ApiResource(api), _DEFAULT) if api else ScopeRefused(70011, f"the scope {scope!r} is not valid")
    if prefix.rstrip("/").lower() in graph_names or _uuid(prefix) == GRAPH_ID:
        return _of_graph(prefix, permission)
    return _of_api(prefix, permission)


def _of_graph(audience: str, permission: str) -> tuple[Resource, str] | ScopeRefused:
    if permission == _DEFAULT or permission in _GRAPH_PERMISSIONS:
        return GraphResource(audience), permission
    return ScopeRefused(65001, f"nobody has consented to {permission!r} of Microsoft Graph")


def _of_api(name: str, permission: str) -> tuple[Resource, str] | ScopeRefused:
    api = _uuid(name.removeprefix("api://"))
    if api is None:
        return ScopeRefused(500011, f"the resource {name!r} is not known in this tenant")
    if permission not in (_DEFAULT, _API_PERMISSION):
        return ScopeRefused(65001, f"nobody has consented to {permission!r} of {name}")
    return ApiResource(api), permission


def _granted(permissions: list[str], asked: tuple[str, ...], resource: Resource) -> tuple[str, ...]:
    openid = tuple(scope for scope in asked if scope in _OPENID_SCOPES and scope != "offline_access")
    match resource:
        case GraphResource():
            named = tuple(name for name in permissions if name != _DEFAULT)
            return openid + (named or ("User.Read",))
        case ApiResource():
            return (_API_PERMISSION,)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None
