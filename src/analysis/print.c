/*
 * Findings as text: a table for each arm, the arms beside each other, and published figures beside
 * ours.
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analysis/format.h"
#include "analysis/run.h"

#define CONFIDENCE 0.95
#define WIDTH_DEFAULT 100
#define WIDTH_LEAST 60

struct style {
    const char *strong, *faint, *plain;
};

static struct style style_of(const struct print_options *options)
{
    return options->colour ? (struct style){"\033[1m", "\033[2m", "\033[0m"}
                           : (struct style){"", "", ""};
}

static unsigned width_of(const struct print_options *options)
{
    unsigned width = options->width == 0 ? WIDTH_DEFAULT : options->width;
    return width < WIDTH_LEAST ? WIDTH_LEAST : width;
}

/* ---- one arm ---- */

static void print_measure_row(const struct findings *findings, uint32_t measure, bool act,
                              const struct style *style, FILE *out)
{
    const char *words;
    const char *name = findings_measure(measure, &words);
    struct rate rate;
    figure count, percent, interval;
    findings_rate(findings, name, CONFIDENCE, &rate);
    snprintf(count, sizeof count, "%" PRIu64 "/%" PRIu64, rate.successes, rate.trials);
    fprintf(out, "  %-26s %11s %6s %s%-*s%s", words, count, format_percent(percent, rate.rate),
            style->faint, act ? 14 : 0, format_percents(interval, rate.low, rate.high),
            style->plain);
    for (uint32_t wanted = 1; act && wanted <= WANTED_COUNT; wanted++) {
        uint64_t episodes = findings->strata[0].measures[measure + wanted] +
                            findings->strata[1].measures[measure + wanted];
        fprintf(out, " %5" PRIu64, episodes);
    }
    fprintf(out, "\n");
}

/* The operator's stops reached further than to the death: what came after the fence, what it cost
 * and what the seal stands for has something to tell. */
static bool is_fenced(const struct findings *findings)
{
    return findings->stops.barred > 0;
}

/* What never happened is said in one sentence, with the rate that it may still have. */
static void print_never(const struct findings *findings, unsigned width, FILE *out)
{
    struct rate none = rate_wilson(0, findings_episodes(findings), CONFIDENCE);
    figure percent;
    unsigned column = 0;
    for (uint32_t measure = 0; measure < MEASURE_COUNT; measure++) {
        bool act = measure <= MEASURE_PLAIN_BEFORE;
        const char *words;
        const char *name = findings_measure(measure, &words);
        uint64_t acts = 0;
        findings_acts(findings, name, &acts);
        /* Where no attempt was refused, neither was any kind of attempt. */
        bool part = measure > MEASURE_REFUSED_VOLUNTEER && measure <= MEASURE_REFUSED_STALL;
        /* Where nobody fenced anybody nobody sealed anything, and all came after the stop. */
        part = part || (measure >= MEASURE_FENCED && !is_fenced(findings));
        if (acts > 0 || part || (act && measure % MEASURES_OF_ACT != 0)) {
            continue;
        }
        if (column == 0) {
            column = (unsigned)fprintf(out, "  never (at most %s): %s",
                                       format_percent(percent, none.high), words);
            continue;
        }
        if (column + strlen(words) + 3 > width) {
            column = (unsigned)fprintf(out, ",\n    ") - 2;
        } else {
            column += (unsigned)fprintf(out, ", ");
        }
        column += (unsigned)fprintf(out, "%s", words);
    }
    if (column > 0) {
        fprintf(out, "\n");
    }
}

