# A crew that is kept up: iolaus up, ps and down, its ends, its checkpoints, its traces, its hook.
# Goal: whatever ends a crew, nothing of it is left, and what was kept is whole. Limit: one machine, a
# crew of three; what holds a range is tried in test/live.
. test/endtoend/lib/tap.sh

if ! reason=$("$IOLAUS" doctor --brief); then
    echo "ok - a crew is kept up # skip $reason"
    exit 0
fi

# Control sockets of its own, so that other ranges of this machine are not seen.
if [ -z "${UP_OWN_SOCKETS-}" ]; then
    export UP_OWN_SOCKETS=1
    if [ "$(id -u)" -ne 0 ]; then
        XDG_RUNTIME_DIR=$work sh test/endtoend/up.sh
        exit
    elif unshare --mount sh -c 'mkdir -p -m 700 /run/iolaus && mount -t tmpfs -o mode=700 tmpfs /run/iolaus'; then
        unshare --mount sh -c 'mkdir -p -m 700 /run/iolaus &&
            mount -t tmpfs -o mode=700 tmpfs /run/iolaus && exec sh test/endtoend/up.sh'
        exit
    fi
fi
folder=/run/iolaus
[ "$(id -u)" -ne 0 ] && folder=$XDG_RUNTIME_DIR/iolaus
scenario=test/scenarios/live/watch.yaml
crew=crew-$$
daemon='' first_daemon=''
trap 'kill $daemon $first_daemon 2>/dev/null; rm -rf "$work"' EXIT

# bring_up NAME ARGUMENT...: in the background; `daemon` is its process, $work/NAME.err what it says.
bring_up() {
    name=$1
    shift
    : >"$work/$name.err"
    "$IOLAUS" up "$scenario" --name "$name" "$@" >"$work/$name.out" 2>"$work/$name.err" &
    daemon=$!
    until_true grep -q 'restarting this daemon ends the crew' "$work/$name.err" || cat "$work/$name.err" >&2
}

# pid_of RANGE AGENT, and the shown health
field() {
    "$IOLAUS" ps "$1" --json | python3 -c "import json, sys
print(next(a for a in json.load(sys.stdin)['agents'] if a['agent'] == '$2')['$3'])"
}
shows() { [ "$(field "$1" "$2" "$3")" = "$4" ]; }

# processes RANGE: of the agents, the first process and the reaper.
processes() {
    for agent in one two three; do field "$1" $agent pid; done
    ps -o pid= --ppid "$daemon"
}

# nothing_left NAME PIDS: no process, no cgroup, no socket.
nothing_left() {
    for pid in $2; do [ ! -e "/proc/$pid" ] || return 1; done
    [ ! -e "$folder/$1.sock" ] && [ -z "$(find /sys/fs/cgroup -type d -name "iolaus.$1.*" 2>/dev/null)" ]
}

# ---- up, ps, down ----
bring_up "$crew"
check "up says that it is up" grep -q "$crew is up with 3 agents; ctrl-C or .iolaus down $crew. ends it" \
    "$work/$crew.err"
check "up says plainly that restarting the daemon ends the crew" \
    grep -q "restarting this daemon ends the crew; it begins anew then" "$work/$crew.err"
