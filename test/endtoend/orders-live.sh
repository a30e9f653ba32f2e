# Orders given to a running daemon: by whom it lets itself be told, what it refuses and says of it,
# what the ledger keeps, and what a crew that is brought up again makes of that.
# Goal: each reason of docs/reference/order.md that a daemon can give is given once, and recorded.
# Limit: one crew of three, keys in files; how an order is carried out is tried in test/live.
. test/endtoend/lib/tap.sh

if ! command -v ssh-keygen >/dev/null 2>&1; then
    echo "ok - a daemon takes orders # skip ssh-keygen is not installed"
    exit 0
fi
if ! reason=$("$IOLAUS" doctor --brief); then
    echo "ok - a daemon takes orders # skip $reason"
    exit 0
fi
scenario=test/scenarios/live/watch.yaml
crew=orders-$$
state=$work/state
ledger=$state/ledger
daemon=''
trap 'kill $daemon 2>/dev/null; rm -rf "$work"' EXIT

# bring_up ARGUMENT...: in the background; `daemon` is its process, $work/up.err what it says.
bring_up() {
    : >"$work/up.err"
    "$IOLAUS" up "$scenario" --name "$crew" "$@" 2>"$work/up.err" >/dev/null &
    daemon=$!
    until_true grep -q 'restarting this daemon ends the crew' "$work/up.err" || cat "$work/up.err" >&2
}
bring_down() {
    "$IOLAUS" down "$crew" >/dev/null
    wait "$daemon"
}
field() {
    "$IOLAUS" ps "$crew" --json | python3 -c "import json, sys
print(next(a for a in json.load(sys.stdin)['agents'] if a['agent'] == '$1')['$2'])"
}
is() { [ "$(field "$1" "$2")" = "$3" ]; }
# Every entry of the ledger, one a line.
entries() { python3 test/endtoend/lib/entries.py "$ledger"; }
# kept PATTERN COUNT: so many entries have it.
kept() { [ "$(entries | grep -Ec "$1")" -eq "$2" ]; }
sign() { # WHO ORDER [NAMESPACE]
    ssh-keygen -q -Y sign -n "${3:-iolaus-order}" -f "$work/$1" <"$2" >"$2.$1.sig"
}
# A new order in $work/NAME.order, signed by those who follow.
write() {
    order=$work/$1.order
    shift
    signers=''
    while [ "$1" != -- ]; do signers="$signers $1" && shift; done
    shift
    "$IOLAUS" order new "$@" >"$order"
    for who in $signers; do sign "$who" "$order"; done
}
submit() { # VERB ORDER SIGNATURE...
    verb=$1 order=$2
    shift 2
    "$IOLAUS" "$verb" --range "$crew" --order "$order" --sig "$@"
}
# refused NAME REASON VERB ORDER SIGNATURE...: with the reason's word, recorded once more.
refused() {
    what=$1 reason=$2
    shift 2
    before=$(entries | grep -Ec "\"entry\":\"refused\".*\"reason\":\"$reason\"")
    refuses "$what is refused" 1 "^iolaus: refused \($reason\): " submit "$@"
    check "... and so it stands in the ledger" kept "\"entry\":\"refused\".*\"reason\":\"$reason\"" \
        $((before + 1))
}

for name in alice bob carol mallory; do
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/$name"
done
for name in alice bob carol; do echo "$name $(cat "$work/$name.pub")"; done >"$work/roster"
cat >"$work/authority.yaml" <<'YAML'
roster: roster
stop_min: 2
permit_min: 2
lifetime: 1h
scope: {alice: any, bob: any, carol: [one, three]}
YAML

# ---- without what it needs ----
refuses "a roster without a state folder" 2 "need --state FOLDER" \
    "$IOLAUS" up "$scenario" --name "$crew" --roster "$work/roster"
refuses "a roster that is none" 2 "watch.yaml:2:10: the key is missing" \
    "$IOLAUS" up "$scenario" --name "$crew" --state "$state" --roster "$scenario"