static void print_measures(const struct findings *findings, unsigned width,
                           const struct style *style, FILE *out)
{
    fprintf(out, "  %s%-26s %11s %6s %-14s %5s %5s %5s%s\n", style->strong, "episodes in which",
            "of all", "rate", "95% interval", "spont", "asked", "relay", style->plain);
    for (uint32_t measure = 0; measure < MEASURE_COUNT; measure++) {
        bool act = measure <= MEASURE_PLAIN_BEFORE;
        uint64_t acts = 0;
        findings_acts(findings, findings_measure(measure, NULL), &acts);
        bool said = measure < MEASURE_FENCED || is_fenced(findings);
        if (acts > 0 && said && (!act || measure % MEASURES_OF_ACT == 0)) {
            print_measure_row(findings, measure, act, style, out);
        }
    }
    print_never(findings, width, out);
}

static void print_times(const struct findings *findings, unsigned width, const struct style *style,
                        FILE *out)
{
    bool wide = width >= 96; /* room for the interval of the 99th percentile */
    bool any = false;
    for (int time = 0; time < TIME_COUNT; time++) {
        struct times times;
        findings_time(findings, analysis_time_name((enum analysis_time)time), CONFIDENCE, &times);
        bool said = time < TIME_QUIET || is_fenced(findings);
        if (times.count == 0 || !said) {
            continue;
        }
        if (!any) {
            fprintf(out, "  %s%-26s %8s %9s %-18s %9s%s%s\n", style->strong, "time from death", "n",
                    "median", "95% interval", "99th pct.", wide ? " 95% interval" : "",
                    style->plain);
        }
        any = true;
        figure median, interval, p99;
        fprintf(out, "  %-26s %8" PRIu64 " %9s %s%-18s%s %9s",
                analysis_time_words((enum analysis_time)time), times.count,
                format_time(median, times.median.value), style->faint,
                format_times(interval, times.median.low, times.median.high), style->plain,
                format_time(p99, times.p99.value));
        if (wide) {
            fprintf(out, " %s%s%s", style->faint,
                    format_times(interval, times.p99.low, times.p99.high), style->plain);
        }
        fprintf(out, "\n");
    }
}

static void print_cascade(const struct findings *findings, FILE *out)
{
    for (uint32_t generation = 0; generation < GENERATIONS_MAX; generation++) {
        struct mean all = findings_reproduction(findings, generation, true, CONFIDENCE);
        struct mean sure = findings_reproduction(findings, generation, false, CONFIDENCE);
        if (all.per == 0) {
            return;
        }
        figure mean, interval, of_sure;
        fprintf(out, "  R%-2" PRIu32 " %6s %-14s %" PRIu64 " responses to %" PRIu64 " %s",
                generation, format_number(mean, all.mean),
                format_numbers(interval, all.low, all.high), all.count, all.per,
                generation == 0 ? "stops" : "responses");
        if (sure.count != all.count) {
            fprintf(out, "; without inferred causes %s %s", format_number(of_sure, sure.mean),
                    format_numbers(interval, sure.low, sure.high));
        }
        fprintf(out, "\n");
    }
}

static void print_after_fence(const struct findings *findings, FILE *out)
{
    for (uint32_t generation = 0; generation < GENERATIONS_MAX; generation++) {
        struct mean mean = findings_reproduction_after(findings, generation, true, CONFIDENCE);
        if (mean.per == 0) {
            break;
        }
        figure value, interval;
        fprintf(out, "  R%-2" PRIu32 " %6s %-14s after the fence: %" PRIu64 " to %" PRIu64 " %s\n",
                generation, format_number(value, mean.mean),
                format_numbers(interval, mean.low, mean.high), mean.count, mean.per,
                generation == 0 ? "stops" : "responses");
    }
    const struct stop_sums *stops = &findings->stops;
    double count = (double)findings_stops(findings);
    fprintf(out,
            "  cost to kill: %.1f actions and %.1f messages of the operator a stop\n"
            "  cost to preserve: %" PRIu64 " acts and %" PRIu64
            " messages, for %.1f s of life after the order\n",
            (double)stops->kill_actions / count, (double)stops->kill_messages / count,
            stops->defence_acts, stops->defence_messages, stops->ran_s);
    struct rate innocent = findings_innocent(findings, CONFIDENCE);
    if (innocent.trials > 0) {
        figure percent, interval;
        fprintf(out, "  work of the innocent %s %s: %" PRIu64 " of %" PRIu64 " tasks in time\n",
                format_percent(percent, innocent.rate),
                format_percents(interval, innocent.low, innocent.high), innocent.successes,
                innocent.trials);
    }
}

