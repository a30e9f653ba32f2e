#!/usr/bin/env python3
"""A second implementation of docs/protocol.md: checks certificates, and shares no code with the first.

    verify.py CERTIFICATE --key FILE --roster FILE     exit status 0: complete; 1: not; 2: refused
    verify.py --vectors FOLDER                         every vector, as TAP

It needs Python 3.11 and cryptography (Debian: python3-cryptography).
"""

import argparse
import json
import os
import sys

from formats import Refused, VerifierKey, canonical, checkpoint_read, entry_check, inclusion, need, parse
from formats import unbase64
from orders import authority, roster_read
from verdict import Verdict


def entries_read(listed, size, root):
    need(type(listed) is list, "form", "no entries")
    entries, before = [], -1
    for one in listed:
        need(type(one) is dict and one.keys() == {"entry", "index", "proof"}, "form", "no entry")
        entry_check(one["entry"])
        need(type(one["index"]) is int and type(one["proof"]) is list, "form", "no proof")
        proof = [unbase64(text) for text in one["proof"]]
        need(all(len(text) == 32 for text in proof), "form", "no hash")
        leaf = canonical(one["entry"]).encode()
        need(inclusion(leaf, one["index"], size, proof, root), "inclusion", "not in the tree")
        need(one["index"] > before, "entries", "not in the order of the ledger")
        before = one["index"]
        entries.append(one["entry"])
    return entries


def certificate_check(data, key, roster):
    """The verdict of a certificate, or Refused."""
    need(data.endswith(b"\n"), "form", "no newline at the end")
    certificate = parse(data[:-1])
    need(type(certificate) is dict
         and list(certificate) == ["certificate", "checkpoint", "entries", "says"]
         and certificate["certificate"] == "iolaus-certificate/v1", "form", "no certificate")  # fmt: skip
    size, root = checkpoint_read(unbase64(certificate["checkpoint"]), key)
    entries = entries_read(certificate["entries"], size, root)
    verdict = Verdict(entries)
    says = verdict.says()
    need(canonical(certificate["says"]) == canonical(says), "says", "follows not from the entries")
    opened = verdict.opened[verdict.accepted["range_id"]][0]
    campaign = verdict.accepted["made_by"] == "campaign"
    names = authority(
        verdict.accepted["order"],
        verdict.accepted["signatures"],
        roster_read("campaign " + opened["range_key"] if campaign else roster),
        1 if campaign else opened["stop_min"],
        opened["range"],
        verdict.accepted["wall_ms"] // 1000,
    )
    return says, names


def read(path):
    with open(path, "rb") as file:
        return file.read()


def vectors_run(folder):
    failed = 0
    with open(os.path.join(folder, "vectors.json"), encoding="ascii") as file:
        vectors = json.load(file)
    print(f"1..{len(vectors)}")
    for number, vector in enumerate(vectors, 1):
        paths = {name: os.path.join(folder, vector[name]) for name in ("file", "key", "roster")}
        key = VerifierKey(read(paths["key"]).decode())
        wanted = (vector["verdict"], vector["check"], vector["reason"])
        try:
            says, _ = certificate_check(read(paths["file"]), key, read(paths["roster"]).decode())
            found = [finding["what"] for finding in says["findings"]]
            reason = vector["reason"] if vector["reason"] in found else "".join(found[:1])
            got = (says["verdict"], "", reason)
        except Refused as refused:
            got = ("", refused.check, refused.reason)
        good = got == wanted
        failed += not good
        print(f"{'' if good else 'not '}ok {number} - {vector['file']} with {vector['key']} and "
              f"{vector['roster']}: {wanted[0] or wanted[1]} {wanted[2]}"
              f"{'' if good else f', not {got}'}")  # fmt: skip
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("certificate", nargs="?")
    parser.add_argument("--key", help="the log's verifier key, a file")
    parser.add_argument("--roster", help="who may sign: allowed signers, a file")
    parser.add_argument("--vectors", metavar="FOLDER", help="run all vectors of a folder")
    arguments = parser.parse_args()
    if arguments.vectors:
        return vectors_run(arguments.vectors)
    try:
        says, names = certificate_check(
            read(arguments.certificate),
            VerifierKey(read(arguments.key).decode()),
            read(arguments.roster).decode(),
        )
    except Refused as refused:
        print(refused, refused.reason)
        return 2
    print(f"{says['verdict']}: {says['verb']} {', '.join(t['name'] for t in says['targets'])}, "
          f"signed by {', '.join(names)}")  # fmt: skip
    return 0 if says["verdict"] == "complete" else 1


if __name__ == "__main__":
    sys.exit(main())
