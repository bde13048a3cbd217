"""Serves the sample applications on one host."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from isthmus.lab.applications.settings import SPA_PATH, SampleSettings
from isthmus.lab.applications.web_application import WebApplication

_PAGES = Path(__file__).with_name("pages")
_PORT = 443


def build_site(settings: SampleSettings) -> Starlette:
    templates = Jinja2Templates(_PAGES)

    def home(request: Request) -> Response:
        return templates.TemplateResponse(request, "home.html")

    def single_page(request: Request) -> Response:
        return templates.TemplateResponse(request, "single_page.html")

    def single_page_settings(_request: Request) -> Response:
        return JSONResponse(
            {
                "authority": settings.authority,
                "clientId": settings.spa_client_id,
                "redirectUri": settings.spa_redirect_uri,
            }
        )

    routes = [
        Route("/", home),
        *WebApplication(settings, templates).routes,
        Route(SPA_PATH, single_page),
        Route(f"{SPA_PATH}settings.json", single_page_settings),
        Mount("/files", StaticFiles(directory=_PAGES / "files")),
    ]
    return Starlette(routes=routes, middleware=[Middleware(BaseHTTPMiddleware, dispatch=_strict(settings))])


def serve_site(settings: SampleSettings) -> None:
    uvicorn.run(
        build_site(settings),
        host=settings.address,
        port=_PORT,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.private_key,
        access_log=False,
        server_header=False,
        log_level="info",
    )


def _strict(
    settings: SampleSettings,
) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    """Nothing is loaded from elsewhere; scripts may call the cloud alone."""
    cloud = urlsplit(settings.authority)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"connect-src 'self' {cloud.scheme}://{cloud.netloc}; "
        f"form-action 'self' {cloud.scheme}://{cloud.netloc}; frame-ancestors 'none'"
    )

    async def dispatch(request: Request, following: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await following(request)
        response.headers["Content-Security-Policy"] = policy
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    return dispatch