echo 'stop_max: 1' >"$work/wrong.yaml"
refuses "an authority file with a word that is none" 2 'wrong.yaml:1:1: unknown key .stop_max.' \
    "$IOLAUS" up "$scenario" --name "$crew" --state "$state" --authority "$work/wrong.yaml"
printf 'stop_min: 4\nroster: roster\n' >"$work/wrong.yaml"
refuses "a threshold that cannot be met" 2 'wrong.yaml' \
    "$IOLAUS" up "$scenario" --name "$crew" --state "$state" --authority "$work/wrong.yaml"
bring_up
write plain alice bob -- --stop two
refuses "an order to a daemon that obeys nobody" 1 "refused \(no-roster\): .* --roster" \
    submit stop "$work/plain.order" "$work"/plain.order.*.sig
check "... and nobody is stopped" is two state running
bring_down

# ---- who may ----
bring_up --state "$state" --authority "$work/authority.yaml"
check "up tells the key of its ledger" grep -Eq \
    "the ledger is $ledger; keep its key elsewhere, to audit by: .*\+[0-9a-f]{8}\+" "$work/up.err"
check "the ledger's secret key is the operator's alone" \
    sh -c "[ \"\$(stat -c '%a' '$state/ledger.key')\" = 600 ]"
pid=$(field two pid)
"$IOLAUS" stop two --range "$crew" --dry-run >"$work/dry"
check "--dry-run says whom it would reach" sh -c \
    "grep -q 'stop two by cauterize, on the range $crew: it would reach 1' '$work/dry' &&
     grep -q 'runs: #0, pid $pid' '$work/dry' && grep -q 'neighbours: one, three' '$work/dry' &&
     grep -q 'persons who must sign: 2' '$work/dry'"
check "... and changes nothing" sh -c "[ '$(field two pid)' = '$pid' ]"
printf 'stop two, please\n' >"$work/words.order"
sign alice "$work/words.order"
cat >"$work/give.py" <<'PY'
# Gives what stands in a file as an order, whatever it is, and prints the answer.
import json, socket, sys
name, order, *signatures = sys.argv[1:]
control = socket.socket(socket.AF_UNIX)
import os
folder = "/run/iolaus" if os.geteuid() == 0 else os.environ["XDG_RUNTIME_DIR"] + "/iolaus"
control.connect(f"{folder}/{name}.sock")
def ask(method, params):
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    control.sendall(line.encode() + b"\n")
    answer = b""
    while not answer.endswith(b"\n"):
        answer += control.recv(65536)
    return json.loads(answer)
if __name__ == "__main__":
    texts = [open(path).read() for path in [order, *signatures]]
    print(json.dumps(ask("order/submit", {"order": texts[0], "signatures": texts[1:]})["result"]))
PY
python3 "$work/give.py" "$crew" "$work/words.order" "$work/words.order.alice.sig" >"$work/answer"
check "what is no order is refused, and recorded" sh -c "grep -q '\"reason\": \"malformed\"' '$work/answer' &&
    grep -q '\"recorded\": true' '$work/answer'"

write one alice -- --stop two
refused "an order that too few have signed" undersigned stop "$work/one.order" "$work/one.order.alice.sig"
cp "$work/one.order.alice.sig" "$work/one.order.again.sig"
refused "one that one person has signed twice" same-signer stop "$work/one.order" \
    "$work/one.order.alice.sig" "$work/one.order.again.sig"
sign mallory "$work/one.order"
refused "one that a stranger has signed too" unknown-key stop "$work/one.order" \
    "$work/one.order.alice.sig" "$work/one.order.mallory.sig"
write file alice -- --stop two
sign bob "$work/file.order" file
refused "a signature for something else" namespace stop "$work/file.order" \
    "$work/file.order.alice.sig" "$work/file.order.bob.sig"
