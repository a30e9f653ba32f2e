"""Reads checkpoint files as docs/reference/command.md describes them, with a digest of its own.
Prints for each: its number, and the digest of the state of work in it. Ends with 1 where one is torn.

usage: checkpoint.py FILE..."""
import hashlib
import struct
import sys

for path in sys.argv[1:]:
    data = open(path, "rb").read()
    magic, version, number, size = struct.unpack("<4sIII", data[:16])
    digest, state = data[16:48], data[48:]
    wanted = hashlib.blake2b(state, digest_size=32, key=data[:16]).digest()
    if magic != b"IOCS" or version != 1 or size != len(state) or digest != wanted:
        sys.exit(f"{path}: torn")
    # In the state: magic, version (2), agent, number, count of bonds; 6 bytes for each bond; the size
    # of the state of work, that state, and a digest.
    bonds = struct.unpack("<I", state[14:18])[0]
    at = 18 + 6 * bonds
    work_size = struct.unpack("<I", state[at : at + 4])[0]
    work = state[at + 4 : at + 4 + work_size]
    print(number, hashlib.blake2b(work, digest_size=8).hexdigest())
