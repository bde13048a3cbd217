"""A whole cloud behind TLS on a loopback address of its own, and builders for what it holds."""

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import requests
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from isthmus.cloud.accounts.account import Account, Role
from isthmus.cloud.accounts.application import Application, Platform, RedirectUri
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.administration import only_tenant
from isthmus.cloud.founding import Foundation, found_cloud
from isthmus.cloud.settings import load_settings
from isthmus.cloud.wiring import Cloud, build_app, build_cloud
from isthmus.passwordhash import CloudHash, NtHash

PASSWORD = "Correct-horse-7"
WEB_URI = "https://app.contoso.test/signin"
SPA_URI = "https://spa.contoso.test/"
PUBLIC_URI = "http://localhost"


@dataclass
class LiveCloud:
    """`url` is what clients use; `cloud` is the same cloud from the inside, for what a test must set up or look at."""

    cloud: Cloud
    url: str
    ca_file: Path
    certificate_file: Path
    tenant: Tenant
    session: requests.Session = field(repr=False)

    @property
    def tenant_id(self) -> UUID:
        return self.tenant.tenant_id

    @property
    def authority(self) -> str:
        return f"{self.url}/{self.tenant_id}"

    def person(
        self, *, enabled: bool = True, password: str | None = PASSWORD, roles: frozenset[Role] = frozenset()
    ) -> Account:
        """A new account with a synchronised password hash; None: none has arrived yet."""
        account = Account(
            tenant_id=self.tenant_id,
            account_id=uuid4(),
            user_principal_name=f"person-{secrets.token_hex(4)}@contoso.test",
            enabled=enabled,
            display_name="Ann Person",
            given_name="Ann",
            surname="Person",
            mail="ann@mail.test",
            security_identifier="S-1-5-21-1-2-3-1104",
            roles=roles,
            sessions_valid_from=datetime.now(UTC) - timedelta(days=1),
        )
        self.cloud.accounts.create_cloud_account(
            account, credential=None if password is None else cloud_hash(password), now=datetime.now(UTC)
        )
        return account

    def application(
        self, *redirect_uris: RedirectUri, is_public: bool = False, hybrid: bool = False, name: str = "Payroll"
    ) -> Application:
        application = Application(
            tenant_id=self.tenant_id,
            client_id=uuid4(),
            name=name,
            redirect_uris=redirect_uris,
            is_public=is_public,
            allows_id_token_from_authorize=hybrid,
        )
        self.cloud.applications.create(application, now=datetime.now(UTC))
        return application

    def secret_of(self, application: Application, *, expires_at: datetime | None = None) -> str:
        return self.cloud.applications.add_secret(self.tenant_id, application.client_id, expires_at=expires_at)

    def public_application(self) -> Application:
        return self.application(RedirectUri(PUBLIC_URI, Platform.PUBLIC), is_public=True)

    def web_application(self, *, hybrid: bool = False) -> tuple[Application, str]:
        """With its secret."""
        application = self.application(RedirectUri(WEB_URI, Platform.WEB), hybrid=hybrid)
        return application, self.secret_of(application)

    def spa(self) -> Application:
        return self.application(RedirectUri(SPA_URI, Platform.SPA))

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, allow_redirects=False, timeout=30, **options)

    def post(self, path: str, form: dict[str, str], **options: Any) -> requests.Response:
        return self.session.post(self.url + path, data=form, allow_redirects=False, timeout=30, **options)

    def token(self, form: dict[str, str], *, tenant: str | None = None, **options: Any) -> requests.Response:
        return self.post(f"/{tenant or self.tenant_id}/oauth2/v2.0/token", form, **options)

    def password_grant(
        self, application: Application, name: str, password: str = PASSWORD, *, scope: str = "openid profile User.Read"
    ) -> requests.Response:
        form = {"grant_type": "password", "client_id": str(application.client_id), "scope": scope}
        return self.token(form | {"username": name, "password": password})

    def browser(self) -> requests.Session:
        """A browser without scripts: keeps cookies."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.ca_file)
        return session


def cloud_hash(password: str) -> str:
    return CloudHash.derive(NtHash.of_password(password), salt=secrets.token_bytes(10)).text


@contextmanager
def running_cloud(folder: Path, address: str) -> Iterator[LiveCloud]:
    """Serves on port 443 of *address*, which must be of the loopback network and free."""
    url = f"https://{address}"
    foundation = Foundation(name="Contoso", domain="contoso.test", public_url=url, administrator="admin@contoso.test")
    founded = found_cloud(folder / "cloud", foundation, now=datetime.now(UTC))
    cloud = build_cloud(load_settings(founded.folder))
    cloud.tenants.add_domain(founded.tenant_id, "contoso.example")
    tenant = only_tenant(cloud)
    ca_file, certificate_file, key_file = _certificate(folder, address)
    session = requests.Session()
    session.trust_env = False
    session.verify = str(ca_file)
    config = uvicorn.Config(
        build_app(cloud),
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=1,
        ssl_certfile=str(certificate_file),
        ssl_keyfile=str(key_file),
    )
    with _serving(config, address), session:
        yield LiveCloud(cloud, url, ca_file, certificate_file, tenant, session)
    cloud.close()


@contextmanager
def _serving(config: uvicorn.Config, address: str) -> Iterator[None]:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, 443))
    listener.listen(128)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _certificate(folder: Path, address: str) -> tuple[Path, Path, Path]:
    """A CA, and what the server shows: its certificate with the CA behind it, and the private key."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    usage = dict.fromkeys(_KEY_USAGES, False)
    ca_identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**(usage | {"key_cert_sign": True})), critical=True)
        .add_extension(ca_identifier, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    leaf = (
        _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)]), ca_name, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.KeyUsage(**(usage | {"digital_signature": True})), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_identifier), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    ca_file, certificate_file, key_file = folder / "ca.pem", folder / "server.pem", folder / "server.key"
    ca_file.write_bytes(ca.public_bytes(encoding))
    certificate_file.write_bytes(leaf.public_bytes(encoding) + ca.public_bytes(encoding))
    key_file.write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return ca_file, certificate_file, key_file


_KEY_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
    )
