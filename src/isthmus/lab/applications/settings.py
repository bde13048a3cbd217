"""What the sample applications are told about themselves."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

WEB_PATH = "/web/"
WEB_CALLBACK_PATH = "/web/callback"
SPA_PATH = "/spa/"


class SampleSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    authority: str
    ca_file: Path
    """Whom the web application trusts when it calls the cloud."""
    base_url: str
    web_client_id: str
    web_client_secret: str
    spa_client_id: str
    address: str
    certificate: Path
    private_key: Path

    @property
    def web_redirect_uri(self) -> str:
        return self.base_url + WEB_CALLBACK_PATH

    @property
    def spa_redirect_uri(self) -> str:
        return self.base_url + SPA_PATH
