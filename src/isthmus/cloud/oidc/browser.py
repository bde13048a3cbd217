"""Who is signed in in the browser that sends a request."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from isthmus.cloud.accounts.account import Account
from isthmus.cloud.signin.session import Session, session_is_good
from isthmus.cloud.web.cookies import SESSION, set_cookie
from isthmus.cloud.web.http import HttpRequest
from isthmus.cloud.web.opaque import SECRET_BYTES, Handle, handle_of, handle_text, read_handle


class Accounts(Protocol):
    def get(self, tenant_id: UUID, account_id: UUID) -> Account | None: ...


class Sessions(Protocol):
    def add(self, handle: Handle, session: Session) -> None: ...

    def find(self, handle: Handle) -> Session | None: ...

    def end(self, handle: Handle) -> None: ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    session: Session
    account: Account


class Browser:
    def __init__(self, sessions: Sessions, accounts: Accounts, random_bytes: Callable[[int], bytes]) -> None:
        self._sessions = sessions
        self._accounts = accounts
        self._random_bytes = random_bytes

    def signed_in(self, request: HttpRequest, *, now: datetime) -> SignedIn | None:
        handle = self._handle(request)
        session = self._sessions.find(handle) if handle is not None else None
        if session is None:
            return None
        account = self._accounts.get(session.tenant_id, session.account_id)
        if account is None or not session_is_good(session, account, now=now):
            return None
        return SignedIn(session, account)

    def begin(
        self, request: HttpRequest, account: Account, *, method: str, now: datetime
    ) -> tuple[SignedIn, tuple[str, str]]:
        """A new session in place of the browser's old one, and the header that sets its cookie."""
        self.end(request)
        text = handle_text(account.tenant_id, self._random_bytes(SECRET_BYTES))
        session = Session(
            tenant_id=account.tenant_id,
            session_id=UUID(bytes=self._random_bytes(16), version=4),
            account_id=account.account_id,
            began_at=now,
            methods=(method,),
        )
        self._sessions.add(handle_of(text), session)
        return SignedIn(session, account), set_cookie(SESSION, text)

    def end(self, request: HttpRequest) -> None:
        handle = self._handle(request)
        if handle is not None:
            self._sessions.end(handle)

    def _handle(self, request: HttpRequest) -> Handle | None:
        return read_handle(request.cookies.get(SESSION, ""))
