# Sourced by the tests beside it: spin on a model, results as TAP lines. MODELS is the folder.
: "${MODELS:?names the folder of the models}"
for program in spin gcc; do
    if ! command -v $program >/dev/null 2>&1; then
        echo "ok - the models # SKIP $program is not installed"
        exit 0
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# search MODEL SWITCHES COMPILER-OPTIONS PAN-OPTIONS: exhaustive; what pan says is in `out`.
search() {
    rm -f pan* out ./*.trail
    # shellcheck disable=SC2086
    spin $2 -a "$MODELS/$1" >out 2>&1 && gcc -w -DMEMLIM=2500 $3 -o pan pan.c >>out 2>&1 &&
        timeout 600 ./pan -m2000000 $4 >out 2>&1
    figures=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1 states/p;
        s/^pan: elapsed time \(.*\) seconds/\1 s/p' out | tr '\n' ' ')
}

complete() {
    grep -q 'states, stored' out &&
        ! grep -Eq 'too small|not completed|aborted|out of memory|max search depth' out
}

# holds NAME MODEL SWITCHES: no violation in any state.
# ends NAME MODEL SWITCHES: nor on any fair path of what spin is asked in LTL.
# breaks NAME PATTERN MODEL SWITCHES: a violation is found, and spin's word for it matches PATTERN.
# goes_round NAME MODEL SWITCHES: a fair path is found on which what should come never comes.
holds() {
    search "$2" "$3" "-O2 -DSAFETY -DCOLLAPSE" ""
    report "$1" "$(complete && grep -q 'errors: 0$' out && echo good)"
}
ends() {
    search "$2" "$3 -DFAIR" "-O2 -DNFAIR=3 -DNOREDUCE" "-a -f"
    report "$1" "$(complete && grep -q 'errors: 0$' out && echo good)"
}
breaks() {
    search "$3" "$4" "-O0 -DSAFETY -DCOLLAPSE" ""
    report "$1" "$(grep -Eq "^pan:1: $2" out && grep -q 'errors: 1$' out && echo good)"
}
goes_round() {
    search "$2" "$3 -DFAIR" "-O0 -DNFAIR=3 -DNOREDUCE" "-a -f"
    report "$1" "$(grep -q '^pan:1: acceptance cycle' out && echo good)"
}
report() {
    if [ "$2" = good ]; then
        echo "# $figures"
        echo "ok - $1"
    else
        echo "not ok - $1"
        sed 's/^/# /' out
        failed=1
    fi
}
failed=0
