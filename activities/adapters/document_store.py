"""The document store: every document under the SHA-256 of its bytes, in any `fsspec` file system.

Deal files that are too big for a message lie here too, under the suffix `json`.

A document is written under a temporary name and moved into place, so that nobody ever reads half of
one; equal bytes have one place, so the first stored wins and storing again changes nothing.
"""

import hashlib
import secrets

import fsspec

from models.errors import NotFoundError, Q2CError


class DamagedDocumentError(Q2CError):
    """The stored bytes are not the ones that were put there."""

    code = "damaged_document"


class DocumentStore:
    """Keeps documents by hash below one folder."""

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url)

    def path_of(self, sha256: str, suffix: str = "pdf") -> str:
        """Return where a document lies within the store."""
        return f"{self._root}/{sha256[:2]}/{sha256[2:4]}/{sha256}.{suffix}"

    def put(self, content: bytes, suffix: str = "pdf") -> str:
        """Store a document and return its SHA-256 as hex; storing it again changes nothing."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path_of(sha256, suffix)
        if self._is_whole(sha256, suffix):
            return sha256
        self._files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        draft = f"{path}.{secrets.token_hex(6)}"
        self._files.pipe_file(draft, content)
        self._files.mv(draft, path)
        return sha256

    def _is_whole(self, sha256: str, suffix: str) -> bool:
        """Whether the document is there with its own bytes; a damaged one is stored again."""
        try:
            self.get(sha256, suffix)
        except (NotFoundError, DamagedDocumentError):
            return False
        return True

    def get(self, sha256: str, suffix: str = "pdf") -> bytes:
        """Return a document.

        Raises:
            NotFoundError: nothing is stored under this hash.
            DamagedDocumentError: what is stored has another hash.
        """
        try:
            content: bytes = self._files.cat_file(self.path_of(sha256, suffix))
        except FileNotFoundError as error:
            raise NotFoundError(f"There is no document {sha256} in the store") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DamagedDocumentError(f"Document {sha256} was changed in the store")
        return content
