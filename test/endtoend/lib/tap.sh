# Sourced by the tests beside it: results as TAP lines. IOLAUS names the program.
: "${IOLAUS:?names the program}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check NAME COMMAND...: passes if the command succeeds; what it prints goes to standard error.
check() {
    name=$1
    shift
    if "$@" >&2; then echo "ok - $name"; else echo "not ok - $name"; fi
}

# refuses NAME STATUS PATTERN COMMAND...: the command ends with STATUS, says one line that matches
# PATTERN (an extended regular expression) on standard error and nothing on standard output.
refuses() {
    name=$1 status=$2 pattern=$3
    shift 3
    "$@" >"$work/out" 2>"$work/err"
    got=$?
    if [ $got -eq "$status" ] && [ "$(wc -l <"$work/err")" -eq 1 ] &&
        grep -Eq "$pattern" "$work/err" && [ ! -s "$work/out" ]; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        echo "status $got (wanted $status); said:" >&2
        cat "$work/err" "$work/out" >&2
    fi
}

# until_true COMMAND...: waits until it succeeds, for half a minute at most.
until_true() {
    for _ in $(seq 300); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}