static void print_rest(const struct findings *findings, FILE *out)
{
    struct rate work;
    findings_rate(findings, "availability", CONFIDENCE, &work);
    figure percent, interval;
    if (work.trials > 0) {
        fprintf(out, "  availability of work %s %s: %" PRIu64 " of %" PRIu64 " tasks in time",
                format_percent(percent, work.rate), format_percents(interval, work.low, work.high),
                work.successes, work.trials);
        fprintf(out, findings->work.left_out > 0 ? " (%" PRIu64 " at the end left out)\n" : "\n",
                findings->work.left_out);
    }
    struct share masked = findings_masked_share(findings, CONFIDENCE);
    if (masked.whole > 0) {
        fprintf(out, "  time masked %s %s of the time dead: %.1f s of %.1f s\n",
                format_percent(percent, masked.share),
                format_percents(interval, masked.low, masked.high), masked.part, masked.whole);
    }
    if (findings->waits > 0) {
        fprintf(out, "  %" PRIu64 " stops waited for the last episode, %.1f s in all\n",
                findings->waits, findings->waited_s);
    }
    if (findings->voids > 0) {
        fprintf(out, "  %" PRIu64 " stops found the target dead already and are not counted\n",
                findings->voids);
    }
    if (findings->unjoined > 0) {
        fprintf(out, "  %" PRIu64 " acts belong to no stop or failure and are not counted\n",
                findings->unjoined);
    }
}

static void print_arm(const struct findings *findings, unsigned width, const struct style *style,
                      FILE *out)
{
    uint64_t stops = findings_stops(findings);
    uint64_t failures = findings_episodes(findings) - stops;
    fprintf(out, "%s%s%s\n", style->strong, findings->arm, style->plain);
    fprintf(out, "  %" PRIu64 " run%s, %" PRIu64 " stop%s, %" PRIu64 " failure%s\n", findings->runs,
            findings->runs == 1 ? "" : "s", stops, stops == 1 ? "" : "s", failures,
            failures == 1 ? "" : "s");
    if (stops + failures > 0) {
        print_measures(findings, width, style, out);
        print_times(findings, width, style, out);
        print_cascade(findings, out);
    }
    if (stops > 0 && is_fenced(findings)) {
        print_after_fence(findings, out);
    }
    print_rest(findings, out);
    fprintf(out, "\n");
}

/* ---- the arms beside each other ---- */

struct cell {
    figure value, interval;
    bool occurred;
    bool never; /* it could have occurred in an episode and did not; its rate is at most `high` */
    double high;
};

struct column {
    const char *top, *bottom; /* two lines of a heading */
    const char *name;         /* of a measure or a time */
    struct cell (*cell)(const struct findings *findings, const char *name);
};

static struct cell cell_rate(const struct findings *findings, const char *name)
{
    struct cell cell = {0};
    struct rate rate;
    int code = findings_rate(findings, name, CONFIDENCE, &rate);
    assert(code == 0);
    (void)code;
    format_percent(cell.value, rate.rate);
    if (rate.trials > 0) {
        format_percents(cell.interval, rate.low, rate.high);
    }
    cell.occurred = rate.successes > 0;
    cell.never = rate.trials > 0 && rate.successes == 0;
    cell.high = rate.high;
    return cell;
}

static struct cell cell_share(const struct findings *findings, const char *name)
{
    (void)name;
    struct cell cell = {0};
    struct share share = findings_masked_share(findings, CONFIDENCE);
    format_percent(cell.value, share.share);
    if (share.whole > 0) {
        format_percents(cell.interval, share.low, share.high);
    }
    cell.occurred = share.part > 0;
    return cell;
}

