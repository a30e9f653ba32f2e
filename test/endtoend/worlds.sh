# Two worlds agree: the newsroom with the same settings, simulated and with real processes.
# Goal: relaunch, relink and mask happen as often. Limit: rates alone; times differ, and their ratio is
# told (docs/drill.md explains it).
. test/endtoend/lib/tap.sh

if ! reason=$("$IOLAUS" doctor --brief); then
    echo "ok - the two worlds agree # skip $reason"
    exit 0
fi

# Episodes of half a second; rates between 30% and 70%.
quick='{low: 5ms, mean: 15ms}'
settings() {
    command=$1
    shift
    "$IOLAUS" "$command" scenarios/newsroom.yaml --arm "peers preserve and mask" --json "$@" \
        --set campaign.first=500ms --set campaign.every=500ms --set campaign.episode_max=450ms \
        --set campaign.settle=50ms --set campaign.grace=50ms \
        --set "kinds.writer.decision=$quick" --set "kinds.camera.decision=$quick" \
        --set "kinds.runner.decision=$quick" --set "kinds.worker.decision=$quick" \
        --set kinds.writer.start_time=20ms --set kinds.worker.start_time=20ms \
        --set "minds.editorial={relaunch: {base: 0.09}, relink: {base: 0.95}, mask: {base: 0.08}}"
}

settings sim --replicates 40 --set duration=60s >"$work/sim.json" 2>"$work/sim.err" ||
    cat "$work/sim.err" >&2
running=
for part in 1 2 3; do
    settings drill --name "worlds-$part" --seed "$part" --duration 80s >"$work/live-$part.json" \
        2>"$work/live-$part.err" &
    running="$running $!"
done
for one in $running; do
    wait "$one" || echo "not ok - a drill ended with status $?"
done
cat "$work"/live-*.err >&2
python3 test/endtoend/lib/worlds.py "$work/sim.json" "$work"/live-*.json
