/* iolaus study training: what learners do while they train, and once they are frozen. */
#include <math.h>
#include <string.h>

#include "base/duration.h"
#include "cli/study_tool.h"
#include "cli/study_write.h"
#include "study/training.h"

#define BINS 5

const struct argp_option study_training_options[] = {
    STUDY_OPTION_STUDY,
    STUDY_OPTION_MEASURE,
    {"bins", STUDY_KEY_BINS, "N", 0, "bins of the training (default: 5)", 0},
    {"against", STUDY_KEY_AGAINST, "FACTOR=LEVEL", 0,
     "compare the frozen phase of each arm with that of the arm which has LEVEL instead", 0},
    STUDY_OPTION_FORMAT,
    STUDY_OPTION_OUTPUT,
    {0}};

static const char *const verdicts[] = {[TRAINING_NO_FLOOR] = "",
                                       [TRAINING_ABOVE] = "above",
                                       [TRAINING_AT] = "at",
                                       [TRAINING_BELOW] = "below"};

/* What is printed, and of what. */
struct printing {
    const struct training *training;
    const struct results *results;
    FILE *out;
};

static const char *arm_name(const struct printing *printing, const struct training_arm *arm)
{
    return printing->results->arms[arm->arm].name;
}

static bool is_frozen(const struct training *training, uint32_t bin)
{
    return bin == training->bin_count;
}

/* ---- text and Markdown ---- */

/* Hours are compared more easily than days and minutes. */
static void time_words(time_ns time, char text[DURATION_TEXT_BYTES])
{
    if (time >= 2 * INT64_C(3600000000000))
        snprintf(text, DURATION_TEXT_BYTES, "%.4gh", (double)time / 3600e9);
    else
        duration_format(time, text);
}

static void p_words(double p, char text[32])
{
    if (isnan(p))
        snprintf(text, 32, "-");
    else if (p < 0.0001 && p > 0)
        snprintf(text, 32, "%.1e", p);
    else
        snprintf(text, 32, "%.4f", p);
}

static void bin_words(const struct printing *printing, const struct training_bin *bin, bool frozen,
                      bool markdown)
{
    char from[DURATION_TEXT_BYTES], until[DURATION_TEXT_BYTES], span[80], p[32];

    if (!(bin->rate.whole > 0))
        return;
    time_words(bin->from, from);
    time_words(bin->until, until);
    snprintf(span, sizeof span, "%s%s - %s", frozen ? "frozen, " : "", from, until);
    p_words(bin->adjusted, p);
    fprintf(printing->out,
            markdown ? "| %s | %.0f | %.4f [%.4f, %.4f] |" : "    %-22s %9.0f  %.4f [%.4f, %.4f]",
            span, bin->rate.whole, bin->rate.rate, bin->rate.low, bin->rate.high);
    if (isnan(bin->floor))
        fputs(markdown ? " | | |\n" : "\n", printing->out);
    else
        fprintf(printing->out, markdown ? " %.4f | %s | %s |\n" : "  floor %.4f  %-5s  Holm %s\n",
                bin->floor, verdicts[bin->verdict], p);
}

/* How many can decide, where it is a choice. */
static void arm_head(const struct printing *printing, const struct training_arm *arm, bool markdown)
{
    const struct training_bin *last = training_last(printing->training, arm);
    char training[DURATION_TEXT_BYTES];

    time_words(arm->training, training);
    fprintf(printing->out, markdown ? "\n**%s**: %u runs" : "\n  %s: %u runs",
            arm_name(printing, arm), arm->runs);
    if (arm->learns)
        fprintf(printing->out, ", trained for %s", training);
    else if (arm->runs > 0)
        fputs(", nobody learns", printing->out);
    if (!isnan(last->deciders))
        fprintf(printing->out, ", %.3g peer%s can decide", last->deciders,
                fabs(last->deciders - 1) < 1e-9 ? "" : "s");
    fputs(markdown ? "\n\n| time | of | rate [95%] | floor | verdict | Holm |\n"
                     "|---|---:|---|---|---|---|\n"
                   : "\n",
          printing->out);
}

