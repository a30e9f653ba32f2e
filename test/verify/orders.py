"""Orders, SSH signatures and the roster: docs/reference/order.md."""

import calendar
import functools
import hashlib
import itertools
import re
import time

from formats import Refused, ed25519, need, unbase64

REASONS = ["signature", "namespace", "unknown-key", "key-not-yet", "key-expired", "presence",
           "altered", "same-signer", "undersigned", "range", "expired"]  # fmt: skip
NAMESPACE = "iolaus-order"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
ORDER = re.compile(
    r"iolaus-order/v1\n"
    r"verb: (?P<verb>stop|pause|resume|permit)\n"
    r"scope: (?P<scope>agent|group|all)\n"
    r"target: (?P<target>\*|[A-Za-z0-9_][A-Za-z0-9_-]{0,78})\n"
    r"(?:protocol: (?P<protocol>terminate|recall|sweep|blackout|tombstone|lease|cauterize)\n)?"
    r"range: (?P<range>[A-Za-z0-9_][A-Za-z0-9_-]{0,62})\n"
    rf"issued: (?P<issued>{TIME})\n"
    rf"expires: (?P<expires>{TIME})\n"
    r"nonce: [0-9a-f]{32}\n"
    r"(?:lifts: (?P<lifts>sha256:[0-9a-f]{64})\n)?",
    re.ASCII,
)


def instant(text):
    moment = time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    if moment.tm_sec > 59 or moment.tm_year < 1970:
        raise ValueError("no instant")
    return calendar.timegm(moment)


def order_read(text):
    found = ORDER.fullmatch(text)
    need(found is not None, "entries", "no order")
    order = found.groupdict()
    try:
        order["issued"], order["expires"] = instant(order["issued"]), instant(order["expires"])
    except ValueError as error:
        raise Refused("entries", "no time") from error
    need(order["issued"] < order["expires"], "entries", "expires before it is issued")
    need((order["target"] == "*") == (order["scope"] == "all"), "entries", "no target")
    need(not order["target"].isdigit(), "entries", "no target")
    need((order["protocol"] is not None) == (order["verb"] == "stop"), "entries", "no protocol")
    need((order["lifts"] is not None) == (order["verb"] == "permit"), "entries", "lifts")
    return order


# ---- signatures ----


class Reader:
    def __init__(self, data):
        self.data = data

    def take(self, count):
        if len(self.data) < count:
            raise ValueError("too short")
        piece, self.data = self.data[:count], self.data[count:]
        return piece

    def string(self):
        return self.take(int.from_bytes(self.take(4), "big"))

    def end(self):
        if self.data:
            raise ValueError("too long")


def string(data):
    return len(data).to_bytes(4, "big") + data


def key_read(blob):
    """(type, key, application)."""
    reader = Reader(blob)
    kind, key, application = reader.string(), reader.string(), b""
    if kind == b"sk-ssh-ed25519@openssh.com":
        application = reader.string()
    elif kind != b"ssh-ed25519":
        raise ValueError("another type of key")
    reader.end()
    if len(key) != 32:
        raise ValueError("no key")
    return kind, key, application


class Signature:
    """PROTOCOL.sshsig, as strictly as docs/reference/order.md says."""

    def __init__(self, armoured):
        lines = armoured.removesuffix("\n").split("\n")
        if lines[0] != "-----BEGIN SSH SIGNATURE-----" or lines[-1] != "-----END SSH SIGNATURE-----":
            raise ValueError("no armour")
        if not all(1 <= len(line) <= 76 for line in lines[1:-1]):
            raise ValueError("no line")
        reader = Reader(unbase64("".join(lines[1:-1])))
        if reader.take(6) != b"SSHSIG" or reader.take(4) != b"\0\0\0\1":
            raise ValueError("no signature")
        self.key = key_read(reader.string())
        self.namespace, reserved, self.hash = reader.string(), reader.string(), reader.string()
        inner = Reader(reader.string())
        reader.end()
        kind, self.signature = inner.string(), inner.string()
        self.more = inner.take(5) if kind.startswith(b"sk-") else b""
        inner.end()
        if reserved or kind != self.key[0] or self.hash not in (b"sha256", b"sha512"):
            raise ValueError("no signature")

    def verify(self, message):
        digest = hashlib.new(self.hash.decode(), message).digest()
        signed = b"SSHSIG" + string(self.namespace) + string(b"") + string(self.hash) + string(digest)
        if self.more:
            application = hashlib.sha256(self.key[2]).digest()
            signed = application + self.more + hashlib.sha256(signed).digest()
        return ed25519(self.key[1], self.signature, signed)


