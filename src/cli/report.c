#include "cli/report.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/put_in.h"

void report_title(const struct scenario *scenario, uint32_t arms, uint64_t seed, const char *world,
                  FILE *out)
{
    struct utsname host;

    uname(&host);
    fprintf(out, "%s: seed %llu, %u arm%s, iolaus %s on %s, %s\n\n", scenario->name,
            (unsigned long long)seed, arms, arms == 1 ? "" : "s", IOLAUS_VERSION, host.nodename,
            world);
}

static unsigned terminal_width(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 60)
        return size.ws_col;
    return 100;
}

/* The published figures of an arm, as the analysis takes them; NULL where memory is out. */
static struct published *published_of(const struct scenario *scenario)
{
    struct published *published = calloc(scenario->published_count + 1, sizeof *published);

    for (uint32_t p = 0; published != NULL && p < scenario->published_count; p++)
        published[p] = (struct published){.measure = scenario->published[p].measure,
                                          .rate = scenario->published[p].rate,
                                          .trials = scenario->published[p].trials,
                                          .source = scenario->published[p].source};
    return published;
}

static void print_json(const struct report *report, const struct scenario *scenario,
                       const struct findings_arm *out, uint32_t count)
{
    struct utsname host;
    struct findings_source source;
    json_t *json;

    uname(&host);
    source = (struct findings_source){.scenario = scenario->name,
                                      .world = report->source,
                                      .version = IOLAUS_VERSION,
                                      .host = host.nodename,
                                      .seed = report->seed};
    json = findings_json(out, count, &source);
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    putchar('\n');
    json_decref(json);
}

static int print_words(const struct report *report, const struct report_arm *arms,
                       const struct findings_arm *out, uint32_t count, struct error *error)
{
    struct print_options options = {.width = terminal_width(),
                                    .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
                                    .detail = !report->brief};
    const struct scenario **scenarios = calloc(count, sizeof *scenarios);
    struct put_in put_in;
    int failed;

    if (scenarios == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the findings");
    for (uint32_t a = 0; a < count; a++)
        scenarios[a] = arms[a].scenario;
    report_title(arms[0].scenario, count, report->seed, report->world, stdout);
    failed = findings_print(out, count, &options, stdout);
    put_in_gather(&put_in, scenarios, count);
    if (failed == 0)
        failed = findings_in_words(out, count, put_in.words, put_in.count, &options, stdout);
    free(scenarios);
    return failed;
}

int report_print(const struct report *report, const struct report_arm *arms, uint32_t count,
                 struct error *error)
{
    struct findings_arm *out = calloc(count, sizeof *out);
    int failed = 0;

    for (uint32_t a = 0; out != NULL && a < count; a++) {
        out[a] = (struct findings_arm){.findings = arms[a].findings,
                                       .matched = MATCHED_BY_NAME,
                                       .published_count = arms[a].scenario->published_count,
                                       .published = published_of(arms[a].scenario)};
        if (out[a].published == NULL)
            failed = ERROR_MEMORY;
    }
    if (out == NULL || failed != 0)
        failed = error_set(error, ERROR_MEMORY, "out of memory for the findings");
    else if (report->json)
        print_json(report, arms[0].scenario, out, count);
    else
        failed = print_words(report, arms, out, count, error);
    for (uint32_t a = 0; out != NULL && a < count; a++)
        free((void *)(uintptr_t)out[a].published);
    free(out);
    return failed;
}
