from hypothesis import given
from hypothesis import strategies as st

from isthmus.lab.host_entries import (
    LabMark,
    addresses_of,
    blocks_in,
    free_block,
    marks_in,
    with_entries,
    without_entries,
)

FOREIGN_LINES = st.lists(
    st.sampled_from(["127.0.0.1\tlocalhost", "::1 localhost ip6-localhost", "# a note", "", "10.0.0.5 files.example"])
)
FOREIGN = FOREIGN_LINES.map(lambda lines: "".join(f"{line}\n" for line in lines))
MARKS = st.builds(
    LabMark,
    name=st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True),
    folder=st.from_regex(r"/[a-z0-9 /-]{1,20}[a-z]", fullmatch=True),
)
ADDRESSES = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}\.isthmus\.test", fullmatch=True),
    st.integers(1, 254).map(lambda last: f"127.77.7.{last}"),
    min_size=1,
)


@given(FOREIGN, MARKS, ADDRESSES)
def test_what_is_added_can_be_read_and_is_removed_without_a_trace(
    text: str, mark: LabMark, addresses: dict[str, str]
) -> None:
    added = with_entries(text, mark, addresses)
    assert added.startswith(text)
    assert marks_in(added) == [mark]
    assert addresses_of(added, mark) == addresses
    assert without_entries(added, [mark]) == text


@given(FOREIGN, MARKS, MARKS, ADDRESSES)
def test_labs_do_not_touch_each_others_entries(
    text: str, mark: LabMark, other: LabMark, addresses: dict[str, str]
) -> None:
    if mark == other:
        return
    both = with_entries(with_entries(text, mark, addresses), other, addresses)
    assert without_entries(both, [mark]) == with_entries(text, other, addresses)


@given(FOREIGN, MARKS, ADDRESSES, FOREIGN_LINES)
def test_lines_behind_an_unfinished_block_are_kept(
    text: str, mark: LabMark, addresses: dict[str, str], behind: list[str]
) -> None:
    added = with_entries(text, mark, addresses)
    cut = added[: added.index("# isthmus lab end")]
    rest = "".join(f"{line}\n" for line in behind)
    assert without_entries(cut + rest, [mark]) == text + rest


def test_a_file_without_a_last_line_end_is_not_damaged() -> None:
    mark = LabMark("demo", "/tmp/demo")
    assert with_entries("127.0.0.1 localhost", mark, {"a.test": "127.77.1.1"}).splitlines()[0] == "127.0.0.1 localhost"


def test_each_name_stands_on_a_line_of_its_own() -> None:
    addresses = {"login.test": "127.77.1.10", "app.test": "127.77.1.10"}
    lines = with_entries("", LabMark("demo", "/lab"), addresses).splitlines()
    assert lines[1:-1] == ["127.77.1.10\tlogin.test", "127.77.1.10\tapp.test"]


def test_a_block_that_somebody_wrote_by_hand_is_not_free() -> None:
    assert blocks_in("127.77.1.9 mine.test\n# 127.77.2.1 once.test\n") == {1, 2}
    assert free_block("127.77.1.9 mine.test\n127.77.2.1 yours.test\n") == 3


def test_no_block_is_free_when_all_are_taken() -> None:
    assert free_block("".join(f"127.77.{block}.1 x\n" for block in range(1, 255))) is None