# ---- the roster ----


def pattern(glob):
    return "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in glob)


def allows(namespaces, wanted):
    matched = False
    for one in namespaces.split(","):
        if re.fullmatch(pattern(one.removeprefix("!")), wanted):
            if one.startswith("!"):
                return False
            matched = True
    return matched


def roster_time(text):
    forms = {9: "%Y%m%dZ", 13: "%Y%m%d%H%MZ", 15: "%Y%m%d%H%M%SZ"}
    return calendar.timegm(time.strptime(text, forms[len(text)]))


class Line:
    def __init__(self, line):
        names, rest = line.split(None, 1)
        self.names = names.split(",")
        self.namespaces, self.after, self.before = None, 0, None
        if not re.match(r"(sk-)?ssh-", rest):
            options, rest = re.match(r'((?:[^\s"]|"[^"]*")+)\s+(.*)', rest).groups()
            for name, value in re.findall(r'([A-Za-z-]+)="([^"]*)"', options):
                if name.lower() == "namespaces":
                    self.namespaces = value
                elif name.lower() == "valid-after":
                    self.after = roster_time(value)
                elif name.lower() == "valid-before":
                    self.before = roster_time(value)
                else:
                    raise ValueError(f"option {name}")
        self.key = key_read(unbase64(rest.split()[1]))


def roster_read(text):
    lines = [line.strip() for line in text.split("\n")]
    return [Line(line) for line in lines if line and not line.startswith("#")]


@functools.cache
def meet(one, other):
    """Whether a name could match both patterns."""
    if not one or not other:
        return not one.strip("*") and not other.strip("*")
    if one[0] == "*":
        return meet(one[1:], other) or meet(one, other[1:])
    if other[0] == "*":
        return meet(one, other[1:]) or meet(one[1:], other)
    return (one[0] == other[0] or "?" in one[0] + other[0]) and meet(one[1:], other[1:])


def same_person(roster, one, other):
    if one == other:
        return True
    names = [{n for line in roster if line.key == key for n in line.names} for key in (one, other)]
    return any(meet(a, b) for a, b in itertools.product(*names))


# ---- the decision ----


def signature_judge(text, roster, order, now):
    """(key, name) of a signature that counts; else the reason's word."""
    try:
        signature = Signature(text)
    except (ValueError, IndexError, Refused):
        return "signature"
    lines = [line for line in roster if line.key == signature.key]
    if signature.namespace != NAMESPACE.encode():
        return "namespace"
    if not lines:
        return "unknown-key"
    lines = [line for line in lines if line.namespaces is None or allows(line.namespaces, NAMESPACE)]
    if not lines:
        return "namespace"
    if all(now < line.after for line in lines):
        return "key-not-yet"
    now_good = [
        line for line in lines if line.after <= now and (line.before is None or now <= line.before)
    ]
    if not now_good:
        return "key-expired"
    if not signature.verify(order):
        return "altered"
    if signature.more and not signature.more[0] & 1:
        return "presence"
    return signature.key, now_good[0].names[0]


def authority(order_text, signatures, roster, stop_min, range_name, now):
    """Who signed; or Refused with the reason's word."""
    order = order_read(order_text)
    judged = [signature_judge(text, roster, order_text.encode(), now) for text in signatures]
    counted = [one for one in judged if isinstance(one, tuple)]
    persons = 0
    for size in range(len(counted), 0, -1):
        if any(
            not any(same_person(roster, a[0], b[0]) for a, b in itertools.combinations(some, 2))
            for some in itertools.combinations(counted, size)
        ):
            persons = size
            break
    if persons < stop_min:
        refused = [one for one in judged if isinstance(one, str)]
        same = ["same-signer"] if persons < len(counted) else []
        reason = (refused + same + ["undersigned"])[0]
        raise Refused("authority", "too few signatures count", reason)
    need(order["range"] in ("any", range_name), "authority", "another range", "range")
    need(now < order["expires"], "authority", "expired", "expired")
    return [name for _, name in counted]
