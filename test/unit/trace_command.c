/* The goal: what `iolaus trace` exits with, and where its words go. What its tools say is tested in
 * trace_tools.c. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include "cli/commands.h"
#include "lib/trace_sample.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(trace_command, .fini = sample_clean);

/* Runs `iolaus trace` with up to five arguments. */
static int run(const char *a, const char *b, const char *c, const char *d, const char *e)
{
    static char words[7][160];
    char *arguments[8] = {0};
    const char *given[] = {"trace", a, b, c, d, e};
    int count = 0;

    while (count < 6 && given[count] != NULL) {
        snprintf(words[count], sizeof words[0], "%s", given[count]);
        arguments[count] = words[count];
        count++;
    }
    return command_trace(count, arguments);
}

static const char *sample(const char *name, uint64_t count)
{
    const char *path = sample_path(name);

    sample_write(path, count);
    return path;
}

/* Changes a byte behind the header. */
static const char *damage(const char *path)
{
    FILE *file = fopen(path, "r+b");

    fseek(file, 600, SEEK_SET);
    fputc(fgetc(file) ^ 1, file);
    fclose(file);
    return path;
}

static void redirect(void)
{
    cr_redirect_stdout();
    cr_redirect_stderr();
}

Test(trace_command, a_whole_file, .init = redirect)
{
    const char *path = sample("a.trace", 100);

    cr_assert_eq(run("show", path, "--limit", "3", NULL), 0);
    cr_assert_eq(run("show", path, "--json", "--class=act", NULL), 0);
    cr_assert_eq(run("stats", path, "--from", "1.5s", NULL), 0);
    cr_assert_eq(run("stats", path, "--json", NULL, NULL), 0);
    cr_assert_eq(run("digest", path, path, NULL, NULL), 0);
    cr_assert_eq(run("export", path, "--format", "csv", NULL), 0);
    cr_assert_eq(run("why", path, "camera:3", NULL, NULL), 0);
    cr_assert_eq(run("diff", path, path, "--json", NULL), 0);
    cr_assert_eq(run("--help", NULL, NULL, NULL, NULL), 0);
}

Test(trace_command, a_damaged_file, .init = redirect)
{
    const char *path = damage(sample("b.trace", 9000)), *kept = sample_path("kept.trace");
    const char *output = sample_path("out.csv");

    cr_assert_eq(run("show", path, NULL, NULL, NULL), 1);
    cr_assert_eq(run("stats", path, NULL, NULL, NULL), 1);
    cr_assert_eq(run("digest", path, NULL, NULL, NULL), 1);
    cr_assert_eq(run("why", path, "camera:3", NULL, NULL), 1);
    cr_assert_eq(run("export", path, "-fcsv", "-o", output), 1);
    cr_assert_neq(access(output, F_OK), 0);
    cr_assert_eq(run("recover", path, kept, NULL, NULL), 0);
    cr_assert_eq(run("digest", kept, NULL, NULL, NULL), 0);
    cr_assert_eq(run("export", kept, "-fcsv", "-o", output), 0);
    cr_assert_eq(access(output, F_OK), 0);
}

Test(trace_command, runs_that_differ, .init = redirect)
{
    cr_assert_eq(run("diff", sample("a.trace", 100), sample("b.trace", 101), NULL, NULL), 1);
}

Test(trace_command, wrong_input, .init = redirect)
{
    const char *path = sample("a.trace", 100);

    cr_assert_eq(run(NULL, NULL, NULL, NULL, NULL), 2);
    cr_assert_eq(run("explain", path, NULL, NULL, NULL), 2);
    cr_assert_eq(run("show", "/nowhere", NULL, NULL, NULL), 2);
    cr_assert_eq(run("show", "/etc/passwd", NULL, NULL, NULL), 2);
    cr_assert_eq(run("show", path, "--agent", "nobody", NULL), 2);
    cr_assert_eq(run("show", path, "--verb", "explodes", NULL), 2);
    cr_assert_eq(run("why", path, "camera:9999", NULL, NULL), 2);
    cr_assert_eq(run("why", path, "camera", NULL, NULL), 2);
}

/* What the parser of arguments refuses ends the program there. */
Test(trace_command, a_wrong_unit, .init = redirect, .exit_code = 2)
{
    run("show", sample("a.trace", 10), "--from", "2.5x", NULL);
}

Test(trace_command, a_wrong_option, .init = redirect, .exit_code = 2)
{
    run("why", sample("a.trace", 10), "camera:3", "--limit=3", NULL);
}

Test(trace_command, no_file, .init = redirect, .exit_code = 2)
{
    run("show", NULL, NULL, NULL, NULL);
}

Test(trace_command, a_full_disk, .init = redirect)
{
    cr_assert_not_null(freopen("/dev/full", "w", stdout));
    cr_assert_eq(run("export", sample("a.trace", 3000), NULL, NULL, NULL), 3);
}
