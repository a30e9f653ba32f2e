# What `meson install` puts below a folder works from there: the program with its data, the library
# for a C program that reads a trace, the man page, the completion.
. test/endtoend/lib/tap.sh
build=$(cd "$(dirname "$IOLAUS")/../.." && pwd)
root=$work/root
meson install -C "$build" --no-rebuild --destdir "$root" >"$work/log" 2>&1 || {
    echo "not ok - meson install"
    cat "$work/log" >&2
    exit 1
}
program=$(find "$root" -path '*/bin/iolaus')
library=$(find "$root" -name 'libiolaus.so.0')
data=$(dirname "$(find "$root" -path '*/share/iolaus/presets.yaml')")
manual=$(find "$root" -path '*/man/man1/iolaus.1')
completion=$(find "$root" -path '*/bash-completion/completions/iolaus')
cp -R scenarios "$work/"

check "version" sh -c "'$program' --version | grep -Eq '^iolaus [0-9]+[.][0-9]+[.][0-9]+\$'"
check "the program looks for its data where they are installed" \
    grep -aqF "${data#"$root"}" "$program"
check "a scenario with presets runs from another folder" sh -c \
    "cd '$work' && IOLAUS_DATA='$data' '$program' sim scenarios/published/potter-tampering.yaml \
    | grep -q published"
check "a trace is written" sh -c "cd '$work' && '$program' sim scenarios/newsroom.yaml \
    --arm 'peers preserve' --replicates 1 --set duration=3min --trace run.trace"

# What drills and crews need: the lean program, where the installed program finds it, and the unit.
lean=$(find "$root" -path '*/libexec/iolaus/iolaus-range')
check "the lean program is installed, for every user to execute" \
    sh -c "[ \"\$(stat -c %a '$lean')\" = 755 ]"
check "no program of the tests is" \
    sh -c "! find '$root' -type f | grep -E 'iolaus-range-|hostile|attacker|clinger'"
unit=$(find "$root" -path '*/lib/systemd/system/iolaus@.service')
check "the unit runs the installed program" \
    grep -q "^ExecStart=${program#"$root"} up /etc/iolaus/%i.yaml" "$unit"
if reason=$("$IOLAUS" doctor --brief); then
    check "the installed doctor finds that a range can be held" "$program" doctor --brief
    check "an installed drill is held" sh -c "cd '$work' && timeout 60 '$program' drill \
        scenarios/newsroom.yaml --arm 'peers preserve' --name 'install-$$' --duration 1s \
        --set campaign.first=300ms --set campaign.every=500ms --set campaign.episode_max=400ms \
        --set campaign.settle=50ms --set campaign.grace=50ms | grep -q newsroom"
    mv "$lean" "$lean.away"
    refuses "a drill says that the lean program is missing" 3 "iolaus-range: .*not found; install Iolaus whole" \
        "$program" drill scenarios/newsroom.yaml --arm "peers preserve"
    mv "$lean.away" "$lean"
else
    echo "ok - an installed drill is held # skip $reason"
fi

# The library, as a stranger's program uses it.
cat >"$work/reader.c" <<'PROGRAM'
#include <inttypes.h>
#include <stdio.h>

#include <iolaus/iolaus.h>

int main(int argc, char **argv)
{
    iolaus_trace *trace;
    iolaus_record record;
    iolaus_error error;
    unsigned char digest[32];
    uint64_t records = 0;
    int status;

    if (argc != 2 || iolaus_trace_open(&trace, argv[1], &error) != 0) {
        fprintf(stderr, "%s\n", argc == 2 ? error.message : "name a trace");
        return 1;
    }
    while ((status = iolaus_trace_next(trace, &record, &error)) == 1)
        records += iolaus_verb_name(record.verb) != NULL;
    if (status < 0) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    iolaus_trace_digest(trace, digest);
    printf("%s: %" PRIu64 " records of %s and others, digest ", iolaus_trace_scenario(trace),
           records, iolaus_trace_agent_name(trace, 0));
    for (int i = 0; i < 32; i++)
        printf("%02x", digest[i]);
    printf("\n");
    iolaus_trace_close(trace);
    return 0;
}
PROGRAM
PKG_CONFIG_SYSROOT_DIR=$root
PKG_CONFIG_PATH=$(dirname "$(find "$root" -name iolaus.pc)")
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
# shellcheck disable=SC2046
check "a program compiles with pkg-config's flags" \
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -pedantic -o "$work/reader" "$work/reader.c" \
    $(pkg-config --cflags --libs iolaus)
