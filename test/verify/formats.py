"""Canonical JSON, signed notes, the Merkle tree, and the entries of a ledger: docs/protocol.md."""

import base64
import binascii
import hashlib
import json
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

INT64 = 2**63 - 1
UINT32 = 2**32 - 1


class Refused(Exception):
    """A check failed: which one, and why; for `authority` the reason's word."""

    def __init__(self, check, message, reason=""):
        super().__init__(f"{check}: {message}")
        self.check, self.reason = check, reason


def need(condition, check, message, reason=""):
    if not condition:
        raise Refused(check, message, reason)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def parse(text):
    """What a canonical text says. Every other text is refused: it would be written differently."""
    try:
        value = json.loads(text.decode("ascii"), parse_float=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise Refused("form", f"no JSON: {error}") from error
    need(canonical(value).encode() == text, "form", "not canonical")
    return value


def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("form", "no base64") from error
    need(base64.b64encode(data).decode() == text, "form", "base64 is not canonical")
    return data


def ed25519(key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


# ---- the log ----


class VerifierKey:
    """NAME+ID+BASE64 of a log, of type 1 (Ed25519)."""

    def __init__(self, line):
        self.name, identity, encoded = line.strip().split("+", 2)
        data = base64.b64decode(encoded, validate=True)
        assert data[0] == 1 and len(data) == 33, "not an Ed25519 key"
        self.key = data[1:]
        digest = hashlib.sha256(self.name.encode() + b"\n" + data).digest()
        assert digest[:4].hex() == identity, "the key's id is another's"
        self.id = digest[:4]


def checkpoint_read(note, key):
    """(size, root) of a note that this key alone has signed."""
    try:
        text, _, signatures = note.decode().rpartition("\n\n")
        lines = signatures.split("\n")
        need(len(lines) == 2 and lines[1] == "", "checkpoint", "not one signature")
        dash, name, encoded = lines[0].split(" ")
        blob = unbase64(encoded)
        origin, size, root = text.split("\n")
        hashed = unbase64(root)
    except (ValueError, Refused) as error:
        raise Refused("checkpoint", f"malformed: {error}") from error
    need(dash == "—" and name == key.name and blob[:4] == key.id, "checkpoint", "another signer")
    need(ed25519(key.key, blob[4:], (text + "\n").encode()), "checkpoint", "the signature is wrong")
    need(origin == key.name, "checkpoint", "another log")
    need(re.fullmatch("0|[1-9][0-9]*", size) and len(hashed) == 32, "checkpoint", "malformed body")
    return int(size), hashed


def inclusion(entry, index, size, proof, root):
    """RFC 9162, section 2.1.3.2."""
    node = hashlib.sha256(b"\0" + entry).digest()
    here, last = index, size - 1
    if index >= size:
        return False
    for other in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            node = hashlib.sha256(b"\1" + other + node).digest()
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + other).digest()
        here, last = here >> 1, last >> 1
    return last == 0 and node == root


# ---- entries ----

NAME, LINE, LINES = r"[A-Za-z0-9_-]", r"[ -~]", r"[ -~\n]"
STEPS = {  # whether it names a target; whether it is about an incarnation
    "fenced": (1, 0), "emptied": (0, 0), "frozen": (0, 0), "found": (1, 1), "killed": (1, 1), "died": (1, 1),
    "unobserved": (0, 0), "looked": (0, 0), "marked": (1, 0), "tombstoned": (1, 0),
    "thawed": (0, 0), "held": (1, 1), "released": (1, 1), "lifted": (1, 0), "sealed": (1, 0),
    "unproven": (1, 0), "lost": (0, 0), "ghost": (1, 1),
}  # fmt: skip


def number(least, most):
    return lambda value: type(value) is int and least <= value <= most


def text(letters, least, most):
    pattern = re.compile(f"{letters}{{{least},{most}}}")
    return lambda value: type(value) is str and pattern.fullmatch(value) is not None


def word(*words):
    return lambda value: type(value) is str and value in words


def listed(member, most):
    return lambda value: type(value) is list and len(value) <= most and all(map(member, value))


def truth(value):
    return type(value) is bool


def record(keys):
    return lambda value: (
        type(value) is dict
        and value.keys() == keys.keys()
        and all(keys[key](value[key]) for key in keys)
    )


DIGEST = text("(?:sha256:[0-9a-f]{64})", 1, 1)
COMMON = {"range_id": text("[0-9a-f]", 32, 32), "wall_ms": number(0, INT64)}
SIGNERS = listed(text(LINE, 1, 255), 16)
EPOCH = number(1, INT64)
GAP = listed(number(0, INT64), 2)

KINDS = {
    "opened": {
        "groups": listed(
            record({"agents": number(1, UINT32), "children": number(0, UINT32),
                    "group": text(NAME, 1, 63)}), 512),
        "has_cgroups": truth, "has_process_events": truth,
        "part": number(1, UINT32), "parts": number(1, UINT32),
        "permit_min": number(1, UINT32), "stop_min": number(1, UINT32),
        "range": text(NAME, 1, 63), "range_key": text(LINE, 0, 95), "roster": DIGEST,
        "version": text(LINE, 1, 63),
    },
    "accepted": {
        "epoch": EPOCH, "made_by": word("operators", "campaign"), "order": text(LINES, 1, 639),
        "order_digest": DIGEST, "signatures": listed(text(LINES, 1, 2047), 16),
        "signers": SIGNERS,
    },
    "refused": {"given": DIGEST, "reason": text(NAME, 1, 31), "signers": SIGNERS},
    "step": {
        "epoch": EPOCH, "found_in": text(NAME, 0, 79), "incarnation": number(0, UINT32),
        "inside": number(0, UINT32), "number": number(1, INT64), "pid": number(0, UINT32),
        "sanctioned": truth, "step": word(*STEPS), "target": text(NAME, 0, 79),
        "time_ns": number(0, INT64), "value": number(-INT64 - 1, INT64),
    },
    "watched": {
        "epoch": EPOCH, "from_ns": number(0, INT64), "gaps": listed(GAP, 512),
        "steps": number(1, INT64), "targets": listed(text(NAME, 1, 79), 512),
        "to_ns": number(0, INT64),
    },
    "closed": {"how": word("ended", "asked", "failed", "found-dead"), "time_ns": number(0, INT64)},
}  # fmt: skip


def step_right(entry):
    targeted, living = STEPS[entry["step"]]
    nobody = not (entry["incarnation"] or entry["pid"] or entry["inside"] or entry["sanctioned"]
                  or entry["found_in"])  # fmt: skip
    return (
        (entry["target"] != "" or not targeted)
        and (living or nobody)
        and (entry["step"] != "unobserved" or 0 <= entry["value"] <= entry["time_ns"])
    )


def watched_right(entry):
    at = entry["from_ns"]
    for gap in entry["gaps"]:
        if len(gap) != 2 or not at <= gap[0] < gap[1]:
            return False
        at = gap[1]
    return at <= entry["to_ns"] and len(entry["targets"]) > 0


def entry_check(entry):
    need(type(entry) is dict and type(entry.get("entry")) is str, "form", "no entry")
    kind = entry["entry"]
    need(kind in KINDS, "form", "no kind of entry")
    values = {key: entry[key] for key in entry if key != "entry"}
    need(record({**KINDS[kind], **COMMON})(values), "form", f"no entry `{kind}`")
    need(len(canonical(entry)) <= 65535, "form", "too long")
    if kind == "opened":
        need(entry["part"] <= entry["parts"] and entry["groups"], "form", "no opening")
    if kind == "accepted":
        digest = hashlib.sha256(entry["order"].encode()).hexdigest()
        need(entry["order_digest"] == "sha256:" + digest, "form", "the order's digest is another")
        need(entry["signatures"] and entry["signers"], "form", "nobody has signed")
    if kind == "step":
        need(step_right(entry), "form", "no such step")
    if kind == "watched":
        need(watched_right(entry), "form", "no such watch")
