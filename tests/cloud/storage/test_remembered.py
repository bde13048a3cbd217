"""What a process remembers for a few seconds."""

from isthmus.cloud.storage.cache import Remembered


def test_a_value_is_loaded_once_and_again_after_forgetting() -> None:
    loads: list[int] = []

    def load() -> int:
        loads.append(len(loads))
        return loads[-1]

    kept: Remembered[str, int] = Remembered()
    assert (kept.get("a", load), kept.get("a", load)) == (0, 0)
    kept.forget()
    assert kept.get("a", load) == 1


def test_a_value_grows_old() -> None:
    kept: Remembered[str, object] = Remembered(seconds=0)
    assert kept.get("a", object) is not kept.get("a", object)


def test_absence_is_not_remembered() -> None:
    kept: Remembered[str, int] = Remembered()
    assert kept.get("a", lambda: None) is None
    assert kept.get("a", lambda: 1) == 1


def test_what_was_read_before_a_change_does_not_outlive_it() -> None:
    kept: Remembered[str, str] = Remembered()

    def load_while_it_changes() -> str:
        kept.forget()
        return "old"

    assert kept.get("a", load_while_it_changes) == "old"
    assert kept.get("a", lambda: "new") == "new"
