# Of sanctioned incarnations the witness sees every death.
# Goal: 10,000 kills from outside, as fast as the platform restarts what was killed; every one that the
# killer wrote down is in the trace, and no other.
. test/endtoend/lib/tap.sh

if ! reason=$("$IOLAUS" doctor --brief); then
    echo "ok - 10,000 kills are all in the trace # skip $reason"
    exit 0
fi
folder=/run/iolaus
[ "$(id -u)" = 0 ] || folder=${XDG_RUNTIME_DIR:+$XDG_RUNTIME_DIR/iolaus}
folder=${folder:-/tmp/iolaus-$(id -u)}

"$IOLAUS" drill test/scenarios/live/kills.yaml --name "kills-$$" --trace "$work/kills.trace" \
    >"$work/out" 2>&1 &
drill=$!
timeout 300 python3 test/endtoend/lib/kills.py kill "$folder/kills-$$.sock" 10000 "$work/list" ||
    kill -INT $drill
wait $drill || {
    echo "not ok - the drill ended with status $?"
    cat "$work/out" >&2
}
"$IOLAUS" trace export --verb died -f jsonl "$work/kills.trace" >"$work/died"
python3 test/endtoend/lib/kills.py compare "$work/list" "$work/died"
