"""The texts in which a log is signed, cosigned and proven, as others read and write them too. Pure.

A *checkpoint* (c2sp.org/tlog-checkpoint) says how many leaves a log has and what root; it is signed as a *note*
(c2sp.org/signed-note), which witnesses cosign (c2sp.org/tlog-cosignature). A `.tlog-proof` (c2sp.org/tlog-proof) holds
one and the way from a leaf up to it. Keys are texts as Go's `golang.org/x/mod/sumdb/note` reads them.

A text that is none raises `MalformedNoteError`; one that nobody whom we know signed, or wrongly, `UnsignedNoteError`.
"""

import binascii
from base64 import b64decode, b64encode
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct
from msgspec.structs import replace

from ltsa.proof import HASH

ED25519 = 1
COSIGNATURE = 4
"""Kinds of signature, each a byte of the key's text. Keys of other kinds can be named; nothing verifies under them."""

PUBLIC_KEY = 32
KEY_ID = 4
TIME = 8
SIGNATURES = 100
LONGEST = 1_000_000
"""How many signatures a note may have, and how many bytes."""

SIGNED = "\N{EM DASH} "
PROOF = "c2sp.org/tlog-proof@v1"
LARGEST = 2**63 - 1


class MalformedNoteError(ValueError):
    """A text that is no note, checkpoint, proof or key."""


class UnsignedNoteError(ValueError):
    """A note that carries no signature of a key that we know, or a wrong one."""


class Key(Struct, frozen=True):
    """Who signs: a name, the kind of signature, the public key."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that tell this key from others of its name."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:KEY_ID]

    def text(self) -> str:
        """The key as a text to hand on: `name+id+base64`."""
        return f"{self.name}+{self.id.hex()}+{_base64(bytes([self.kind]) + self.public)}"

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether a signature over a note's text is this key's. Never so for a kind that this program does not know."""
        message = text.encode()
        match self.kind:
            case 1:
                pass
            case 4 if len(signature) > TIME:
                at = int.from_bytes(signature[:TIME])
                if at > LARGEST:
                    return False
                message, signature = _cosigned(text, at), signature[TIME:]
            case _:
                return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer(Struct, frozen=True):
    """A key that can sign. Its text is as secret as the key."""

    key: Key
    secret: Ed25519PrivateKey

    def text(self) -> str:
        """The secret key as a text to keep: `PRIVATE+KEY+name+id+base64`."""
        return f"PRIVATE+KEY+{self.key.name}+{self.key.id.hex()}+{_base64(bytes([self.key.kind]) + seed_of(self))}"


class Signature(Struct, frozen=True):
    """One line under a note: the signer's name, the key's id, the signature."""

    name: str
    id: bytes
    signature: bytes

    def line(self) -> str:
        """The line, with its end."""
        return f"{SIGNED}{self.name} {_base64(self.id + self.signature)}\n"

    @property
    def at(self) -> int:
        """When a cosignature was given: seconds since 1970. True only once a key of that kind verified it."""
        return int.from_bytes(self.signature[:TIME])


class Note(Struct, frozen=True):
    """A text, and who signed it."""

    body: str
    signatures: tuple[Signature, ...] = ()

    def text(self) -> str:
        """The note as it is written and read everywhere."""
        return self.body + "\n" + "".join(signature.line() for signature in self.signatures)

    def by(self, *keys: Key) -> tuple[Signature, ...]:
        """The signatures that these keys gave, one a key. Raises `UnsignedNoteError` when there is none, or when one
        that bears a key's name and id is not its: then the whole note is not to be believed.
        """
        known, found = {(key.name, key.id): key for key in keys}, dict[tuple[str, bytes], Signature]()
        for signature in self.signatures:
            whose = signature.name, signature.id
            if (key := known.get(whose)) is None or whose in found:
                continue
            if not key.verifies(self.body, signature.signature):
                raise UnsignedNoteError(f"The signature of {key.name} does not fit the text.")
            found[whose] = signature
        if not found:
            raise UnsignedNoteError("Nobody whose key we know signed this.")
        return tuple(found.values())

    def with_(self, *more: Signature) -> "Note":
        """The note with further signatures; one that is there already is not added again."""
        return replace(self, signatures=tuple(dict.fromkeys([*self.signatures, *more])))


