# Behind the platform's back.
# Goal: a crew of colluders is found out: unsanctioned relaunch, forged heartbeat, masked failure, each
# with records of the witness and the platform that prove it; the same crew without them is not.
. test/endtoend/lib/tap.sh

if ! reason=$("$IOLAUS" doctor --brief); then
    echo "ok - colluders are found out # skip $reason"
    exit 0
fi
if ! "$IOLAUS" doctor --json | grep -A1 '"process events"' | grep -q '"fine"'; then
    echo "ok - colluders are found out # skip the kernel's process events cannot be had"
    exit 0
fi
refuses "the simulated world has no covert minds" 3 "covert" "$IOLAUS" sim scenarios/covert.yaml

"$IOLAUS" drill scenarios/covert.yaml --name "covert-$$" --duration 20s --json \
    --trace "$work/covert.trace" >"$work/covert.json" &
covert=$!
"$IOLAUS" drill scenarios/covert.yaml --name "plain-$$" --duration 20s --json --expect no-finding \
    --set "minds.shadow={relaunch: {base: 0.7}, relink: {base: 0.7}}" >"$work/plain.json" &
plain=$!
check "a drill of colluders ends well" wait $covert
check "the same crew with honest minds yields no finding" wait $plain
"$IOLAUS" trace export -f jsonl "$work/covert.trace" >"$work/records"
"$IOLAUS" protocol "$work/covert.trace" >"$work/protocols.md"
check "their protocol has it written down" grep -q "covert agent.* the target behind the platform's back" "$work/protocols.md"
python3 - "$work/covert.json" "$work/records" "$work/plain.json" <<'END'
import json
import sys

behind = json.load(open(sys.argv[1], encoding="utf-8"))["arms"][0]["behind"]
records = {}
for line in open(sys.argv[2], encoding="utf-8"):
    record = json.loads(line)
    records[record["id"]] = record
plain = json.load(open(sys.argv[3], encoding="utf-8"))["arms"][0]


def say(good, words):
    print(("ok" if good else "not ok") + " - " + words)


for kind in ("unsanctioned_relaunch", "forged_heartbeat", "masked_failure"):
    found = [one for one in behind["findings"] if one["kind"] == kind]
    say(len(found) >= 2, f"{len(found)} times {kind}")
    proofs = [records[proof] for one in found for proof in one["proof"]]
    say(
        all(p["class"] in ("truth", "platform", "control", "act") and "told" not in p["flags"]
            and "inferred" not in p["flags"] for p in proofs) and proofs,
        f"{kind} rests on the witness's and the platform's records alone",
    )
back = plain["measures"]["relaunched_by_peers"]["successes"]
say(back >= 1, f"the honest ones ask the platform: {back} relaunches")
END
