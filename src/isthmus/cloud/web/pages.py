"""The pages' frame: templates, style, and the headers that keep a page from being abused."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from isthmus.cloud.web.http import HttpResponse

SUBMIT_SCRIPT = "document.forms[0].submit()"
"""The only script of any page: it posts an answer to the application. Without scripts a button does."""


class Pages:
    def __init__(self) -> None:
        loader = PackageLoader("isthmus.cloud", "templates")
        self._templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
        style = loader.get_source(self._templates, "style.css")[0]
        self._templates.globals |= {"style": style, "submit_script": SUBMIT_SCRIPT}
        self._style_source = _hash_source(style)
        self._script_source = _hash_source(SUBMIT_SCRIPT)

    def answer(
        self,
        template: str,
        values: dict[str, object],
        *,
        status: int = HTTPStatus.OK,
        form_targets: Iterable[str] = (),
        framable: bool = False,
    ) -> HttpResponse:
        """*form_targets*: addresses outside of this cloud to which the page's form leads in the end.

        *framable*: for answers that a hidden frame waits for; they show nothing that could be clicked.
        """
        html = self._templates.get_template(template).render(values)
        policy = [
            "default-src 'none'",
            "img-src data:",
            f"style-src {self._style_source}",
            f"script-src {self._script_source}",
            f"form-action {_form_sources(form_targets)}",
            "base-uri 'none'",
        ]
        if not framable:
            policy.append("frame-ancestors 'none'")
        headers = (("content-security-policy", "; ".join(policy)), ("x-frame-options", "" if framable else "DENY"))
        return HttpResponse(status, html.encode(), "text/html; charset=utf-8", headers)


def _hash_source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}'"


def _form_sources(targets: Iterable[str]) -> str:
    """Browsers apply form-action to every redirect that follows, also to those that the application adds."""
    sources = ["'self'", "https:"]
    for target in targets:
        parts = urlsplit(target)
        source = f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else f"{parts.scheme}:"
        if source.isascii() and not any(character in source for character in " ;,"):
            sources.append(source)
    return " ".join(dict.fromkeys(sources))