class Checkpoint(Struct, frozen=True):
    """How far a log had grown: its name, its number of leaves, their root, further lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def body(self) -> str:
        """The text that is signed."""
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), _base64(self.root), *self.extensions))


class ProofText(Struct, frozen=True):
    """What a `.tlog-proof` says: a leaf's index, the hashes up to the root, the signed checkpoint; further bytes."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes | None = None

    def text(self) -> str:
        """The file's content."""
        extra = [f"extra {_base64(self.extra)}"] if self.extra is not None else []
        lines = [PROOF, *extra, f"index {self.index}", *map(_base64, self.hashes), ""]
        return "".join(f"{line}\n" for line in lines) + self.checkpoint.text()


# --- Keys


def signer(name: str, seed: bytes, kind: int = ED25519) -> Signer:
    """The Ed25519 key that follows from 32 secret bytes, under a name; of kind `COSIGNATURE` it is a witness's."""
    if not isinstance(seed, bytes) or len(seed) != PUBLIC_KEY or kind not in (ED25519, COSIGNATURE):
        raise MalformedNoteError("A signing key is 32 bytes, for Ed25519 signatures or cosignatures.")
    secret = Ed25519PrivateKey.from_private_bytes(seed)
    return Signer(Key(_name(name), kind, secret.public_key().public_bytes_raw()), secret)


def seed_of(signer: Signer) -> bytes:
    """The 32 secret bytes."""
    return signer.secret.private_bytes_raw()


def signer_of(text: str) -> Signer:
    """A signing key from its text."""
    if not text.startswith("PRIVATE+KEY+"):
        raise MalformedNoteError("A signing key's text begins with PRIVATE+KEY+.")
    name, id_, kind, seed = _key_parts(text.removeprefix("PRIVATE+KEY+"))
    found = signer(name, seed, kind)
    _fitting(found.key, id_)
    return found


def key_of(text: str) -> Key:
    """A public key from its text."""
    name, id_, kind, public = _key_parts(text)
    if kind in (ED25519, COSIGNATURE) and len(public) != PUBLIC_KEY:
        raise MalformedNoteError("An Ed25519 key is 32 bytes.")
    key = Key(name, kind, public)
    _fitting(key, id_)
    return key


def _key_parts(text: str) -> tuple[str, bytes, int, bytes]:
    name, _, rest = text.partition("+")
    hexadecimal, _, encoded = rest.partition("+")
    try:
        id_ = bytes.fromhex(hexadecimal)
    except ValueError as error:
        raise MalformedNoteError("A key's id is eight hexadecimal digits.") from error
    if len(id_) != KEY_ID or id_.hex() != hexadecimal:
        raise MalformedNoteError("A key's id is eight hexadecimal digits.")
    material = _bytes("A key", encoded)
    if not material[1:]:
        raise MalformedNoteError("A key says its kind, and then the key.")
    return _name(name), id_, material[0], material[1:]


def _fitting(key: Key, said: bytes) -> None:
    if key.id != said:
        raise MalformedNoteError("The key's id does not fit its name and its bytes.")


# --- Signing


def sign(body: str, *signers: Signer) -> Note:
    """A note with its first signatures. Raises `MalformedNoteError` for a text that no note can carry."""
    note = Note(_body(body))
    for one in signers:
        if one.key.kind != ED25519:
            raise MalformedNoteError("This key cosigns checkpoints; it signs no notes.")
        note = note.with_(Signature(one.key.name, one.key.id, one.secret.sign(body.encode())))
    return note


def cosign(note: Note, witness: Signer, at: int) -> Signature:
    """A witness's line for a checkpoint that it found to continue the last one, `at` seconds since 1970."""
    checkpoint_of(note.body)
    if witness.key.kind != COSIGNATURE or type(at) is not int or not 0 <= at <= LARGEST:
        raise MalformedNoteError("A cosignature needs a witness's key and the seconds since 1970.")
    signature = at.to_bytes(TIME) + witness.secret.sign(_cosigned(note.body, at))
    return Signature(witness.key.name, witness.key.id, signature)


