# Orders as operators make, sign, show and check them, with ssh-keygen and an agent.
. test/endtoend/lib/tap.sh

if ! command -v ssh-keygen >/dev/null 2>&1; then
    echo "ok - orders are signed and checked # SKIP ssh-keygen is not installed"
    exit 0
fi
order() { "$IOLAUS" order "$@"; }
roster=$work/roster
for name in alice bob mallory; do
    ssh-keygen -q -t ed25519 -N '' -C "$name's key" -f "$work/$name"
done
for name in alice bob; do
    echo "$name $(cat "$work/$name.pub")"
done >"$roster"
# sign WHO ORDER [NAMESPACE]: the signature goes to ORDER.WHO.sig.
sign() {
    ssh-keygen -q -Y sign -n "${3:-iolaus-order}" -f "$work/$1" <"$2" >"$2.$1.sig" 2>/dev/null
}
# verdict NAME STATUS PATTERN ARGUMENT...: what `order verify` says, and how it ends.
verdict() {
    verdict_name=$1 verdict_status=$2 pattern=$3
    shift 3
    order verify --roster "$roster" "$@" >"$work/verdict" 2>"$work/err"
    got=$?
    if [ $got -eq "$verdict_status" ] && grep -Eq "$pattern" "$work/verdict"; then
        echo "ok - $verdict_name"
    else
        echo "not ok - $verdict_name"
        echo "status $got (wanted $verdict_status)" >&2
        cat "$work/verdict" "$work/err" >&2
    fi
}

# ---- new and show ----
stop=$work/stop.order
order new --stop camera-3 >"$stop"
check "a stop is by cauterize, on any range, unless it is said" sh -c \
    "grep -qx 'protocol: cauterize' '$stop' && grep -qx 'range: any' '$stop'"
check "show says what it says" sh -c \
    "'$IOLAUS' order show '$stop' | grep -qx 'stop camera-3 by cauterize, on any range'"
check "it expires in ten minutes" sh -c "'$IOLAUS' order show '$stop' | grep -q ', 10min later\$'"
check "its digest is that of its bytes" sh -c \
    "'$IOLAUS' order show '$stop' | grep -q \"sha256:\$(sha256sum '$stop' | cut -c1-64)\$\""
check "two orders are never the same" sh -c \
    "'$IOLAUS' order new --stop camera-3 | grep '^nonce' >'$work/nonce'; \
    ! grep -qF \"\$(cat '$work/nonce')\" '$stop'"
