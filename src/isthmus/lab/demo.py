"""`make demo`: the main job on a real domain, told as it happens."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from uuid import UUID

from rich.console import Console

from isthmus.cloud.settings import load_settings
from isthmus.cloud.wiring import Cloud, build_cloud
from isthmus.lab.clients import PasswordGrant, SigninAnswer, browser_page, sign_in_with_msal
from isthmus.lab.construction import LabOptions
from isthmus.lab.description import ApplicationKind, ApplicationPart, CloudPart, LabDescription, UserPart
from isthmus.lab.lifecycle import bring_up, start_part, stop_part, take_down
from isthmus.lab.passwords import random_password
from isthmus.lab.samba_bindings import SambaBindings
from isthmus.lab.story import DidNotHoldError, Finding, Line, Story

_PATIENCE_SECONDS = 30
_POLL_SECONDS = 0.01
_PAGE = 1000
_ACCOUNT_DISABLED = 50057
_WRONG_PASSWORD = 50126
_NORMAL_AND_DISABLED = "514"


def tell(options: LabOptions, console: Console, *, keep_running: bool) -> bool:
    """Bring a lab up, tell the main job on it, take it down. True: each step held.

    *keep_running*: wait for Ctrl-C before the end, so that a person may try it by hand.
    """
    story = Story(console)
    console.print("[bold]Isthmus[/]: one password, in Active Directory and in the cloud\n")
    began = time.perf_counter()
    lab = bring_up(
        options,
        lambda done, seconds: console.print(f"  [dim]{done}, {seconds:.1f} s[/]", highlight=False, soft_wrap=True),
    )
    try:
        ready = f"a real Active Directory domain of {options.users:,} people, the cloud and an agent are up"
        story.add(Line(ready, held=True, seconds=time.perf_counter() - began, remark=lab.directory.realm))
        with _Tale(lab) as tale:
            for claim, prove in tale.steps():
                story.step(claim, prove)
        story.summarise()
        _tell_where_to_go_on(lab, console)
        if keep_running:
            console.print("\nThe lab keeps running. Ctrl-C takes everything down.")
            _wait_for_interrupt()
    finally:
        take_down(options.folder)
        console.print("Everything is taken down.")
    return story.all_held


class _Tale:
    """The steps, each of which leaves the lab as the next one expects it."""

    def __init__(self, lab: LabDescription) -> None:
        if lab.cloud is None:
            raise ValueError("the lab has no cloud")
        self._lab = lab
        self._cloud: CloudPart = lab.cloud
        self._public = _application(lab, ApplicationKind.PUBLIC)
        self._web = _application(lab, ApplicationKind.WEB)
        self._grant = PasswordGrant(self._cloud.authority, self._public.client_id, self._cloud.ca_file)
        self._directory = SambaBindings(lab.controller("dc1").smb_conf, log=lab.folder / "logs" / "bindings.log")
        self._ann, self._bela, self._carla, self._dinh = lab.users[:4]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.close()
        self._grant.close()

    def steps(self) -> Iterator[tuple[str, Callable[[], Finding]]]:
        ann, bela, carla, dinh = (user.display_name for user in (self._ann, self._bela, self._carla, self._dinh))
        yield "every one of them is in the cloud", self._everyone_is_in_the_cloud
        yield f"{ann} signs in through Microsoft's MSAL with the password of the directory", self._msal_signs_in
        yield f"{bela} signs in to the sample application in a real browser", self._browser_signs_in
        yield f"{ann}'s password is changed in the directory: the cloud takes the new one", self._new_password_arrives
        yield "… and refuses the old one", self._old_password_is_refused
        yield f"{carla} is disabled in the directory: the cloud refuses the right password", self._disabled_is_refused
        yield f"every domain controller is stopped: {dinh} still signs in", self._works_without_controllers
        yield "a controller comes back: the password that was changed meanwhile arrives", self._change_meanwhile_arrives

    def _everyone_is_in_the_cloud(self) -> Finding:
        wanted = self._lab.directory.user_count
        cloud = build_cloud(load_settings(self._lab.folder))
        try:
            _until(lambda: self._synchronised(cloud) >= wanted, f"{wanted} people in the cloud")
            return Finding(f"{self._synchronised(cloud):,} people")
        finally:
            cloud.close()

    def _synchronised(self, cloud: Cloud) -> int:
        """How many people the cloud holds that a directory masters."""
        tenant_id, found, after = UUID(self._cloud.tenant_id), 0, ""
        while page := cloud.accounts.page(tenant_id, after=after, limit=_PAGE):
            found += sum(1 for account in page if account.source_anchor is not None)
            after = page[-1].user_principal_name
        return found

    def _msal_signs_in(self) -> Finding:
        answer = self._sign_in_with_msal(self._ann)
        _require(answer.signed_in, answer.error)
        return Finding(f"id_token for {(answer.claims or {}).get('preferred_username')}")

    def _browser_signs_in(self) -> Finding:
        with browser_page(self._cloud.ca_file) as page:
            began = time.perf_counter()
            page.goto(f"{self._web.url}")
            page.get_by_role("link", name="Sign in").click()
            page.get_by_label("User name").fill(self._bela.upn)
            page.get_by_role("button", name="Next").click()
            page.get_by_label("Password").fill(self._bela.password)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_text(self._bela.display_name).first.wait_for()
            return Finding(page.url, time.perf_counter() - began)

    def _new_password_arrives(self) -> Finding:
        return Finding("from the controller's commit to the first sign-in", self._change_password(self._ann))

    def _old_password_is_refused(self) -> Finding:
        return _refused(self._grant.sign_in(self._ann.upn, self._ann.password), _WRONG_PASSWORD)

    def _disabled_is_refused(self) -> Finding:
        _require(self._grant.sign_in(self._carla.upn, self._carla.password).signed_in, "she could not sign in before")
        self._directory.ask("modify", dn=self._carla.dn, attributes={"userAccountControl": [_NORMAL_AND_DISABLED]})
        began = time.perf_counter()
        _until(lambda: not self._grant.sign_in(self._carla.upn, self._carla.password).signed_in, "refused")
        seconds = time.perf_counter() - began
        return Finding(
            _refused(self._grant.sign_in(self._carla.upn, self._carla.password), _ACCOUNT_DISABLED).remark, seconds
        )

    def _works_without_controllers(self) -> Finding:
        for controller in self._controllers():
            stop_part(self._lab.folder, controller)
        answer = self._sign_in_with_msal(self._dinh)
        _require(answer.signed_in, answer.error)
        return Finding("through MSAL")

    def _change_meanwhile_arrives(self) -> Finding:
        fresh = random_password()
        self._directory.ask("set_password", dn=self._dinh.dn, password=fresh)
        for controller in self._controllers():
            start_part(self._lab.folder, controller)
        began = time.perf_counter()
        self._wait_for_sign_in(self._dinh, fresh)
        return Finding("from the controller's start to the first sign-in", time.perf_counter() - began)

    def _change_password(self, user: UserPart) -> float:
        """Seconds from the directory's commit to the first sign-in."""
        fresh = random_password()
        self._directory.ask("set_password", dn=user.dn, password=fresh)
        began = time.perf_counter()
        self._wait_for_sign_in(user, fresh)
        return time.perf_counter() - began

    def _wait_for_sign_in(self, user: UserPart, password: str) -> None:
        _until(lambda: self._grant.sign_in(user.upn, password).signed_in, f"{user.upn} signed in")

    def _sign_in_with_msal(self, user: UserPart) -> SigninAnswer:
        return sign_in_with_msal(
            self._cloud.authority, self._public.client_id, self._cloud.ca_file, user.upn, user.password
        )

    def _controllers(self) -> list[str]:
        return [part.host.partition(".")[0] for part in self._lab.directory.controllers]