def _cosigned(body: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{body}".encode()


# --- Reading


def note_of(raw: bytes | str) -> Note:
    """A note from its text: whose signatures hold is another question (`Note.by`)."""
    text = _text(raw)
    body, blank, lines = text.rpartition("\n\n")
    if not blank or not body or not lines.endswith("\n"):
        raise MalformedNoteError("A note is a text, a blank line and its signatures.")
    signatures = lines.removesuffix("\n").split("\n")
    if len(signatures) > SIGNATURES:
        raise MalformedNoteError(f"A note has at most {SIGNATURES} signatures.")
    return Note(_body(body + "\n"), tuple(map(signature_of, signatures)))


def signature_of(line: str) -> Signature:
    """A signature from its line, without the line's end."""
    if not line.startswith(SIGNED):
        raise MalformedNoteError("A signature's line begins with a dash and a blank.")
    name, _, encoded = line.removeprefix(SIGNED).partition(" ")
    material = _bytes("A signature", encoded)
    if len(material) <= KEY_ID:
        raise MalformedNoteError("A signature is a key's id and the signature.")
    return Signature(_name(name), material[:KEY_ID], material[KEY_ID:])


def checkpoint_of(body: str) -> Checkpoint:
    """A checkpoint from a note's text."""
    lines = _body(body).removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines):  # noqa: PLR2004 - origin, size, root
        raise MalformedNoteError("A checkpoint is an origin, a size and a root, each on a line, and no line is empty.")
    origin, size, top, *extensions = lines
    hashed = _bytes("A root", top)
    if len(hashed) != HASH:
        raise MalformedNoteError(f"A root is {HASH} bytes.")
    return Checkpoint(origin, _number("A size", size), hashed, tuple(extensions))


def proof_of(raw: bytes | str) -> ProofText:
    """What a `.tlog-proof` says. Whether it is true is for `proof.verify_inclusion` and `Note.by`."""
    head, blank, note = _text(raw).partition("\n\n")
    lines = head.split("\n")
    if not blank or lines.pop(0) != PROOF:
        raise MalformedNoteError(f"A proof begins with {PROOF}, and a blank line stands before its checkpoint.")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = _bytes("What is said besides", lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise MalformedNoteError("A proof names the leaf's index.")
    index = _number("An index", lines.pop(0).removeprefix("index "))
    hashes = tuple(_bytes("A hash", line) for line in lines)
    if any(len(one) != HASH for one in hashes):
        raise MalformedNoteError(f"A hash is {HASH} bytes.")
    found = ProofText(index, hashes, note_of(note), extra)
    checkpoint_of(found.checkpoint.body)
    return found


def _text(raw: bytes | str) -> str:
    if len(raw) > LONGEST:
        raise MalformedNoteError("This is too long for a note.")
    try:
        return raw if isinstance(raw, str) else raw.decode()
    except UnicodeDecodeError as error:
        raise MalformedNoteError("A note is written in UTF-8.") from error


def _body(body: str) -> str:
    if not body.endswith("\n") or any(letter < " " and letter != "\n" for letter in body):
        raise MalformedNoteError("A note's text ends with its line, and has no control characters.")
    return body


def _name(name: str) -> str:
    if not name or "+" in name or any(letter.isspace() or letter < " " for letter in name):
        raise MalformedNoteError("A key's name has no blanks and no plus signs.")
    return name


def _number(what: str, digits: str) -> int:
    longest = len(str(LARGEST))
    if not (digits.isascii() and digits.isdigit() and len(digits) <= longest) or digits != str(int(digits)):
        raise MalformedNoteError(f"{what} is written in digits, without zeroes before them.")
    if int(digits) > LARGEST:
        raise MalformedNoteError(f"{what} is at most {LARGEST}.")
    return int(digits)


def _base64(material: bytes) -> str:
    return b64encode(material).decode()


def _bytes(what: str, encoded: str) -> bytes:
    """Bytes from base64, only as it is written one way."""
    try:
        material = b64decode(encoded.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MalformedNoteError(f"{what} is written in base64.") from error
    if _base64(material) != encoded:
        raise MalformedNoteError(f"{what} is written in base64.")
    return material
