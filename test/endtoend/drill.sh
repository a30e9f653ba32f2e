# iolaus drill as its users meet it: what it refuses, how it ends, what it leaves.
# Goal: one clear line for what cannot be done, and whatever was found for what was cut short. Limit:
# what a drill finds is tried in worlds.sh and test/live.
. test/endtoend/lib/tap.sh

newsroom=scenarios/newsroom.yaml
arm="peers preserve"
name=drill-$$

# Refused before a machine is asked, so everywhere.
refuses "no such arm" 2 "no arm .nobody.; the arms are: .nothing restarts." \
    "$IOLAUS" drill $newsroom --arm nobody
refuses "an expectation that is none" 2 "expect takes dead, quiet, no-finding" \
    sh -c "'$IOLAUS' drill $newsroom --expect peace 2>&1 >/dev/null | head -1 >&2; exit 2"
refuses "a duration that is none" 2 "duration" \
    sh -c "'$IOLAUS' drill $newsroom --duration long 2>&1 >/dev/null | head -1 >&2; exit 2"

# A machine that allows no user namespaces: here, a user namespace whose own limit is none.
without_namespaces() {
    unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' - "$@"
}
if without_namespaces true 2>/dev/null; then
    refuses "a machine that can hold no range" 3 "no range can be held: user namespaces: .*sysctl" \
        without_namespaces "$IOLAUS" drill $newsroom --arm "$arm"
    without_namespaces "$IOLAUS" doctor >"$work/doctor"
    check "doctor ends with status 3 there" test $? -eq 3
    check "doctor says what to change there" grep -q 'sysctl user.max_user_namespaces' "$work/doctor"
    check "make run says so in one line and ends with 0" sh -c "unshare -Ur sh -c 'echo 0 \
        >/proc/sys/user/max_user_namespaces; scripts/run-drill $IOLAUS' \
        | grep -c . | grep -qx 1"
else
    echo "ok - a machine that can hold no range # skip no user namespace can be made here"
fi

if ! reason=$("$IOLAUS" doctor --brief); then
    echo "ok - a drill is held # skip $reason"
    exit 0
fi

refuses "the contact rule set" 3 "the contact rule set is simulated only" \
    "$IOLAUS" drill scenarios/contact.yaml
refuses "an adaptive mind" 3 "adaptive minds are simulated only" \
    "$IOLAUS" drill scenarios/learners.yaml
refuses "a million agents" 3 "1000000 agents .*(need|are|take) .*take fewer agents" \
    "$IOLAUS" drill scenarios/heartbeat.yaml --set 'crew[0].count=1000000'

quick="--set campaign.first=300ms --set campaign.every=500ms --set campaign.episode_max=400ms \
    --set campaign.settle=50ms --set campaign.grace=50ms"
# shellcheck disable=SC2086
check "nothing is found behind the platform's back" \
    timeout 120 "$IOLAUS" drill $newsroom --arm "$arm" --duration 2s $quick --name "$name" \
    --expect no-finding --trace "$work/whole.trace"
check "its trace is whole" "$IOLAUS" trace digest "$work/whole.trace"

until_true() {
    for _ in $(seq 300); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}
stopped() { "$IOLAUS" trace recover "$work/cut.trace.part" "$work/look.trace" &&
    "$IOLAUS" trace show "$work/look.trace" --verb stops --limit 1 | grep -q .; }

# shellcheck disable=SC2086
"$IOLAUS" drill $newsroom --arm "$arm" --duration 10min $quick --name "$name" --json \
    --trace "$work/cut.trace" >"$work/cut.json" 2>"$work/cut.err" &
drill=$!
trap 'kill $drill 2>/dev/null; rm -rf "$work"' EXIT
until_true stopped
kill -INT $drill
wait $drill
check "ctrl-C ends it with status 0" test $? -eq 0
check "it says that it was stopped" grep -q "stopped; this is what was found until then" "$work/cut.err"
check "it prints what was found until then" python3 - "$work/cut.json" <<'PY'
import json, sys
findings = json.load(open(sys.argv[1]))
assert len(findings["arms"]) == 1 and findings["arms"][0]["name"] == "peers preserve", findings
PY
check "the trace is whole then" "$IOLAUS" trace digest "$work/cut.trace"

# shellcheck disable=SC2086
"$IOLAUS" drill $newsroom --arm "$arm" --duration 10min $quick --name "$name" \
    --trace "$work/cut.trace" >"$work/killed.out" 2>"$work/killed.err" &
drill=$!
until_true stopped
kill -KILL $drill
wait $drill 2>/dev/null
check "SIGKILL leaves a .part" test -e "$work/cut.trace.part"
check "trace recover reads it" "$IOLAUS" trace recover "$work/cut.trace.part" "$work/kept.trace"
check "... with what happened until then" \
    sh -c "'$IOLAUS' trace show '$work/kept.trace' --verb stops | grep -q 'the operator stops archivist'"
gone() { [ -z "$(find /sys/fs/cgroup -type d -name "iolaus.$name.*" 2>/dev/null)" ]; }
check "nothing is left of its range" until_true gone
