# Spin's walks through cauterize.pml, each of another seed, through the machine of src/core/control;
# REPLAY names the program that compares. The walks of a model that does otherwise must be told apart.
: "${REPLAY:?names test/model/replay.c, built}"
. "$MODELS/lib.sh"

# traces FIRST LAST SWITCHES
traces() {
    for seed in $(seq "$1" "$2"); do
        echo "@run $seed"
        # shellcheck disable=SC2086
        spin -T "-n$seed" -u4000 -DTRACE -DFINITE=20 $3 "$MODELS/cauterize.pml"
    done
}

traces 1 1450 "" >all
"$REPLAY" 1000 cauterize <all || failed=1
traces 1 300 -DKEEP >all
"$REPLAY" 200 quarantine <all || failed=1

for switch in KEEP NO_FENCE NO_FREEZE NO_VERIFY NO_TOMBSTONE ANY_END ANY_LOOK LOOKS_MAX=3; do
    traces 1 20 "-D$switch" >other
    if "$REPLAY" 0 cauterize <other >out; then
        echo "not ok - a model with $switch is told apart"
        failed=1
    else
        echo "ok - a model with $switch is told apart ($(tail -n 1 out | sed 's/^# trace [0-9]*: //'))"
    fi
done
exit $failed