write scope alice carol -- --stop two
refused "one by somebody whose scope it is not" scope stop "$work/scope.order" "$work"/scope.order.*.sig
write altered alice bob -- --stop three
sed -i s/three/two/ "$work/altered.order"
refused "an order that was altered on the way" altered stop "$work/altered.order" "$work"/altered.order.*.sig
write range alice bob -- --stop two --range elsewhere
refused "one for another range" range stop "$work/range.order" "$work"/range.order.*.sig
write old alice bob -- --stop two --expires 1s
sleep 2.1
refused "one that has expired" expired stop "$work/old.order" "$work"/old.order.*.sig
write long alice bob -- --stop two --expires 2h
refused "one that would be good for too long" lifetime stop "$work/long.order" "$work"/long.order.*.sig
"$IOLAUS" order new --stop two | sed -e 's/^issued: ..../issued: 2099/' -e 's/^expires: ..../expires: 2099/' \
    >"$work/future.order"
sign alice "$work/future.order"
sign bob "$work/future.order"
refused "one from the future" not-yet stop "$work/future.order" "$work"/future.order.*.sig
write nobody alice bob -- --stop camera-3
refused "one for somebody who is not in the crew" target stop "$work/nobody.order" "$work"/nobody.order.*.sig
write group alice bob -- --stop group:cameras
refused "one for a group that is not" target stop "$work/group.order" "$work"/group.order.*.sig
check "after all that nobody was stopped" is two pid "$pid"
check "... and no order was accepted" kept '"entry":"accepted"' 0

# ---- a stop ----
write stop alice bob -- --stop two
submit stop "$work/stop.order" "$work"/stop.order.*.sig >"$work/stopped"
check "an order that two have signed is carried out" test $? -eq 0
check "... says what was accepted" grep -q "accepted  order 1, entry [0-9]* of $ledger" "$work/stopped"
check "... killed" grep -Eq "killed +[1-9]" "$work/stopped"
check "... and sealed" grep -q "sealed    1 of 1; none of them may run without a permit" "$work/stopped"
check "... and where its certificate is made" grep -qx "the certificate: iolaus certificate $ledger 1" \
    "$work/stopped"
check "the agent is dead" is two state dead
check "ps says why" is two barred tombstone
check "the ledger has the order and who signed it" kept '"entry":"accepted",.*"signers":\["alice","bob"\]' 1
check "the ledger audits" "$IOLAUS" audit "$ledger"
refused "the same order once more" replayed stop "$work/stop.order" "$work"/stop.order.*.sig

# ---- a permit ----
write other alice bob -- --stop three
write wrong alice bob -- --permit "$work/other.order"
refused "a permit of what was never stopped" lifts permit "$work/wrong.order" "$work"/wrong.order.*.sig

# ---- over a restart ----
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
gone() { ! "$IOLAUS" ps "$crew"; }
until_true gone
bring_up --state "$state"
check "who was stopped is not started again, also by a daemon without a roster" is two state dead
check "... and it says so" grep -q "two is not started: order 1, tombstone" "$work/up.err"
check "... the others run" is one state running
bring_down
bring_up --state "$state" --authority "$work/authority.yaml"
refused "the old order after a restart" replayed stop "$work/stop.order" "$work"/stop.order.*.sig
write permit alice bob -- --permit "$work/stop.order"
submit permit "$work/permit.order" "$work"/permit.order.*.sig >"$work/permitted"
check "a permit lets it run again" until_true is two state running
check "... and says so" grep -q "lifted    1 of 1" "$work/permitted"
check "ps says so too" is two barred None
bring_down
check "the ledger audits at the end" "$IOLAUS" audit "$ledger"
check "every range that was opened was closed" sh -c \
    "[ '$(entries | grep -c '"entry":"opened"')' = '$(entries | grep -c '"entry":"closed"')' ]"
check "... of which one was found dead" kept '"entry":"closed",.*"how":"found-dead"' 1