def _application(lab: LabDescription, kind: ApplicationKind) -> ApplicationPart:
    return next(application for application in lab.applications if application.type is kind)


def _refused(answer: SigninAnswer, code: int) -> Finding:
    _require(answer.error_code == code, f"AADSTS{answer.error_code} {answer.error}")
    return Finding(f"AADSTS{code}")


def _require(held: bool, otherwise: str) -> None:
    if not held:
        raise DidNotHoldError(otherwise)


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        _require(time.monotonic() < deadline, f"not within {_PATIENCE_SECONDS} s: {what}")
        time.sleep(_POLL_SECONDS)


def _tell_where_to_go_on(lab: LabDescription, console: Console) -> None:
    if lab.cloud is None:
        return
    console.print("\nTry it by hand (the names resolve on this machine; trust the CA or accept its warning):")
    for application in lab.applications:
        if application.url:
            console.print(f"  {application.url}   {application.name}", highlight=False, soft_wrap=True)
    user = lab.users[4]
    console.print(f"  as {user.upn} with the password {user.password}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"  authority for your own application: {lab.cloud.authority}", highlight=False, soft_wrap=True)
    console.print(f"  everything else is in {Path(lab.folder) / 'lab.json'}", highlight=False, soft_wrap=True)


def _wait_for_interrupt() -> None:
    with _ended_by_signal() as ended:
        ended.wait()


@contextmanager
def _ended_by_signal() -> Iterator[threading.Event]:
    """Set by Ctrl-C, and by the signal with which a service manager ends a program."""
    ended = threading.Event()
    held = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
