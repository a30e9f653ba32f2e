"""Speaks to a control socket as nobody should: requests with parameters of every type, altered,
torn and endless lines, many at once, hung up on, and more clients than there is room for.

usage: control.py SOCKET ORDER SEED COUNT     ORDER: a file with an order that nobody has signed; TAP
"""
import json
import random
import socket
import sys

LINE_MAX = 64 * 1024
CLIENTS_MAX = 64

path, order_path, seed, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
draw = random.Random(seed)
with open(order_path, encoding="utf-8") as file:
    order = file.read()


def connect():
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(path)
    client.settimeout(20)
    return client


def ask(line, client=None):
    """The answer to one line, or None where the daemon hung up."""
    own = client or connect()
    try:
        own.sendall(line + b"\n")
        got = b""
        while not got.endswith(b"\n"):
            part = own.recv(1 << 20)
            if part == b"":
                return None
            got += part
        return json.loads(got.split(b"\n")[0])
    except (BrokenPipeError, ConnectionResetError):
        return None
    finally:
        if client is None:
            own.close()


def call(method):
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {}}
    return ask(json.dumps(message).encode())["result"]


def value(depth=0):
    kind = draw.randrange(12 if depth < 3 else 8)
    if kind == 0:
        return None
    if kind == 1:
        return draw.choice([True, False])
    if kind in (2, 3):
        return draw.choice([0, 1, -1, 2**31, 2**63 - 1, -(2**63), draw.randrange(100)])
    if kind == 4:
        return draw.choice([0.5, -1e300, 1e-300])
    if kind == 5:
        return draw.choice(["", "all", "two", "group:", "group:x", "*", "\u0001", "\u00e9" * 300, order])
    if kind in (6, 7):
        return "".join(chr(draw.randrange(32, 127)) for _ in range(draw.randrange(200)))
    if kind in (8, 9):
        return [value(depth + 1) for _ in range(draw.randrange(20))]
    return {draw.choice(KEYS): value(depth + 1) for _ in range(draw.randrange(4))}


KEYS = ["order", "signatures", "follow", "epoch", "target", "id", "method", ""]
METHODS = ["range/status", "agents/ps", "events/follow", "order/submit", "order/status",
           "order/follow", "order/reach", "order/watch", "range/none", ""]
SIGNATURE = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQ==\n-----END SSH SIGNATURE-----\n"


def request():
    method = draw.choice(METHODS)
    params = {draw.choice(KEYS): value() for _ in range(draw.randrange(4))}
    if method == "order/submit" and draw.random() < 0.7:
        params = {"order": order, "signatures": [SIGNATURE] * draw.randrange(20), "follow": True}
        params[draw.choice(list(params))] = value()
    message = {"jsonrpc": "2.0", "id": draw.randrange(1000), "method": method, "params": params}
    if draw.random() < 0.1:
        message[draw.choice(list(message))] = value()
    if draw.random() < 0.1:
        del message[draw.choice(list(message))]
    return message


def altered(line):
    line = bytearray(line)
    for _ in range(draw.randrange(1, 6)):
        at = draw.randrange(len(line) + 1)
        what = draw.randrange(4)
        if what == 0:
            line[at:at] = bytes(draw.randrange(256) for _ in range(draw.randrange(1, 9)))
        elif what == 1:
            del line[at:at + draw.randrange(1, 9)]
        elif what == 2 and at < len(line):
            line[at] ^= 1 << draw.randrange(8)
        else:
            line[at:at] = b"[" * draw.randrange(1, 3000)
    return bytes(line).replace(b"range/close", b"range/_lose")


wrong = []


def expect(holds, words):
    if not holds and len(wrong) < 10:
        wrong.append(words)


def whole(message):
    """A request, and exactly its answer."""
    line = json.dumps(message).encode()
    if len(line) >= LINE_MAX:
        return
    got = ask(line)
    expect(got is not None, f"no answer to {line[:300]}")
    if got is None:
        return
    expect(("result" in got) != ("error" in got), f"neither or both: {got}")
    expect("error" not in got or isinstance(got["error"].get("code"), int), f"no code: {got}")
    if isinstance(message.get("id"), int):
        expect(got.get("id") == message["id"], f"another's answer: {got} to {line[:300]}")
    result = got.get("result")
    expect(not (isinstance(result, dict) and result.get("accepted") is True), f"accepted {line}")


def torn():
    """Bytes that are no request, then silence or a hang-up; what is answered is a refusal."""
    client = connect()
    line = altered(json.dumps(request()).encode())
    ends = draw.randrange(3)
    try:
        client.sendall(line + (b"\n" if ends > 0 else b""))
        if ends == 2:
            client.shutdown(socket.SHUT_WR)
            while client.recv(1 << 20) != b"":
                pass
    except (BrokenPipeError, ConnectionResetError):
        pass
    client.close()


def many():
    """Several in one piece, and nobody who reads."""
    client = connect()
    client.setblocking(False)
    piece = b"".join(json.dumps(request()).encode() + b"\n" for _ in range(draw.randrange(1, 60)))
    try:
        client.send(piece[:draw.randrange(1, len(piece) + 1)])
    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
        pass
    client.close()


def endless():
    """A line that is longer than a line may be ends the connection, and nothing else."""
    got = ask(b'{"jsonrpc": "2.0", "id": 1, "method": "' + b"x" * LINE_MAX + b'"}')
    expect(got is None, f"an endless line was answered: {got}")


before = call("range/status")
print(f"# again: control.py SOCKET ORDER {seed} {count}")
for _ in range(count):
    kind = draw.random()
    if kind < 0.6:
        whole(request())
    elif kind < 0.9:
        torn()
    elif kind < 0.99:
        many()
    else:
        endless()
# More than there is room for, all of them silent, and one who follows from before they came.
follower = connect()
ask(b'{"jsonrpc": "2.0", "id": 1, "method": "events/follow"}', follower)
crowd = [connect() for _ in range(CLIENTS_MAX + 20)]
after = call("range/status")
agents = call("agents/ps")["agents"]
orders = call("order/status")
followed = ask(b'{"jsonrpc": "2.0", "id": 1, "method": "range/status"}', follower)
expect(ask(b"", crowd[0]) is None, "the first of the silent ones was kept")
for good, words in (
    (not wrong, f"{count} draws: each request has its answer, and no order is accepted {wrong}"),
    ((after["state"], after["pid"], after["alive"]) == ("up", before["pid"], before["alive"]),
     "the daemon stays up, and so does its crew"),
    (all(one["state"] == "running" and one["incarnation"] == 0 and one["barred"] is None
         for one in agents), "nobody was stopped"),
    (orders["accepted"] == 0 and orders["orders"] == [], "there is no order"),
    (followed is not None, "silent ones keep nobody out, and who follows is not sent away for them"),
    (orders["refused"] + orders["refused_left_out"] > 0, "orders were tried, and refused"),
):
    print(("ok" if good else "not ok") + " - " + words)
