"""cloud.toml: all faults at once, and nothing guessed."""

from pathlib import Path

import pytest

from isthmus.cloud.settings import SettingsError, load_settings

GOOD = 'public_url = "https://login.contoso.example"\ndatabase_url = "sqlite:///cloud.db"\n'


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cloud.toml").write_text(text, "utf-8")
    return folder


def test_relative_paths_are_beside_the_settings(tmp_path: Path) -> None:
    text = GOOD + '[serve]\ncertificate = "tls.pem"\nprivate_key = "/etc/tls.key"\n'
    settings = load_settings(write(tmp_path, text))
    assert settings.database_address == f"sqlite:///{tmp_path}/cloud.db"
    assert settings.certificate_path == f"{tmp_path}/tls.pem"
    assert settings.private_key_path == "/etc/tls.key"
    assert settings.keys_folder == tmp_path / "keys"


def test_an_absolute_database_path_stays(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD.replace("sqlite:///", "sqlite:////var/lib/")))
    assert settings.database_address == "sqlite:////var/lib/cloud.db"


def test_a_labs_folder_is_as_good_as_a_clouds(tmp_path: Path) -> None:
    write(tmp_path / "cloud", GOOD)
    assert load_settings(tmp_path).folder == tmp_path / "cloud"


def test_a_folder_without_settings_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="isthmus cloud init"):
        load_settings(tmp_path)


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    text = 'public_url = "http://login.contoso.example"\ncurrent_key = "1"\ncolour = 3\n'
    text += '[serve]\nlisten = "x"\nworkers = 2\n'
    with pytest.raises(SettingsError) as told:
        load_settings(write(tmp_path, text))
    message = str(told.value)
    assert message.startswith(f"{tmp_path}/cloud.toml has 6 fault(s):")
    for line in (
        "public_url: found 'http://login.contoso.example': http is for this machine's own loopback only: write https",
        "database_url: missing, add it",
        "current_key: found '1': Input should be a valid integer",
        "colour: unknown key, remove it",
        "serve.listen: found 'x'",
        "serve.workers: unknown key",
    ):
        assert line in message


def test_a_databases_password_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as told:
        load_settings(write(tmp_path, GOOD.replace("sqlite:///cloud.db", "mysql://ann:geheim@db/x")))
    assert "database_url: found" in str(told.value)
    assert "geheim" not in str(told.value)


@pytest.mark.parametrize("text", ["public_url = ", 'folder = "/"\n' + GOOD])
def test_other_nonsense_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        load_settings(write(tmp_path, text))


@pytest.mark.parametrize(
    "url",
    ["https://x.example/", "https://x.example?a=b", "https://u@x.example", "ftp://x.example", "x.example", "https://"],
)
def test_a_public_url_has_one_exact_form(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="public_url"):
        load_settings(write(tmp_path, GOOD.replace("https://login.contoso.example", url)))
