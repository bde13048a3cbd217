"""Brings up a lab's cloud: the tenant, its applications, the server."""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from isthmus.cloud.administration import Administration, redirect_uri
from isthmus.cloud.founding import Foundation, Founded, found_cloud
from isthmus.cloud.settings import load_settings
from isthmus.cloud.wiring import build_cloud
from isthmus.lab.applications.settings import SPA_PATH, WEB_CALLBACK_PATH, WEB_PATH
from isthmus.lab.construction import Construction
from isthmus.lab.description import ApplicationKind, ApplicationPart, CloudAdmin, CloudPart
from isthmus.lab.names import public_address

_PORT = 443
_SERVED = ("login", "autologon", "graph")
_PATIENCE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class RaisedCloud:
    part: CloudPart
    applications: list[ApplicationPart]
    enrolment_code: str


def raise_cloud(lab: Construction) -> RaisedCloud:
    with lab.step("founded the cloud, registered applications"):
        raised = _found(lab)
    with lab.step(f"started the cloud at {raised.part.url}"):
        _serve(lab)
    return raised


def _found(lab: Construction) -> RaisedCloud:
    names = lab.names
    foundation = Foundation(
        name=f"{names.name.capitalize()} (lab)",
        domain=names.cloud_domain,
        public_url=f"https://{names.public_host('login')}",
        administrator=f"admin@{names.cloud_domain}",
    )
    founded = found_cloud(lab.folder / "cloud", foundation, now=datetime.now(UTC))
    cloud = build_cloud(load_settings(founded.folder))
    try:
        administration = Administration(cloud, founded.tenant_id, actor="lab")
        applications = _register_applications(administration, f"https://{names.public_host('app')}")
        code, _expires_at = administration.create_enrolment_code()
    finally:
        cloud.close()
    return RaisedCloud(_describe(lab, foundation, founded), applications, code)


def _register_applications(administration: Administration, base_url: str) -> list[ApplicationPart]:
    """A web application's first address takes the code, its second one receives people who signed out."""
    web, single_page = base_url + WEB_PATH, base_url + SPA_PATH
    return [
        _register(administration, ApplicationKind.PUBLIC, "Sample desktop application", ["http://localhost"]),
        _register(administration, ApplicationKind.WEB, "Sample web application", [base_url + WEB_CALLBACK_PATH, web]),
        _register(administration, ApplicationKind.SPA, "Sample single-page application", [single_page]),
    ]


def _register(
    administration: Administration, kind: ApplicationKind, name: str, redirects: list[str]
) -> ApplicationPart:
    is_public, is_spa = kind is ApplicationKind.PUBLIC, kind is ApplicationKind.SPA
    application = administration.create_application(
        name, [redirect_uri(each, is_public=is_public, is_spa=is_spa) for each in redirects], is_public=is_public
    )
    secret = administration.add_secret(application.client_id) if kind is ApplicationKind.WEB else None
    return ApplicationPart(
        type=kind,
        name=name,
        client_id=str(application.client_id),
        client_secret=secret,
        redirect_uris=redirects,
        url=None if is_public else redirects[-1],
    )


def _serve(lab: Construction) -> None:
    hosts = [lab.names.public_host(part) for part in _SERVED]
    files = lab.authority.issue(lab.certificates, hosts)
    addresses = [public_address(lab.block, part) for part in _SERVED]
    listening = [text for address in addresses for text in ("--listen", f"{address}:{_PORT}")]
    trust = ssl.create_default_context(cafile=lab.ca_file)
    lab.launch(
        "cloud",
        *("cloud", "serve", "--dir", str(lab.folder / "cloud"), *listening),
        *("--certificate", str(files.certificate), "--private-key", str(files.private_key)),
        ready=lambda: speaks_tls(hosts[0], trust),
        seconds=_PATIENCE_SECONDS,
    )


def speaks_tls(host: str, trust: ssl.SSLContext) -> bool:
    try:
        with socket.create_connection((host, _PORT), timeout=5) as connection:
            trust.wrap_socket(connection, server_hostname=host).close()
    except OSError:
        return False
    return True


def _describe(lab: Construction, foundation: Foundation, founded: Founded) -> CloudPart:
    return CloudPart(
        url=foundation.public_url,
        authority=f"{foundation.public_url}/{founded.tenant_id}",
        tenant_id=str(founded.tenant_id),
        domain=foundation.domain,
        ca_file=lab.ca_file,
        admin=CloudAdmin(upn=founded.administrator, password=founded.password),
        state_directory=founded.folder,
        log=lab.log("cloud"),
    )
