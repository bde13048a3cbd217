"""The operator reads the sign-in log."""

import json

from click.testing import CliRunner
from tests.cloud.live_cloud import LiveCloud

from isthmus.cli.cloud import group as cloud_group
from isthmus.cli.cloud_log import group


def told(live: LiveCloud, *arguments: str) -> str:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(
        group, ["signins", *arguments, "--dir", str(live.cloud.settings.folder)]
    )
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_log_tells_the_true_reason(live: LiveCloud) -> None:
    application, ann, nobody = live.public_application(), live.person(), "nobody-at-all@contoso.test"
    assert live.password_grant(application, ann.user_principal_name).status_code == 200
    live.password_grant(application, ann.user_principal_name, "wr0ng-pass")
    live.password_grant(application, nobody, "wr0ng-pass")
    entries = json.loads(told(live, "--user", ann.user_principal_name.upper(), "--json"))
    assert [entry["status"]["errorCode"] for entry in entries] == [50126, 0]
    assert entries[0]["userId"] == str(ann.account_id)
    [failed] = json.loads(told(live, "--user", nobody, "--failed", "--json"))
    assert failed["status"] == {"errorCode": 50034, "failureReason": "no account has this user name"}
    shown = told(live, "--limit", "3")
    assert "50034 no account has this user name" in shown
    assert "signed in" in shown
    assert "wr0ng-pass" not in shown


def test_sweeping_leaves_what_is_alive(live: LiveCloud) -> None:
    application, ann = live.public_application(), live.person()
    answer = live.password_grant(application, ann.user_principal_name, scope="offline_access").json()
    result = CliRunner().invoke(cloud_group, ["sweep", "--dir", str(live.cloud.settings.folder)])
    assert result.exit_code == 0, result.output
    form = {"grant_type": "refresh_token", "client_id": str(application.client_id)}
    assert live.token(form | {"refresh_token": answer["refresh_token"]}).status_code == 200
    assert len(live.cloud.signin_log.recent(live.tenant_id, user_principal_name=ann.user_principal_name)) == 2


def test_a_password_in_the_user_name_field_is_not_kept(live: LiveCloud) -> None:
    live.password_grant(live.public_application(), "My-Secret-Passw0rd", "x")
    shown = told(live, "--limit", "1")
    assert "(not a user name)" in shown
    assert "Secret" not in shown


def test_a_strangers_name_commands_no_terminal(live: LiveCloud) -> None:
    live.password_grant(live.public_application(), "\x1b]0;owned\x07\x1b[31m\u202ered\nx@contoso.test", "x")
    shown = told(live, "--limit", "1")
    assert r"\x1b]0;owned\x07\x1b[31m\u202ered\nx@contoso.test" in shown