LD_LIBRARY_PATH=$(dirname "$library") "$work/reader" "$work/run.trace" >"$work/read" 2>&1
check "it reads a trace to its end" grep -q '^newsroom: [0-9]* records of archivist' "$work/read"
check "its digest is the program's" \
    grep -q "digest $("$program" trace digest "$work/run.trace" | cut -c1-64)" "$work/read"
head -c 1000 "$work/run.trace" >"$work/torn.trace"
refuses "it says what is wrong with a torn trace" 1 'torn|byte' \
    env LD_LIBRARY_PATH="$(dirname "$library")" "$work/reader" "$work/torn.trace"

nm -D --defined-only "$library" | awk '{print $3}' >"$work/symbols"
check "the library has symbols" grep -qx iolaus_trace_open "$work/symbols"
check "all of them begin with iolaus_" sh -c "! grep -v '^iolaus_' '$work/symbols'"
sed -n 's/^[a-z].*[ *]\(iolaus_[a-z_]*\)(.*/\1/p' include/iolaus/iolaus.h | sort >"$work/declared"
sort "$work/symbols" >"$work/sorted"
check "they are those that the header declares" cmp "$work/declared" "$work/sorted"
# GSL and igraph are GPL: the program alone links them.
readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >"$work/needed"
check "the library links what is permissively licensed, and nothing else" \
    sh -c "grep -q '^libc[.]so' '$work/needed' && \
    ! grep -Ev '^(libc|libm|libsodium|ld-linux-[a-z0-9_-]*)[.]so' '$work/needed'"
check "the program links GSL and igraph" sh -c "readelf -d '$program' | grep -q libgsl && \
    readelf -d '$program' | grep -q libigraph"

# The man page and the completion know every option and every tool.
check "man page" grep -q '^\.Dt IOLAUS 1' "$manual"
if command -v groff >/dev/null 2>&1; then
    check "the man page has no mistakes" \
        sh -c "groff -ww -mandoc -Tutf8 '$manual' 2>&1 >/dev/null | tee '$work/groff' >&2; \
        ! test -s '$work/groff'"
else
    echo "ok - the man page has no mistakes # SKIP groff is not installed"
fi
{
    "$program" --help | sed -n 's/^  \([a-z]*\)  .*/\1 ./p'
    "$program" trace --help | sed -n 's/^  \([a-z]*\)  .*/trace \1/p'
    "$program" order --help | sed -n 's/^  \([a-z]*\)  .*/order \1/p'
} | while read -r command tool; do
    [ "$tool" = . ] && tool=
    case $command in trace | order) [ -n "$tool" ] || continue ;; esac
    # shellcheck disable=SC2086
    "$program" $command $tool --help | grep -o -- '--[a-z-]*' | grep -v -x -e --usage | sort -u |
        while read -r option; do
            check "the man page tells of $command ${tool:+$tool }$option" \
                grep -Eq -- "Fl -${option#--}( |\$)" "$manual"
            check "bash completes $command ${tool:+$tool }$option" \
                bash -c ". '$completion'; COMP_WORDS=(iolaus $command $tool $option); \
                COMP_CWORD=\$((\${#COMP_WORDS[@]} - 1)); _iolaus; \
                [[ \" \${COMPREPLY[*]} \" =~ \ $option=?\  ]]"
        done
    check "the man page tells of $command${tool:+ $tool}" grep -Eq "Cm ($command|$tool)( |\$)" "$manual"
    check "bash completes $command${tool:+ $tool}" \
        bash -c ". '$completion'; COMP_WORDS=(iolaus $command $tool); \
        COMP_CWORD=\$((\${#COMP_WORDS[@]} - 1)); _iolaus; \
        [[ \" \${COMPREPLY[*]} \" == *' ${tool:-$command} '* ]]"
done
check "bash completes a scenario" \
    bash -c ". '$completion'; COMP_WORDS=(iolaus sim scenarios/news); COMP_CWORD=2; _iolaus; \
    [[ \${COMPREPLY[*]} == scenarios/newsroom.yaml ]]"
check "bash completes a value" \
    bash -c ". '$completion'; COMP_WORDS=(iolaus trace export --format = perf); COMP_CWORD=5; \
    _iolaus; [[ \${COMPREPLY[*]} == perfetto ]]"