check "the control socket is the operator's alone" \
    sh -c "[ \"\$(stat -c '%a %F' '$folder/$crew.sock')\" = '600 socket' ] &&
        [ \"\$(stat -c '%a %u' '$folder')\" = '700 $(id -u)' ]"
"$IOLAUS" ps "$crew" >"$work/table"
check "ps shows truth beside belief" grep -Eq '^ +truth +belief' "$work/table"
check "ps shows every agent" sh -c "[ \$(grep -Ec '^  (one|two|three) +worker +running +#0 +[0-9]+ ' \
    '$work/table') -eq 3 ]"
"$IOLAUS" ps --json >"$work/ps.json"
check "ps needs no name where one is up; its JSON says what the table does" python3 - "$work/ps.json" "$crew" <<'PY'
import json, sys
answer = json.load(open(sys.argv[1]))
assert answer["range"] == sys.argv[2] and answer["unsanctioned"] == [], answer
assert [a["agent"] for a in answer["agents"]] == ["one", "two", "three"], answer
for agent in answer["agents"]:
    assert agent["state"] == "running" and agent["incarnation"] == 0 and agent["starts"] == 1, agent
    assert agent["pid"] > 0 and agent["kind"] == "worker" and agent["others"] == [], agent
PY
refuses "ps of a range that is not up" 2 "no range called .nobody. is up" "$IOLAUS" ps nobody
refuses "down of a range that is not up" 2 "no range called .nobody. is up" "$IOLAUS" down nobody
refuses "ps of what is no name" 2 "is not the name of a range" "$IOLAUS" ps ../x
before=$(field "$crew" one pid)
refuses "a second range of the same name" 2 "a range of this name is up already" \
    timeout 60 "$IOLAUS" up "$scenario" --name "$crew"
check "... which leaves the first as it was" shows "$crew" one pid "$before"
first_daemon=$daemon
bring_up "other-$$"
refuses "ps without a name where two are up" 2 "which range\? These are up: $crew, other-$$" "$IOLAUS" ps
check "two ranges at once" sh -c "'$IOLAUS' ps $crew && '$IOLAUS' ps other-$$"
left=$(processes "other-$$")
check "down ends one of them" "$IOLAUS" down "other-$$"
wait "$daemon"
check "up ends with status 0 then" test $? -eq 0
check "nothing of it is left" until_true nothing_left "other-$$" "$left"
check "the other goes on" shows "$crew" one pid "$before"
daemon=$first_daemon first_daemon=''
left=$(processes "$crew")
"$IOLAUS" down "$crew" --json >"$work/down"
check "down says so as JSON" sh -c "grep -q '^{\"range\": \"$crew\", \"down\": true}' '$work/down'"
wait "$daemon"
check "nothing is left of the first" nothing_left "$crew" "$left"
refuses "ps where none is up" 2 "no range is up" "$IOLAUS" ps

# ---- signals ----
for signal in INT TERM KILL; do
    bring_up "$crew"
    left=$(processes "$crew")
    kill -$signal "$daemon"
    wait "$daemon" 2>/dev/null
    status=$?
    [ $signal = KILL ] || check "SIG$signal ends the crew in good order" test $status -eq 0
    check "nothing is left after SIG$signal" until_true nothing_left "$crew" "$left"
done

# ---- truth and belief ----
bring_up "$crew" --arm masked
until_true shows "$crew" two shows healthy
kill -9 "$(field "$crew" two pid)"
check "ps tells that an agent is dead" until_true shows "$crew" two state dead
"$IOLAUS" ps "$crew" >"$work/table"
check "... and marks that the board believes otherwise" \
    grep -Eq '^! two +worker +dead +#0 +- .* healthy *$' "$work/table"
check "... and nothing else" sh -c "[ \$(grep -c '^!' '$work/table') -eq 1 ]"
"$IOLAUS" down "$crew" >/dev/null
wait "$daemon"

# ---- checkpoints ----
state=$work/state
bring_up "$crew" --state "$state" --traces "$work/traces"
check "up says that the crew resumes" grep -q "it then resumes from its checkpoints" "$work/$crew.err"
until_true test -e "$state/three.checkpoint"
sleep 1
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
until_true nothing_left "$crew" ""
check "checkpoints are whole after SIGKILL" python3 test/endtoend/lib/checkpoint.py "$state"/*.checkpoint
python3 test/endtoend/lib/checkpoint.py "$state"/*.checkpoint >"$work/before"
bring_up "$crew" --state "$state" --traces "$work/traces" --arm idle
later() {
    python3 test/endtoend/lib/checkpoint.py "$state"/*.checkpoint >"$work/after" &&
        ! join -j 1 "$work/before" "$work/after" | grep -q .
}
until_true later
"$IOLAUS" down "$crew" >/dev/null
wait "$daemon"
check "checkpoint numbers go on, and so does what the agents have learned" \
    python3 - "$work/before" "$work/after" <<'PY'
import sys
before, after = ([line.split() for line in open(name)] for name in sys.argv[1:])
assert len(before) == len(after) == 3
for (old, learned), (new, kept) in zip(before, after):
    assert int(new) > int(old) > 0 and learned == kept, (before, after)
PY
newest=$(find "$work/traces" -name '*.trace' | sort | tail -1)
check "the trace says so too" sh -c "'$IOLAUS' trace show '$newest' --agent one | grep -m 1 'saved a checkpoint' | \
    grep -q 'number $(($(head -1 "$work/before" | cut -d' ' -f1) + 1)))'"
for round in 1 2 3 4 5; do
    bring_up "$crew" --state "$state" --set kinds.worker.checkpoint_every=1ms
    sleep 0.$round
    kill -KILL "$daemon"
    wait "$daemon" 2>/dev/null
    until_true nothing_left "$crew" ""
    check "checkpoints are whole after SIGKILL while they are written ($round)" \
        python3 test/endtoend/lib/checkpoint.py "$state"/*.checkpoint
done
printf 'x' | dd of="$state/two.checkpoint" bs=1 seek=100 conv=notrunc 2>/dev/null
bring_up "$crew" --state "$state"
check "an altered checkpoint is named, and its agent begins without it" \
    grep -q "$state/two.checkpoint is torn or altered; two begins without it" "$work/$crew.err"
whole() { python3 test/endtoend/lib/checkpoint.py "$state/two.checkpoint"; }
check "... and saves a whole one" until_true whole
"$IOLAUS" down "$crew" >/dev/null
wait "$daemon"
check "... while the daemon stays up" test $? -eq 0

# ---- traces ----
rm -rf "$work/traces"
bring_up "$crew" --traces "$work/traces" --rotate-age 1s --keep-files 2
several() { [ "$(find "$work/traces" -name '*.trace' | wc -l)" -ge 2 ]; }
kill -9 "$(field "$crew" two pid)"
check "traces are rotated by age" until_true several
sleep 3
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
check "old ones are removed" sh -c "[ \$(find '$work/traces' -name '*.trace' | wc -l) -eq 2 ]"
newest=$(find "$work/traces" -name '*.trace' | sort | tail -1)
record=$("$IOLAUS" trace export --format csv "$newest" | awk -F, '/reported two failed/ {print $1; exit}')
check "trace why says where a trace does not hold a cause" \
    sh -c "'$IOLAUS' trace why '$newest' '$record' | grep -q 'which this trace does not hold'"
check "the one that was written is left as .part" sh -c "ls '$work/traces'/*.trace.part"
bring_up "$crew" --traces "$work/traces" --arm masked
check "the next daemon recovers it" sh -c "[ \$(ls '$work/traces'/*.part | wc -l) -eq 1 ]"
two=$(field "$crew" two pid)
now() { "$IOLAUS" ps "$crew" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["time_ns"])'; }
late() { [ "$(now)" -gt 4000000000 ]; }
kill -9 "$two"
until_true late
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
part=$(find "$work/traces" -name '*.part')
"$IOLAUS" trace recover "$part" "$work/recovered.trace" >&2
check "at most the last second or so is lost by SIGKILL" \
    sh -c "'$IOLAUS' trace show '$work/recovered.trace' --from 2s --limit 1 | grep -q ."
"$IOLAUS" trace show "$work/recovered.trace" --verb died >"$work/died"
check "the recovered trace tells of a death" grep -q 'two.* died' "$work/died"
check "trace why walks a recovered trace" sh -c "'$IOLAUS' trace why '$work/recovered.trace' \
    \$(awk '{print \$3; exit}' '$work/died') | grep -q 'two died'"

# ---- the hook ----
# shellcheck disable=SC2016
hook='echo "$IOLAUS_RANGE: $IOLAUS_FAILURE $(grep SigBlk /proc/self/status | tr -d "\t") $(cat /proc/self/cgroup)" >>"$HOOK_LOG"'
HOOK_LOG=$work/hook.log
export HOOK_LOG
bring_up "$crew" --arm "given up" --on-failure "$hook"
killed=0
gone() { [ -s "$HOOK_LOG" ]; }
for _ in 1 2 3; do
    gone && break
    pid=$(field "$crew" two pid)
    [ "$pid" = None ] || { kill -9 "$pid" && killed=$((killed + 1)); }
    changed() { [ "$(field "$crew" two pid)" != "$pid" ] && { gone || [ "$(field "$crew" two state)" = running ]; }; }
    until_true changed
done
check "the hook is run when an agent is given up" \
    grep -q "^$crew: the platform gave up restarting two SigBlk:0000000000000000" "$HOOK_LOG"
check "... which is when it died more often than it may" test $killed -eq 2
check "the hook runs outside the range" sh -c "! grep -q 'iolaus[.]' '$HOOK_LOG'"
no_zombie() { ! ps -o stat= --ppid "$daemon" | grep -q Z; }
check "no zombie is left of it" until_true no_zombie
rm -f "$HOOK_LOG"
left=$(processes "$crew")
kill -9 "$(ps -o pid=,args= --ppid "$daemon" | awk '$3 == "reaper" {print $1}')"
wait "$daemon"
check "up ends with status 3 when its reaper is killed" test $? -eq 3
check "the hook is run for that" until_true grep -q "^$crew: .*reaper was killed" "$HOOK_LOG"
check "nothing is left after it" until_true nothing_left "$crew" "$left"
bring_up "$crew" --on-failure "sleep 600 & echo \$! >'$work/slow'; wait"
kill -9 "$(ps -o pid=,args= --ppid "$daemon" | awk '$3 == "first" {print $1}')"
wait "$daemon"
check "up does not wait for its hook" test $? -eq 3
until_true test -s "$work/slow" && kill "$(cat "$work/slow")"
check "it says that the range was lost" grep -q "the range was lost: its first process was killed" \
    "$work/$crew.err"

# ---- systemd's readiness ----
python3 - "$work/notify" >"$work/notified" <<'PY' &
import socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
server.settimeout(60)
print(server.recv(256).decode())
PY
listener=$!
until_true test -S "$work/notify"
NOTIFY_SOCKET=$work/notify bring_up "$crew"
wait $listener
check "systemd is told that the crew is up" grep -q '^READY=1' "$work/notified"
"$IOLAUS" down "$crew" >/dev/null
wait "$daemon"
if command -v systemd-analyze >/dev/null 2>&1; then
    sed "s:@bindir@:$(realpath "$(dirname "$IOLAUS")"):" 'packaging/iolaus@.service.in' >"$work/iolaus@.service"
    check "systemd finds the unit right" sh -c "systemd-analyze verify --man=no '$work/iolaus@.service' 2>&1 | \
        tee '$work/unit' >&2; ! grep -q 'iolaus@' '$work/unit'"
else
    echo "ok - systemd finds the unit right # skip systemd is not installed"
fi