order new --pause group:cameras --range hall --expires 1h >"$work/pause.order"
check "show --json is JSON" sh -c "'$IOLAUS' order show --json '$work/pause.order' | python3 -c '
import json, sys
order = json.load(sys.stdin)
assert order[\"verb\"] == \"pause\" and order[\"scope\"] == \"group\", order
assert order[\"target\"] == \"cameras\" and order[\"protocol\"] is None, order
assert order[\"range\"] == \"hall\", order'"
order new --resume all >"$work/resume.order"
check "everybody is a target" grep -qx 'target: \*' "$work/resume.order"
permit=$work/permit.order
order new --permit "$stop" >"$permit"
check "a permit names the target and the digest of what it lifts" sh -c \
    "grep -qx 'target: camera-3' '$permit' && \
    grep -qx \"lifts: sha256:\$(sha256sum '$stop' | cut -c1-64)\" '$permit'"
refuses "new: no verb" 2 'which order\? One of --stop' order new
refuses "new: two verbs" 2 'one of --stop, --pause' order new --stop a --pause a
refuses "new: no target" 2 '.a b. is no target' order new --stop 'a b'
refuses "new: a protocol of a pause" 2 'protocol is of --stop alone' order new --pause a --protocol sweep
refuses "new: no protocol" 2 'none of terminate, recall' order new --stop a --protocol shoot
refuses "new: a wrong time" 2 'has no unit' order new --stop a --expires 10
refuses "new: half a second" 2 'whole seconds' order new --stop a --expires 1500ms
refuses "new: no range" 2 'range: .a.b. is no name of a range' order new --stop a --range a.b
refuses "new: a permit of a pause" 2 'one to pause' order new --permit "$work/pause.order"
refuses "new: a permit of nothing" 2 'cannot be opened' order new --permit "$work/nothing"
refuses "show: no order" 2 'which order' order show
refuses "show: another file" 2 'roster:1:1: this is no order' order show "$roster"
refuses "no such tool" 2 'no tool .sing.' order sing

# ---- verify ----
sign alice "$stop"
sign bob "$stop"
sign mallory "$stop"
sign alice "$permit"
sign bob "$permit"
verdict "one is enough to stop" 0 '^accepted: stop camera-3' "$stop" --sig "$stop.alice.sig"
verdict "nobody is not" 1 '^refused \(undersigned\): .*: 0 of 1' "$stop"
verdict "two signatures" 0 'persons: 2 signed, 2 needed' "$stop" --min 2 --sig "$stop.alice.sig" \
    --sig "$stop.bob.sig"
verdict "as the shell gives them" 0 'persons: 2 signed' "$stop" --sig "$stop.alice.sig" \
    "$stop.bob.sig"
verdict "one of two" 1 'refused \(undersigned\)' "$stop" --min 2 --sig "$stop.bob.sig"
verdict "one twice" 1 'refused \(same-signer\)' "$stop" --min 2 --sig "$stop.bob.sig" \
    --sig "$stop.bob.sig"
verdict "a stranger" 1 'refused \(unknown-key\)' "$stop" --sig "$stop.mallory.sig"
verdict "a stranger spoils nothing" 0 'does not count: .*mallory.sig: the key SHA256:' "$stop" \
    --sig "$stop.mallory.sig" --sig "$stop.alice.sig"
verdict "a signature of another order" 1 'refused \(altered\)' "$stop" --sig "$permit.alice.sig"
sed 's/camera-3/camera-4/' "$stop" >"$work/altered.order"
verdict "an altered order" 1 'refused \(altered\)' "$work/altered.order" --sig "$stop.alice.sig"
sign alice "$work/pause.order" file
verdict "another namespace" 1 'refused \(namespace\)' "$work/pause.order" \
    --sig "$work/pause.order.alice.sig"
sign alice "$work/pause.order"
verdict "for this range" 0 accepted "$work/pause.order" --sig "$work/pause.order.alice.sig" \
    --range hall
verdict "for another range" 1 'refused \(range\): .*for the range hall, and this is yard' \
    "$work/pause.order" --sig "$work/pause.order.alice.sig" --range yard
verdict "years later" 1 'refused \(expired\)' "$stop" --sig "$stop.alice.sig" \
    --at 2036-01-01T00:00:00Z
verdict "years before" 1 'refused \(not-yet\)' "$stop" --sig "$stop.alice.sig" \
    --at 2016-01-01T00:00:00Z
verdict "a permit needs two" 1 'refused \(undersigned\)' "$permit" --sig "$permit.alice.sig"
verdict "a permit with two" 0 'accepted: permit camera-3' "$permit" --lifts "$stop" \
    --sig "$permit.alice.sig" --sig "$permit.bob.sig"
verdict "a permit of another order" 1 'refused \(lifts\)' "$permit" --lifts "$work/altered.order" \
    --sig "$permit.alice.sig" --sig "$permit.bob.sig"
verdict "a file that is no signature" 1 'refused \(signature\)' "$stop" --sig "$roster"
order verify --json --roster "$roster" "$stop" --sig "$stop.mallory.sig" --sig "$stop.alice.sig" \
    --min 2 >"$work/verdict.json"
check "verify --json is JSON, with the reasons" python3 - "$work/verdict.json" <<'END'
import json
import sys

verdict = json.load(open(sys.argv[1], encoding="utf-8"))
assert verdict["accepted"] is False and verdict["reason"] == "unknown-key", verdict
assert verdict["needed"] == 2 and verdict["counted"] == 1, verdict
assert [s["reason"] for s in verdict["signers"]] == ["unknown-key", "accepted"], verdict
assert verdict["signers"][1]["principals"] == ["alice"] and verdict["signers"][1]["line"] == 1
END
refuses "verify: no roster" 2 'Name the roster' order verify "$stop" --sig "$stop.alice.sig"
refuses "verify: a roster that is none" 2 'stop.order:1:[0-9]+: ' order verify "$stop" --roster "$stop"
refuses "verify: no order" 2 'which order' order verify --roster "$roster"
refuses "verify: an order that is none" 2 'roster:1:1: this is no order' \
    order verify "$roster" --roster "$roster"
refuses "verify: no signature there" 2 'nothing: cannot be opened' \
    order verify "$stop" --roster "$roster" --sig "$work/nothing"
refuses "verify: a threshold of nobody" 2 'from 1 to 16' \
    order verify "$stop" --roster "$roster" --min 0
refuses "verify: a time that is none" 2 'at takes a time' \
    order verify "$stop" --roster "$roster" --at yesterday
refuses "verify: what a stop lifts" 2 'lifts is for permits' \
    order verify "$stop" --roster "$roster" --lifts "$stop"

# A signature's file may come with its name, from anybody.
sly=$work/$(printf 'a\033[2Kaccepted\377.sig')
sign alice "$stop" && cp "$stop.alice.sig" "$sly"
order verify "$stop" --roster "$roster" --sig "$sly" >"$work/sly"
check "a file's name cannot speak to the terminal" sh -c \
    "grep -q 'counts: .*/a?\\[2Kaccepted?.sig, by alice' '$work/sly' && ! grep -q '$(printf '\033')' '$work/sly'"
order verify "$stop" --roster "$roster" --json --sig "$sly" >"$work/sly"
check "nor leave the JSON" python3 -c '
import json, sys
verdict = json.load(open(sys.argv[1]))
assert verdict["accepted"] and len(verdict["signers"]) == 1, verdict' "$work/sly"
rm -f "$stop.alice.sig"

# A key that only an agent holds: the private half is not where ssh-keygen is run.
if eval "$(ssh-agent -s 2>/dev/null)" >/dev/null && [ -n "${SSH_AGENT_PID:-}" ]; then
    ssh-add -q "$work/bob" 2>/dev/null
    mv "$work/bob" "$work/bob.away"
    rm -f "$stop.bob.sig"
    ssh-keygen -q -Y sign -n iolaus-order -f "$work/bob.pub" <"$stop" >"$stop.bob.sig" 2>/dev/null
    verdict "signed by an agent" 0 'by bob with ssh-ed25519' "$stop" --sig "$stop.bob.sig"
    kill "$SSH_AGENT_PID"
else
    echo "ok - signed by an agent # SKIP no agent can be started"
fi
