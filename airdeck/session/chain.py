"""The hash chain of gate.jsonl: every line carries the hash of the one before, so no decision can be changed, added,
taken out or moved without a break.

A line is `BODY,"hash":"H"}` where BODY holds the previous hash in `prev`, and H is SHA-256 over the previous hash (its 64
hex digits) followed by BODY. The first `prev` is SHA-256 of the session's id. Nothing has to be re-encoded to check it.
"""

import hashlib
from dataclasses import dataclass

_TAIL = b',"hash":"'
_TAIL_BYTES = len(_TAIL) + 64 + 2


def first_hash(session_id: str) -> str:
    """What the first decision of a session follows."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def seal_line(encoded: bytes, prev: str) -> tuple[bytes, str]:
    """(line without its newline, its hash) for an encoded record that has `prev` and no `hash`."""
    body = encoded[:-1]
    digest = hashlib.sha256(prev.encode() + body).hexdigest()
    return body + _TAIL + digest.encode() + b'"}', digest


@dataclass(slots=True)
class Link:
    """Whether one line holds. `digest` is the hash the next one must follow."""

    ok: bool
    digest: str
    why: str = ""


def check_line(line: bytes, prev: str) -> Link:
    """Check one line (without its newline) against the hash before it."""
    body, tail = line[:-_TAIL_BYTES], line[-_TAIL_BYTES:]
    if not (tail.startswith(_TAIL) and tail.endswith(b'"}')):
        return Link(False, prev, "no hash at the end of the line")
    digest = tail[len(_TAIL) : -2].decode("latin-1")
    if f'"prev":"{prev}"'.encode() not in body:
        return Link(False, digest, "does not follow the line before")
    if hashlib.sha256(prev.encode() + body).hexdigest() != digest:
        return Link(False, digest, "its bytes are not those that were hashed")
    return Link(True, digest)