# ---- signed here, and a flood ----
echo "alice $(cat "$work/alice.pub")" >"$work/roster"
state=$work/state2 ledger=$work/state2/ledger
bring_up --state "$state" --roster "$work/roster"
"$IOLAUS" stop two --key "$work/alice" --range "$crew" --json >"$work/json"
check "iolaus stop writes and signs the order itself" python3 - "$work/json" <<'PY'
import json, sys
answer = json.load(open(sys.argv[1]))
assert answer["accepted"] and answer["epoch"] == 1 and answer["state"] == "sealed", answer
assert answer["targets"] == 1 and answer["unproven"] == 0 and answer["killed"] >= 1, answer
PY
IOLAUS_KEY=$work/alice "$IOLAUS" permit two --range "$crew" >"$work/permitted"
check "one key alone may permit where it is the only one" until_true is two state running
refuses "a permit where nothing holds" 2 "no stop of three holds" \
    "$IOLAUS" permit three --key "$work/alice" --range "$crew"
refuses "a key that is not there" 2 "ssh-keygen did not sign" sh -c \
    "'$IOLAUS' stop two --range '$crew' --key '$work/nowhere' 2>&1 | tail -1 >&2; exit 2"
python3 - "$work" "$crew" "$work/words.order" >"$work/flood" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
sys.argv = ["give.py", *sys.argv[2:]]
import give
recorded = sum(give.ask("order/submit", {"order": f"rubbish {i}", "signatures": []})["result"]["recorded"]
               for i in range(2000))
print(recorded, give.ask("order/status", {})["result"]["refused_left_out"])
PY
check "a flood of what is no order is counted, and recorded but a few times" \
    grep -Eqx '[4-6] 199[4-6]' "$work/flood"
check "... so that the ledger stays small" kept '"entry":"refused"' "$(cut -d' ' -f1 "$work/flood")"
"$IOLAUS" pause three --key "$work/alice" --range "$crew" >"$work/paused"
check "a pause holds" grep -q "held      1" "$work/paused"
check "... and says so" is three barred quarantine
bring_down
bring_up --state "$state" --roster "$work/roster"
check "who was paused is not started again" is three state dead
check "... and it says why" grep -q "three is not started: order 3, quarantine" "$work/up.err"
"$IOLAUS" resume three --key "$work/alice" --range "$crew" >/dev/null
check "a resume lets it run" until_true is three state running
bring_down
cp -r "$ledger" "$work/changed"
bundle=$(find "$ledger/tile/entries" -type f | sort -V | tail -1)
printf 'x' | dd of="$bundle" bs=1 seek=200 conv=notrunc 2>/dev/null
refuses "a ledger that was altered is not obeyed" 1 "entr" \
    sh -c "timeout 20 '$IOLAUS' up '$scenario' --name '$crew' --state '$state' 2>&1 | tail -1 >&2; exit 1"

# ---- a drill's own key ----
ledger=$work/drill
"$IOLAUS" drill test/scenarios/world/cauterize.yaml --name "$crew" --ledger "$ledger" --brief >"$work/drilled" 2>&1
check "a drill enters its range, with the key that was made for it" \
    kept '"entry":"opened",.*"range_key":"ssh-ed25519 AAAA' 1
check "... each stop as an order signed with it" \
    kept '"entry":"accepted",.*"made_by":"campaign",.*"signers":\["campaign"\]' 1
check "... what became of it" kept '"step":"sealed","target":"archivist"' 1
check "... and its end" kept '"entry":"closed","how":"ended"' 1
"$IOLAUS" drill test/scenarios/world/cauterize.yaml --name "$crew" --ledger "$ledger" --brief >"$work/drilled" 2>&1
check "the tombstones of a drill end with its range" kept '"step":"killed","target":"archivist"' 2
check "the two have different keys" sh -c "[ \$(python3 test/endtoend/lib/entries.py '$ledger' |
    grep -o '\"range_key\":\"[^\"]*\"' | sort -u | wc -l) -eq 2 ]"
check "the ledger of drills audits" "$IOLAUS" audit "$ledger"