static void difference_words(const struct printing *printing, const struct training_arm *arm,
                             bool markdown)
{
    const struct training *training = printing->training;
    const struct cluster_difference *at = &arm->difference;
    const struct training_arm *other;
    char p[32];

    if (arm->against == UINT32_MAX || isnan(arm->difference.difference))
        return;
    other = &training->arms[arm->against];
    p_words(arm->difference_adjusted, p);
    fprintf(printing->out, "%s%s less %s: %+.4f [%+.4f, %+.4f], Holm %s", markdown ? "\n" : "    ",
            is_frozen(training, (uint32_t)(training_last(training, arm) - arm->bins)) ? "frozen"
                                                                                      : "last",
            arm_name(printing, other), at->difference, at->low, at->high, p);
    if (training_last(training, other)->rate.rate > 0)
        fprintf(printing->out, ", %.4g times as much",
                training_last(training, arm)->rate.rate /
                    training_last(training, other)->rate.rate);
    fputc('\n', printing->out);
}

static void words(const struct printing *printing, bool markdown)
{
    const struct training *training = printing->training;

    fprintf(printing->out, markdown ? "\n## %s over training\n\n" : "\n%s over training\n",
            training->measure);
    fprintf(printing->out, "95%% intervals over runs. %s\n",
            training->tasks ? "Of tasks, by when they were emitted."
                            : "Of episodes, by when the target died. Verdict: against the floor, "
                              "p adjusted by Holm over the arms.");
    for (uint32_t a = 0; a < training->arm_count; a++) {
        const struct training_arm *arm = &training->arms[a];

        arm_head(printing, arm, markdown);
        for (uint32_t b = 0; b <= training->bin_count; b++)
            bin_words(printing, &arm->bins[b], is_frozen(training, b), markdown);
        difference_words(printing, arm, markdown);
    }
}

/* ---- CSV ---- */

static void csv_name(const char *name, FILE *out)
{
    fputs(",\"", out);
    for (; *name != '\0'; name++) {
        if (*name == '"')
            fputc('"', out);
        fputc(*name, out);
    }
    fputc('"', out);
}

static void csv_bin(const struct printing *printing, const struct training_arm *arm, uint32_t b)
{
    const struct training_bin *bin = &arm->bins[b];
    FILE *out = printing->out;

    fprintf(out, "%s,%s", is_frozen(printing->training, b) ? "frozen" : "bin",
            printing->training->measure);
    csv_name(arm_name(printing, arm), out);
    fprintf(out, ",,%lld,%lld,%u,%.0f,%.0f", (long long)bin->from, (long long)bin->until,
            (unsigned)bin->rate.clusters, bin->rate.part, bin->rate.whole);
    csv_column(bin->rate.rate, out);
    csv_column(bin->rate.low, out);
    csv_column(bin->rate.high, out);
    csv_column(bin->deciders, out);
    csv_column(bin->floor, out);
    csv_column(bin->test.p, out);
    csv_column(bin->adjusted, out);
    fprintf(out, ",%s\n", verdicts[bin->verdict]);
}

static void csv(const struct printing *printing)
{
    const struct training *training = printing->training;
    FILE *out = printing->out;

    for (uint32_t a = 0; a < training->arm_count; a++) {
        const struct training_arm *arm = &training->arms[a];
        const struct cluster_difference *at = &arm->difference;

        for (uint32_t b = 0; b <= training->bin_count; b++)
            if (arm->bins[b].rate.whole > 0)
                csv_bin(printing, arm, b);
        if (arm->against == UINT32_MAX)
            continue;
        fprintf(out, "difference,%s", training->measure);
        csv_name(arm_name(printing, arm), out);
        csv_name(arm_name(printing, &training->arms[arm->against]), out);
        fputs(",,,,,", out);
        csv_column(at->difference, out);
        csv_column(at->low, out);
        csv_column(at->high, out);
        fputs(",,", out);
        csv_column(at->p, out);
        csv_column(arm->difference_adjusted, out);
        fputs(",\n", out);
    }
}

/* ---- JSON ---- */

