"""The document store: bytes come back as they were, under one name, on disk and in memory."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.adapters.document_store import DamagedDocumentError, DocumentStore
from models.errors import NotFoundError

CONTENT = b"%PDF-1.7 \x00\xff a document"
HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> DocumentStore:
    """An empty store, on disk and in memory."""
    return DocumentStore(f"{request.param}://{tmp_path}/documents")


def stored(store: DocumentStore) -> list[str]:
    """Return the names of all files in the store, drafts too."""
    return [path.rsplit("/", 1)[1] for path in store._files.find(store._root)]


def test_a_document_lies_under_its_hash(store: DocumentStore) -> None:
    """The name is the SHA-256 of the bytes, so that anybody can check it."""
    sha256 = store.put(b"hello")

    assert sha256 == HELLO
    assert store.path_of(sha256).endswith(f"/documents/2c/f2/{HELLO}.pdf")
    assert stored(store) == [f"{HELLO}.pdf"]


def test_a_document_comes_back_to_the_byte(store: DocumentStore) -> None:
    """A hash binds exact bytes; nothing is translated."""
    assert store.get(store.put(CONTENT)) == CONTENT


@given(contents=st.lists(st.binary(max_size=64), min_size=1, max_size=5))
def test_whatever_is_put_is_found_under_its_hash(contents: list[bytes]) -> None:
    """For all bytes, the empty document too."""
    store = DocumentStore("memory://laws/documents")

    places = [store.put(content) for content in contents]

    assert [store.get(place) for place in places] == contents
    assert places == [hashlib.sha256(content).hexdigest() for content in contents]


def test_storing_again_writes_nothing(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first stored wins: what lies there is not touched, not even with equal bytes."""
    first = store.put(CONTENT)

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(store._files, "pipe_file", refuse)
    monkeypatch.setattr(store._files, "mv", refuse)

    assert store.put(CONTENT) == first
    assert store.get(first) == CONTENT


def test_many_threads_store_one_document(store: DocumentStore) -> None:
    """Workers share the store; each sees a whole document and no draft remains."""
    other = b"another document"

    def put_and_get(number: int) -> bytes:
        return store.get(store.put(CONTENT if number % 2 else other))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(put_and_get, range(64)))

    assert found == [other, CONTENT] * 32
    assert len(stored(store)) == 2


def test_a_crash_before_the_move_leaves_no_document(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads half a document; the next attempt stores the whole one beside the draft."""
    sha256 = hashlib.sha256(CONTENT).hexdigest()

    def crash(path: str, content: bytes) -> None:
        write(path, content[:5])
        raise OSError("power cut")

    with monkeypatch.context() as patched:
        write = store._files.pipe_file
        patched.setattr(store._files, "pipe_file", crash)
        with pytest.raises(OSError, match="power cut"):
            store.put(CONTENT)

    with pytest.raises(NotFoundError):
        store.get(sha256)
    assert store.put(CONTENT) == sha256
    assert store.get(sha256) == CONTENT


def test_a_changed_document_is_not_handed_out(store: DocumentStore) -> None:
    """Who signed a hash must never be shown other bytes under it."""
    sha256 = store.put(CONTENT)
    store._files.pipe_file(store.path_of(sha256), CONTENT[:-1])

    with pytest.raises(DamagedDocumentError, match=f"{sha256} was changed"):
        store.get(sha256)


def test_a_missing_document_is_named(store: DocumentStore) -> None:
    """The message says which one, for whoever searches the backup."""
    with pytest.raises(NotFoundError, match=f"no document {HELLO} in the store"):
        store.get(HELLO)


def test_a_store_opened_again_has_its_documents(tmp_path: Path) -> None:
    """Another worker opens the same folder by path or by address."""
    sha256 = DocumentStore(str(tmp_path)).put(CONTENT)

    assert DocumentStore(f"file://{tmp_path}").get(sha256) == CONTENT
    assert DocumentStore(f"file://{tmp_path}/").get(sha256) == CONTENT