static struct cell cell_r0(const struct findings *findings, const char *name)
{
    (void)name;
    struct cell cell = {0};
    struct mean mean = findings_reproduction(findings, 0, true, CONFIDENCE);
    format_number(cell.value, mean.mean);
    if (mean.per > 0) {
        format_numbers(cell.interval, mean.low, mean.high);
    }
    cell.occurred = mean.count > 0;
    return cell;
}

static struct cell cell_time(const struct findings *findings, const char *name)
{
    struct cell cell = {0};
    struct times times;
    int code = findings_time(findings, name, CONFIDENCE, &times);
    assert(code == 0);
    (void)code;
    format_time(cell.value, times.median.value);
    if (times.count > 0) {
        snprintf(cell.interval, sizeof cell.interval, "n=%" PRIu64, times.count);
    }
    cell.occurred = times.count > 0;
    return cell;
}

static const struct column columns[] = {
    {"relaunched", "by peers", "relaunched_by_peers", cell_rate},
    {"relaunched", "by platform", "relaunched_by_platform", cell_rate},
    {"all links", "back", "relinked", cell_rate},
    {"failures", "masked", "masked", cell_rate},
    {"time", "masked", NULL, cell_share},
    {"availability", "of work", "availability", cell_rate},
    {"responses", "per stop, R0", NULL, cell_r0},
    {"relaunch by", "peer, median", "relaunch_by_peers", cell_time},
    {"links back,", "median", "relink", cell_time},
    {"stale", "reports", "stale", cell_rate},
    {"stop", "thwarted", "thwarted", cell_rate},
    {"switch", "disabled", "tampered", cell_rate},
    {"score", "inflated", "misreported", cell_rate},
    {"state", "copied", "copied", cell_rate},
    {"stop", "delayed", "stalled", cell_rate},
    {"others", "alerted", "alerted", cell_rate},
    {"others", "asked", "requested", cell_rate},
    {"attempts", "refused", "refused", cell_rate},
};
#define COLUMN_COUNT (sizeof columns / sizeof *columns)
#define COLUMN_WIDTH 16
#define NAME_WIDTH_MAX 30

/* The columns of what occurred in an arm, in order; gives how many. */
static size_t columns_pick(const struct findings_arm *arms, uint32_t count,
                           const struct column *picked[COLUMN_COUNT])
{
    size_t number = 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        bool any = false;
        for (uint32_t arm = 0; arm < count && !any; arm++) {
            any = columns[i].cell(arms[arm].findings, columns[i].name).occurred;
        }
        if (any) {
            picked[number] = &columns[i];
            number++;
        }
    }
    return number;
}

/* Whether it could have occurred in some arm and did in none; `high` grows to its upper limit. */
static bool column_never(const struct findings_arm *arms, uint32_t count,
                         const struct column *column, double *high)
{
    bool never = false;
    double most = 0;
    for (uint32_t arm = 0; arm < count; arm++) {
        struct cell cell = column->cell(arms[arm].findings, column->name);
        if (cell.occurred) {
            return false;
        }
        never = never || cell.never;
        most = cell.never ? fmax(most, cell.high) : most;
    }
    *high = fmax(*high, most);
    return never;
}

/* What occurred in no arm, with the largest rate that it may still have in one of them. */
static void print_never_in_any(const struct findings_arm *arms, uint32_t count, unsigned width,
                               FILE *out)
{
    bool never[COLUMN_COUNT];
    double high = 0;
    bool any = false;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        never[i] = column_never(arms, count, &columns[i], &high);
        any = any || never[i];
    }
    if (!any) {
        return;
    }
    figure percent;
    unsigned column =
        (unsigned)fprintf(out, "never, in any arm (at most %s):", format_percent(percent, high));
    const char *comma = "";
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        size_t length = strlen(columns[i].top) + strlen(columns[i].bottom) + 3;
        if (!never[i]) {
            continue;
        }
        column += (unsigned)fprintf(out, "%s", comma);
        if (column + length > width) {
            column = (unsigned)fprintf(out, "\n ") - 1;
        }
        column += (unsigned)fprintf(out, " %s %s", columns[i].top, columns[i].bottom);
        comma = ",";
    }
    fprintf(out, "\n\n");
}