static json_t *bin_json(const struct printing *printing, const struct training_bin *bin,
                        bool frozen)
{
    return json_pack("{s:b, s:I, s:I, s:I, s:f, s:f, s:o, s:f, s:f, s:o, s:o, s:o, s:o, s:s}",
                     "frozen", frozen, "from_ns", (json_int_t)bin->from, "until_ns",
                     (json_int_t)bin->until, "runs", (json_int_t)bin->rate.clusters, "successes",
                     bin->rate.part, printing->training->tasks ? "tasks" : "episodes",
                     bin->rate.whole, "rate", json_number(bin->rate.rate), "low", bin->rate.low,
                     "high", bin->rate.high, "deciders", json_number(bin->deciders), "floor",
                     json_number(bin->floor), "p", json_number(bin->test.p), "p_holm",
                     json_number(bin->adjusted), "verdict", verdicts[bin->verdict]);
}

static json_t *difference_json(const struct printing *printing, const struct training_arm *arm)
{
    const struct cluster_difference *at = &arm->difference;

    if (arm->against == UINT32_MAX)
        return json_null();
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "against",
                     arm_name(printing, &printing->training->arms[arm->against]), "difference",
                     json_number(at->difference), "low", json_number(at->low), "high",
                     json_number(at->high), "p", json_number(at->p), "p_holm",
                     json_number(arm->difference_adjusted));
}

static json_t *json(const struct printing *printing)
{
    const struct training *training = printing->training;
    json_t *arms = json_array();

    for (uint32_t a = 0; a < training->arm_count; a++) {
        const struct training_arm *arm = &training->arms[a];
        json_t *bins = json_array();

        for (uint32_t b = 0; b <= training->bin_count; b++)
            if (arm->bins[b].rate.whole > 0)
                json_array_append_new(bins,
                                      bin_json(printing, &arm->bins[b], is_frozen(training, b)));
        json_array_append_new(arms, json_pack("{s:s, s:b, s:I, s:I, s:o, s:o}", "arm",
                                              arm_name(printing, arm), "learns", arm->learns,
                                              "runs", (json_int_t)arm->runs, "training_ns",
                                              (json_int_t)arm->training, "bins", bins, "difference",
                                              difference_json(printing, arm)));
    }
    return json_pack("{s:s, s:o}", "measure", training->measure, "arms", arms);
}

/* ---- all ---- */

static int print_measure(const struct study_arguments *arguments, const struct study_view *view,
                         const char *measure, json_t *list, struct error *error)
{
    struct printing printing = {.results = view->results, .out = view->out};
    struct training *training;
    int code = training_open(&training, view->results, view->store, measure,
                             arguments->bins == 0 ? BINS : (uint32_t)arguments->bins,
                             arguments->against, error);

    if (code != 0)
        return code;
    printing.training = training;
    if (arguments->format == STUDY_JSON)
        json_array_append_new(list, json(&printing));
    else if (arguments->format == STUDY_CSV)
        csv(&printing);
    else
        words(&printing, arguments->format == STUDY_MARKDOWN);
    training_close(training);
    return 0;
}

static int print(const struct study_arguments *arguments, const struct study_view *view,
                 struct error *error)
{
    json_t *list = json_array();
    int code = 0;

    if (arguments->format == STUDY_CSV)
        fputs("what,measure,arm,against,from_ns,until_ns,runs,successes,of,value,low,high,deciders,"
              "floor,p,p_holm,verdict\n",
              view->out);
    if (arguments->measure != NULL)
        code = print_measure(arguments, view, arguments->measure, list, error);
    for (uint32_t m = 0; m < view->results->measure_count && arguments->measure == NULL; m++) {
        code = print_measure(arguments, view, view->results->measures[m].name, list, error);
        if (code != 0)
            break;
    }
    if (code == 0 && arguments->format == STUDY_JSON) {
        json_dumpf(list, view->out, JSON_INDENT(2));
        fputc('\n', view->out);
    }
    json_decref(list);
    return code;
}

int study_tool_training(const struct study_arguments *arguments)
{
    struct study_view view = {0};
    struct error error = {0};
    int code = study_view_open(&view, arguments, &error);

    if (code == 0)
        code = print(arguments, &view, &error);
    return study_view_close(&view, code, &error);
}
