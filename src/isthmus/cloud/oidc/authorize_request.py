"""Reads an authorization request, in two steps: where its answer goes, and what it asks for.

What is wrong before the answer's address is known and checked is shown to the person; the rest goes to the application.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from isthmus.cloud.accounts.application import Application, Platform, RedirectUri
from isthmus.cloud.oidc.redirect_uri import find_redirect_uri
from isthmus.cloud.oidc.refusal import RefusedError, invalid_request, missing_parameter

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_AGE = 2**31


class ResponseMode(StrEnum):
    QUERY = "query"
    FRAGMENT = "fragment"
    FORM_POST = "form_post"


class Prompt(StrEnum):
    NONE = "none"
    LOGIN = "login"
    SELECT_ACCOUNT = "select_account"
    CONSENT = "consent"
    """Nothing asks for consent yet: as if it were not there."""


_MODES = {mode.value: mode for mode in ResponseMode}
_PROMPTS = {prompt.value: prompt for prompt in Prompt}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the answer goes."""

    redirect_uri: str
    """As it was asked for."""
    registration: RedirectUri
    mode: ResponseMode
    state: str | None
    is_silent: bool
    """prompt=none: nothing may be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for."""

    with_code: bool
    with_id_token: bool
    scope: str
    nonce: str | None
    challenge: str | None
    prompt: Prompt | None
    login_hint: str | None
    session_id: str | None
    max_age: timedelta | None
    wants_client_info: bool


def read_target(parameters: Mapping[str, str], application: Application) -> Target:
    asked = parameters.get("redirect_uri")
    if asked is None:
        raise missing_parameter("redirect_uri")
    registration = find_redirect_uri(application, asked)
    if registration is None:
        raise invalid_request(50011, f"the redirect URI of the request is not registered for {application.name}")
    response_types = _response_types(parameters)
    return Target(
        redirect_uri=asked,
        registration=registration,
        mode=_mode(parameters, response_types) or _default_mode(response_types),
        state=parameters.get("state"),
        is_silent="none" in parameters.get("prompt", "").split(),
    )


def read_wish(parameters: Mapping[str, str], application: Application, target: Target) -> Wish:
    for name in ("request", "request_uri"):
        if name in parameters:
            raise RefusedError(f"{name}_not_supported", 90023, f"the parameter '{name}' is not supported")
    response_types = _checked_response_types(parameters, application)
    nonce = parameters.get("nonce")
    if "id_token" in response_types and nonce is None:
        raise missing_parameter("nonce")
    return Wish(
        with_code="code" in response_types,
        with_id_token="id_token" in response_types,
        scope=_scope(parameters, response_types),
        nonce=nonce,
        challenge=_challenge(parameters, target.registration.platform, with_code="code" in response_types),
        prompt=_prompt(parameters),
        login_hint=parameters.get("login_hint"),
        session_id=parameters.get("sid"),
        max_age=_max_age(parameters),
        wants_client_info=parameters.get("client_info") == "1",
    )


def _response_types(parameters: Mapping[str, str]) -> frozenset[str]:
    return frozenset(parameters.get("response_type", "").split())


def _checked_response_types(parameters: Mapping[str, str], application: Application) -> frozenset[str]:
    response_types = _response_types(parameters)
    if not response_types:
        raise missing_parameter("response_type")
    if response_types not in ({"code"}, {"id_token"}, {"code", "id_token"}):
        raise RefusedError("unsupported_response_type", 70005, "this response_type is not supported")
    if "id_token" in response_types and not application.allows_id_token_from_authorize:
        raise RefusedError(
            "unsupported_response_type", 700054, "response_type 'id_token' is not enabled for the application"
        )
    mode = _mode(parameters, response_types)
    if mode is None or (mode is ResponseMode.QUERY and "id_token" in response_types):
        raise invalid_request(70007, "this response_mode cannot be had with this response_type")
    return response_types


def _mode(parameters: Mapping[str, str], response_types: frozenset[str]) -> ResponseMode | None:
    asked = parameters.get("response_mode")
    if asked is None:
        return _default_mode(response_types)
    return _MODES.get(asked)


def _default_mode(response_types: frozenset[str]) -> ResponseMode:
    return ResponseMode.FRAGMENT if "id_token" in response_types else ResponseMode.QUERY


def _scope(parameters: Mapping[str, str], response_types: frozenset[str]) -> str:
    scope = parameters.get("scope")
    if scope is None:
        raise missing_parameter("scope")
    if "id_token" in response_types and "openid" not in scope.split():
        raise RefusedError("invalid_scope", 70011, "an id_token needs the scope 'openid'")
    return scope


def _challenge(parameters: Mapping[str, str], platform: Platform, *, with_code: bool) -> str | None:
    challenge = parameters.get("code_challenge")
    if challenge is None:
        if with_code and platform is not Platform.WEB:
            raise invalid_request(9002325, "an application without a secret must use PKCE: send a code_challenge")
        return None
    if parameters.get("code_challenge_method") != "S256":
        raise invalid_request(501481, "code_challenge_method must be S256")
    if _CHALLENGE.fullmatch(challenge) is None:
        raise invalid_request(501481, "code_challenge must be 43 characters of base64url")
    return challenge


def _prompt(parameters: Mapping[str, str]) -> Prompt | None:
    asked = parameters.get("prompt")
    if asked is None:
        return None
    prompt = _PROMPTS.get(asked)
    if prompt is None:
        raise invalid_request(90023, "this value of 'prompt' is not supported")
    return prompt


def _max_age(parameters: Mapping[str, str]) -> timedelta | None:
    asked = parameters.get("max_age")
    if asked is None:
        return None
    if not (asked.isascii() and asked.isdecimal() and len(asked) <= 10 and int(asked) < _LONGEST_AGE):
        raise invalid_request(90023, "max_age must be a number of seconds")
    return timedelta(seconds=int(asked))