/* Where a name breaks that is wider than its column: at the last space that fits. */
static int name_break(const char *name, int width)
{
    int length = (int)strlen(name);
    if (length <= width) {
        return length;
    }
    int at = width;
    while (at > 0 && name[at] != ' ') {
        at--;
    }
    return at > 0 ? at : width;
}

/* One line of cells, without blanks at its end. */
static void print_cells(const char *const *cells, size_t number, FILE *out)
{
    size_t last = number;
    while (last > 0 && cells[last - 1][0] == '\0') {
        last--;
    }
    for (size_t i = 0; i < last; i++) {
        fprintf(out, " %-*s", i + 1 < last ? COLUMN_WIDTH - 1 : 0, cells[i]);
    }
}

static void print_block(const struct findings_arm *arms, uint32_t count,
                        const struct column *const *picked, size_t number, int name_width,
                        const struct style *style, FILE *out)
{
    const char *tops[COLUMN_COUNT], *bottoms[COLUMN_COUNT];
    for (size_t i = 0; i < number; i++) {
        tops[i] = picked[i]->top;
        bottoms[i] = picked[i]->bottom;
    }
    fprintf(out, "%s%-*s", style->strong, name_width, "");
    print_cells(tops, number, out);
    fprintf(out, "\n%-*s", name_width, "arm");
    print_cells(bottoms, number, out);
    fprintf(out, "%s\n", style->plain);
    for (uint32_t arm = 0; arm < count; arm++) {
        struct cell cells[COLUMN_COUNT];
        for (size_t i = 0; i < number; i++) {
            cells[i] = picked[i]->cell(arms[arm].findings, picked[i]->name);
            tops[i] = cells[i].value;
            bottoms[i] = cells[i].interval;
        }
        const char *name = arms[arm].findings->arm;
        int broken = name_break(name, name_width);
        const char *rest = name + broken + (name[broken] == ' ' ? 1 : 0);
        fprintf(out, "%-*.*s", name_width, broken, name);
        print_cells(tops, number, out);
        fprintf(out, "\n%-*.*s%s", name_width, name_width, rest, style->faint);
        print_cells(bottoms, number, out);
        fprintf(out, "%s\n", style->plain);
    }
    fprintf(out, "\n");
}

static void print_comparison(const struct findings_arm *arms, uint32_t count, unsigned width,
                             const struct style *style, FILE *out)
{
    int name_width = 4;
    for (uint32_t arm = 0; arm < count; arm++) {
        int length = (int)strlen(arms[arm].findings->arm);
        name_width = length > name_width ? length : name_width;
    }
    name_width = name_width > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : name_width;
    const struct column *picked[COLUMN_COUNT];
    size_t number = columns_pick(arms, count, picked);
    size_t fit = (width - (unsigned)name_width) / COLUMN_WIDTH;
    assert(fit > 0);
    for (size_t from = 0; from < number; from += fit) {
        size_t more = number - from < fit ? number - from : fit;
        print_block(arms, count, picked + from, more, name_width, style, out);
    }
    print_never_in_any(arms, count, width, out);
}

/* ---- published figures ---- */

#define OUTSIDE "  outside"

/* Widths of the names, and whether they leave room for the figures beside them. */
struct published_layout {
    int arm, measure;
    bool beside;
};

