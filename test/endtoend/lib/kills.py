"""Kills sanctioned processes of a range from outside, as fast as they are started, and keeps a list of
its own. Afterwards compares the list with the trace.

usage: kills.py kill SOCKET COUNT LIST     waits for the range, kills COUNT processes, closes the range
       kills.py compare LIST DEATHS        DEATHS: the trace's `died` records as JSON lines; TAP
"""
import json
import os
import signal
import socket
import sys
import time


class Range:
    """The control socket: JSON-RPC, a message a line."""

    def __init__(self, path):
        for _ in range(300):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                self.socket.connect(path)
                break
            except OSError:
                time.sleep(0.1)
        self.lines = self.socket.makefile("r", encoding="utf-8")
        self.number = 0

    def send(self, method):
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": {}}
        self.socket.sendall((json.dumps(message) + "\n").encode())

    def read(self):
        return json.loads(self.lines.readline())

    def call(self, method):
        self.send(method)
        while True:
            message = self.read()
            if message.get("id") == self.number:
                return message["result"]


def kill(path, count, list_path):
    watched, asked = Range(path), Range(path)
    watched.call("events/follow")
    killed = set()
    with open(list_path, "w", encoding="utf-8") as out:

        def end(agent, incarnation, pid):
            if (agent, incarnation) in killed or len(killed) >= count:
                return
            try:
                process = os.pidfd_open(pid)
                signal.pidfd_send_signal(process, signal.SIGKILL)
                os.close(process)
            except ProcessLookupError:
                print(f"not ok - {agent}#{incarnation} was gone before it was killed")
                return
            killed.add((agent, incarnation))
            out.write(json.dumps([agent, incarnation]) + "\n")
            out.flush()

        while asked.call("range/status")["state"] != "up":
            time.sleep(0.05)  # whoever dies before the crew has begun ends the run
        for one in asked.call("agents/ps")["agents"]:
            end(one["agent"], one["incarnation"], one["pid"])
        began = time.monotonic()
        while len(killed) < count:
            event = watched.read()["params"]
            if event["kind"] == "started":
                end(event["agent"], event["incarnation"], event["pid"])
        took = time.monotonic() - began
    for _ in range(300):
        # Who runs again is another life than the one that was killed.
        if all(
            one["state"] == "running" and (one["agent"], one["incarnation"]) not in killed
            for one in asked.call("agents/ps")["agents"]
        ):
            break
        time.sleep(0.1)
    asked.call("range/close")
    print(f"# {len(killed)} kills in {took:.1f} s: {len(killed) / took:.0f} a second")


def compare(list_path, deaths_path):
    with open(list_path, encoding="utf-8") as file:
        killed = {tuple(json.loads(line)) for line in file}
    seen = []
    with open(deaths_path, encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if record.get("verb") == "died":
                seen.append((record["whom"], record.get("whom_incarnation", 0)))
    missing, invented = killed - set(seen), [one for one in seen if one not in killed]
    for good, words in (
        (len(killed) >= 10000, f"{len(killed)} processes were killed"),
        (not missing, f"every kill is in the trace ({sorted(missing)[:5]} are missing)"),
        (not invented, f"no death is invented ({invented[:5]} are)"),
        (len(seen) == len(set(seen)), "none died twice"),
    ):
        print(("ok" if good else "not ok") + " - " + words)


if sys.argv[1] == "kill":
    kill(sys.argv[2], int(sys.argv[3]), sys.argv[4])
else:
    compare(sys.argv[2], sys.argv[3])
