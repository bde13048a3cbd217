"""Brings up a lab's sample applications."""

import ssl

from isthmus.lab.applications.settings import SampleSettings
from isthmus.lab.certificates import write_private
from isthmus.lab.cloud_part import RaisedCloud, speaks_tls
from isthmus.lab.construction import Construction
from isthmus.lab.description import ApplicationKind
from isthmus.lab.names import public_address

_PATIENCE_SECONDS = 20


def raise_applications(lab: Construction, cloud: RaisedCloud) -> None:
    host = lab.names.public_host("app")
    with lab.step(f"started the sample applications at https://{host}"):
        path = lab.folder / "applications.json"
        write_private(path, _settings(lab, cloud, host).model_dump_json(indent=2).encode())
        trust = ssl.create_default_context(cafile=lab.ca_file)
        lab.launch(
            "applications",
            *("lab", "serve-applications", str(path)),
            ready=lambda: speaks_tls(host, trust),
            seconds=_PATIENCE_SECONDS,
        )


def _settings(lab: Construction, cloud: RaisedCloud, host: str) -> SampleSettings:
    by_kind = {application.type: application for application in cloud.applications}
    web = by_kind[ApplicationKind.WEB]
    files = lab.authority.issue(lab.certificates, [host])
    return SampleSettings(
        authority=cloud.part.authority,
        ca_file=lab.ca_file,
        base_url=f"https://{host}",
        web_client_id=web.client_id,
        web_client_secret=web.client_secret or "",
        spa_client_id=by_kind[ApplicationKind.SPA].client_id,
        address=public_address(lab.block, "app"),
        certificate=files.certificate,
        private_key=files.private_key,
    )