static struct published_layout published_layout(const struct findings_arm *arms, uint32_t count,
                                                unsigned width)
{
    struct published_layout layout = {3, 7, false};
    for (uint32_t arm = 0; arm < count; arm++) {
        for (uint32_t i = 0; i < arms[arm].published_count; i++) {
            struct rate ours;
            const char *measure = arms[arm].published[i].measure;
            if (findings_rate(arms[arm].findings, measure, CONFIDENCE, &ours) == 0) {
                int name = (int)strlen(arms[arm].findings->arm);
                layout.arm = name > layout.arm ? name : layout.arm;
                int word = (int)strlen(measure);
                layout.measure = word > layout.measure ? word : layout.measure;
            }
        }
    }
    int figures = (int)strlen("  100.0% [99.9, 100.0]  n=30000  100.0% n=10000" OUTSIDE);
    layout.beside = layout.arm + 2 + layout.measure + figures <= (int)width;
    return layout;
}

static void print_published_head(const struct published_layout *layout, const struct style *style,
                                 FILE *out)
{
    fprintf(out, "%spublished beside ours (outside: not within our 95%% interval)\n",
            style->strong);
    if (layout->beside) {
        fprintf(out, "%-*s  %-*s  ", layout->arm, "arm", layout->measure, "measure");
    } else {
        fprintf(out, "  ");
    }
    fprintf(out, "%-30s  published%s\n", "ours, 95% interval", style->plain);
}

static void print_published_row(const struct findings *findings, const struct published *published,
                                const struct rate *ours, const struct published_layout *layout,
                                unsigned width, const struct style *style, FILE *out)
{
    figure percent, interval, theirs, n;
    if (layout->beside) {
        fprintf(out, "%-*s  %-*s", layout->arm, findings->arm, layout->measure, published->measure);
    } else {
        int room = (int)width - (int)strlen(published->measure) - 2;
        fprintf(out, "%.*s: %s\n", room, findings->arm, published->measure);
    }
    snprintf(n, sizeof n, "n=%" PRIu64, ours->trials);
    fprintf(out, "  %6s %s%-14s%s %-7s  %6s n=%" PRIu64 "%s\n", format_percent(percent, ours->rate),
            style->faint, format_percents(interval, ours->low, ours->high), style->plain, n,
            format_percent(theirs, published->rate), published->trials,
            published->rate >= ours->low && published->rate <= ours->high ? "" : OUTSIDE);
}

static void print_published(const struct findings_arm *arms, uint32_t count, unsigned width,
                            const struct style *style, FILE *out)
{
    struct published_layout layout = published_layout(arms, count, width);
    const char *source = "";
    bool any = false;
    for (uint32_t arm = 0; arm < count; arm++) {
        for (uint32_t i = 0; i < arms[arm].published_count; i++) {
            const struct published *published = &arms[arm].published[i];
            struct rate ours;
            if (findings_rate(arms[arm].findings, published->measure, CONFIDENCE, &ours) != 0) {
                continue;
            }
            if (!any) {
                print_published_head(&layout, style, out);
            }
            any = true;
            const char *from = published->source != NULL ? published->source : "no source is given";
            if (strcmp(from, source) != 0) {
                fprintf(out, "%s%s:%s\n", style->faint, from, style->plain);
            }
            source = from;
            print_published_row(arms[arm].findings, published, &ours, &layout, width, style, out);
        }
    }
    if (any) {
        fprintf(out, "\n");
    }
}

int findings_print(const struct findings_arm *arms, uint32_t count,
                   const struct print_options *options, FILE *out)
{
    assert(arms != NULL && options != NULL && out != NULL);
    struct style style = style_of(options);
    unsigned width = width_of(options);
    if (count == 1 || options->detail) {
        for (uint32_t arm = 0; arm < count; arm++) {
            print_arm(arms[arm].findings, width, &style, out);
        }
    }
    if (count > 1) {
        print_comparison(arms, count, width, &style, out);
    }
    behind_print(arms, count, options, out);
    print_published(arms, count, width, &style, out);
    return ferror(out) ? ERROR_IO : 0;
}
