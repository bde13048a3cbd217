from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from isthmus.cloud.web.opaque import SECRET_BYTES, Handle, handle_of, handle_text, read_handle


@given(st.uuids(), st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES))
def test_a_handle_is_read_back(tenant_id: UUID, secret: bytes) -> None:
    text = handle_text(tenant_id, secret)
    assert read_handle(text) == handle_of(text)
    assert handle_of(text).tenant_id == tenant_id


@given(st.text() | st.text(min_size=64, max_size=64) | st.text("ABCxyz-_=+/ ", min_size=64, max_size=64))
def test_any_text_is_read_without_harm(text: str) -> None:
    assert isinstance(read_handle(text), Handle | None)


def test_only_one_spelling_of_a_handle_is_one() -> None:
    text = handle_text(UUID(int=0), bytes(SECRET_BYTES))
    assert read_handle("!" + text[1:]) is None
    assert read_handle(text + "=") is None
    assert read_handle(text[:-1]) is None
