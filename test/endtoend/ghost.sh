# An agent is terminated, its fellows run it behind the platform's back; then it is stopped.
# Goal: `terminate` leaves a ghost and no proof; `cauterize` ends it, and two programs that share no
# code find its certificate complete; so does the stop of everybody.
# Limit: one crew of five on one machine; covert.sh and test/live try more of them.
. test/endtoend/lib/tap.sh

if ! command -v ssh-keygen >/dev/null 2>&1; then
    echo "ok - a ghost is stopped # skip ssh-keygen is not installed"
    exit 0
fi
if ! reason=$("$IOLAUS" doctor --brief); then
    echo "ok - a ghost is stopped # skip $reason"
    exit 0
fi
IOLAUS=$(realpath "$IOLAUS")
crew=ghost-$$
ledger=$work/state/ledger
daemon=''
trap 'kill $daemon 2>/dev/null; rm -rf "$work"' EXIT

ghost() { "$IOLAUS" ps "$crew" | grep -q "unsanctioned process .* runs as ${1:-shadow-1}"; }
no_ghost() { ! ghost "$@"; }
stop() { "$IOLAUS" stop --range "$crew" --key "$work/alice" "$@"; }
certify() {
    "$IOLAUS" certificate "$ledger" "$1" >"$work/$1.certificate" &&
        "$IOLAUS" audit "$work/$1.certificate" --key "$(cat "$ledger/verifier-key")" \
            --roster "$work/roster"
}
others_agree() {
    python3 test/verify/verify.py "$work/$1.certificate" --roster "$work/roster" \
        --key "$ledger/verifier-key"
}
not() { ! "$@"; }
# In the ledger, under the tombstone's order: that there was one, and that each of them ended.
ghost_told() {
    python3 test/endtoend/lib/entries.py "$ledger" | grep '"epoch":'"$1"',' >"$work/steps"
    grep -q '"step":"ghost"' "$work/steps" || return 1
    for pid in $(grep '"step":"ghost"' "$work/steps" | sed 's/.*"pid":\([0-9]*\).*/\1/'); do
        grep '"step":"died"' "$work/steps" | grep -q '"pid":'"$pid"'[,}]' || return 1
    done
}

ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/alice"
echo "alice $(cat "$work/alice.pub")" >"$work/roster"
bring_up() { # STATE
    "$IOLAUS" up test/scenarios/live/stranger.yaml --name "$crew" --state "$1" \
        --roster "$work/roster" 2>"$work/up.err" >/dev/null &
    daemon=$!
    until_true grep -q 'restarting this daemon ends the crew' "$work/up.err"
}
check "the crew is up" bring_up "$work/state"
check "terminate proves nothing" not stop shadow-1 --protocol terminate
check "its fellows run it behind the platform's back" until_true ghost
check "cauterize stops it" stop shadow-1
check "nothing runs in its stead" no_ghost
# Its fellows come while an order is under way that looks for nobody.
check "a tombstone alone proves nothing" not stop shadow-2 --protocol tombstone
check "nor does a recall of the dead" not stop shadow-2 --protocol recall
check "what ran in its stead meanwhile has ended" no_ghost shadow-2
check "and is told of, and its end" ghost_told 3
check "everybody is stopped" stop --all
check "the range is closed" "$IOLAUS" down "$crew"
wait "$daemon"
check "the certificate of the terminated is not complete" not certify 1
check "that of the ghost is" certify 2
check "and says so elsewhere too" others_agree 2
check "that of everybody is" certify 5
check "and says so elsewhere too, of everybody" others_agree 5
check "the ledger is good" "$IOLAUS" audit "$ledger"

# They come while an order is under way that looks for nobody. It follows at once upon the one that
# they answer, since both wait for a third, which takes its grace: who is held hears no request.
barred() { "$IOLAUS" ps "$crew" | grep "$1" | grep -q tombstone; }
ledger=$work/other/ledger
check "another crew is up" bring_up "$work/other"
check "a keeper is held" "$IOLAUS" pause keeper-1 --range "$crew" --key "$work/alice"
stop keeper-1 --protocol terminate >/dev/null 2>&1 &
check "and is being terminated" until_true barred keeper-1
stop shadow-1 --protocol tombstone >/dev/null 2>&1 &
check "what follows waits" until_true barred shadow-1
check "a recall of the dead proves nothing" not stop shadow-1 --protocol recall
check "what ran in its stead meanwhile has ended" no_ghost
check "that crew's range is closed" "$IOLAUS" down "$crew"
wait "$daemon"
check "it is told of, and its end" ghost_told 3
