"""The settings file: all faults at once, each with what to do."""

from pathlib import Path

import pytest

from isthmus.active_directory import Mechanism
from isthmus.agent.errors import SettingsError
from isthmus.agent.settings import Settings, read_settings

GOOD = """
[directory]
domain = "ad.example.com"
account = "svc-isthmus"
password_file = "password"
[cloud]
url = "https://login.example.com/"
[state]
directory = "state"
"""


def written(folder: Path, text: str) -> Path:
    (folder / "password").write_text("secret")
    path = folder / "agent.toml"
    path.write_text(text)
    return path


def read(folder: Path, text: str) -> Settings:
    return read_settings(written(folder, text))


def faults_of(folder: Path, text: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        read(folder, text)
    return {fault.key: f"{fault.found}. {fault.remedy}" for fault in caught.value.faults}


def test_a_short_file_is_enough(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD)
    assert settings.directory.mechanism is Mechanism.KERBEROS
    assert settings.cloud.url == "https://login.example.com"
    assert settings.pace.watch_milliseconds == 100


def test_relative_paths_are_beside_the_file(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD)
    assert settings.state.directory == tmp_path / "state"
    assert settings.directory.password_file == tmp_path / "password"


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    text = """
[directory]
domain = "not a domain"
acount = "svc"
mechanism = "magic"
password_file = "password"
[cloud]
url = "http://login.example.com"
[pace]
watch_milliseconds = "fast"
"""
    assert set(faults_of(tmp_path, text)) == {
        "directory.domain",
        "directory.acount",
        "directory.account",
        "directory.mechanism",
        "cloud.url",
        "state",
        "pace.watch_milliseconds",
    }


def test_an_unknown_setting_comes_with_a_suggestion(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, GOOD.replace("account", "acount"))
    assert "did you mean account?" in faults["directory.acount"]
    assert "did you mean cloud?" in faults_of(tmp_path, GOOD.replace("[cloud]", "[clout]"))["clout"]


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('password_file = "password"', "", "directory"),
        ('password_file = "password"', 'password_file = "password"\nkeytab = "password"', "directory"),
        ('password_file = "password"', 'mechanism = "ntlm"\nkeytab = "password"', "directory"),
        ('password_file = "password"', 'password_file = "nowhere"', "directory.password_file"),
        ("[state]", 'ca_file = "password"\ncertificate_sha256 = "' + "ab" * 32 + '"\n[state]', "cloud"),
        ("[state]", 'certificate_sha256 = "abcd"\n[state]', "cloud.certificate_sha256"),
        ("[state]", "verify = false\n[state]", "cloud.verify"),
    ],
)
def test_what_does_not_go_together_is_a_fault(tmp_path: Path, before: str, after: str, key: str) -> None:
    assert set(faults_of(tmp_path, GOOD.replace(before, after))) == {key}


def test_a_file_that_is_no_toml_says_where(tmp_path: Path) -> None:
    assert "is not TOML" in faults_of(tmp_path, "[directory")["the file"]


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--config"):
        read_settings(tmp_path / "nowhere.toml")
