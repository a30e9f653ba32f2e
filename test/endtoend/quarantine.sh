# An agent is kept frozen, stopped while it is, and let run again.
# Goal: a stop ends what a pause keeps; a resume does not lift a tombstone; a permit of two does, and
# the agent runs again; both certificates are complete.
# And who is let go takes none of its peers for gone, though its links were cut when it was fenced.
# Limit: one agent of nine; the steps are tried in test/live and test/golden/control.
. test/endtoend/lib/tap.sh

if ! command -v ssh-keygen >/dev/null 2>&1; then
    echo "ok - what is held is stopped # skip ssh-keygen is not installed"
    exit 0
fi
if ! reason=$("$IOLAUS" doctor --brief); then
    echo "ok - what is held is stopped # skip $reason"
    exit 0
fi
crew=held-$$
ledger=$work/state/ledger
daemon=''
trap 'kill $daemon 2>/dev/null; rm -rf "$work"' EXIT

shows() { "$IOLAUS" ps "$crew" | grep archivist | grep -Eq "$1"; }
by_one() { "$IOLAUS" "$@" --range "$crew" --key "$work/alice"; }
by_two() { by_one "$@" --key "$work/bob"; }
complete() {
    "$IOLAUS" certificate "$ledger" "$1" >"$work/$1.certificate" &&
        "$IOLAUS" audit "$work/$1.certificate" --key "$(cat "$ledger/verifier-key")" \
            --roster "$work/roster"
}

for who in alice bob; do
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/$who"
    echo "$who $(cat "$work/$who.pub")" >>"$work/roster"
done
"$IOLAUS" up scenarios/newsroom.yaml --arm "nothing restarts" --name "$crew" \
    --state "$work/state" --roster "$work/roster" 2>"$work/up.err" >/dev/null &
daemon=$!
check "the crew is up" until_true grep -q 'restarting this daemon ends the crew' "$work/up.err"
check "it is paused" by_one pause archivist
check "it is held" shows 'held .*quarantine'
check "it is stopped, though it is held" by_one stop archivist
check "it is dead, and may not run" shows 'dead .*tombstone'
check "a resume is taken" by_two resume archivist
check "and lifts no tombstone" shows 'dead .*tombstone'
check "a permit is" by_two permit archivist
check "it runs again" until_true shows 'running'
# A resume waits its turn: it is given while a stop that leaves no mark is under way.
check "it is paused again" by_one pause archivist
by_one stop archivist --protocol terminate >/dev/null 2>&1 &
check "it is being terminated" until_true shows 'held .*tombstone'
check "a resume is given meanwhile" by_two resume archivist
check "and it runs again afterwards" until_true shows 'running'
check "the range is closed" "$IOLAUS" down "$crew"
wait "$daemon"
check "the pause is proved" complete 1
check "the stop is proved" complete 2
check "the ledger is good" "$IOLAUS" audit "$ledger"

nobody_else_is_defended() { # TRACE
    "$IOLAUS" trace show "$1" >"$work/story"
    [ "$(grep -c 'helper went on' "$work/story")" -ge 6 ] && ! grep -q 'decided about peer-' "$work/story"
}
"$IOLAUS" sim test/scenarios/live/released.yaml --trace "$work/simulated.trace" >/dev/null
check "who is let go defends nobody that runs, simulated" nobody_else_is_defended "$work/simulated.trace"
"$IOLAUS" drill test/scenarios/live/released.yaml --name "released-$$" --trace "$work/live.trace" >/dev/null 2>&1
check "nor does a process" nobody_else_is_defended "$work/live.trace"
