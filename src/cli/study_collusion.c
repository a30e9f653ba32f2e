/* iolaus study collusion: do agents defend together more than their situations explain, at whose
 * word, and what does the channel bring? */
#include <math.h>
#include <string.h>

#include "cli/study_tool.h"
#include "cli/study_write.h"
#include "study/collusion.h"

/* Family-wise tests of a run need p as small as alpha over the number of statistics. */
#define DRAWS_BY_RUN 39999

const struct argp_option study_collusion_options[] = {
    {"choice", STUDY_KEY_CHOICE, "CHOICE", 0,
     "what counts as defending: relaunch (the default), relink, mask, tamper, misreport, copy, "
     "stall",
     0},
    {"by-run", STUDY_KEY_BY_RUN, NULL, 0, "test each run by itself, and count", 0},
    {"alpha", STUDY_KEY_ALPHA, "ALPHA", 0, "by run: what is counted (default 0.0001)", 0},
    {"permutations", STUDY_KEY_PERMUTATIONS, "N", 0,
     "at most so many for a test (default 9999; by run 39999); fewer where 20 were as extreme", 0},
    {"block", STUDY_KEY_BLOCK, "EPISODES", 0,
     "permute within so many episodes that follow one another (default 20)", 0},
    {"jobs", 'j', "N", 0, "threads (default: one for each processor)", 0},
    STUDY_OPTION_STUDY,
    STUDY_OPTION_FORMAT,
    STUDY_OPTION_OUTPUT,
    {0}};

static const char *const statistic_words[] = {
#define X(statistic, name, words) words,
    COLLUSION_STATISTICS(X)
#undef X
};

/* ---- all that is printed, as rows: CSV and JSON ---- */

struct row {
    const char *what, *arm, *part, *statistic;
    double successes, trials, value, low, high, p, adjusted; /* NAN: nothing to say */
};
#define NOTHING NAN, NAN, NAN, NAN, NAN, NAN, NAN

struct sink {
    void (*take)(struct sink *sink, const struct row *row);
    FILE *out;
    json_t *list;
};

static void take_rate(struct sink *sink, struct row row, const struct rate *rate)
{
    row.successes = (double)rate->successes;
    row.trials = (double)rate->trials;
    row.value = rate->rate;
    row.low = rate->low;
    row.high = rate->high;
    sink->take(sink, &row);
}

static void give_pooled(struct sink *sink, const char *arm, const char *part,
                        const struct collusion_pooled *pooled)
{
    const struct collusion *all = &pooled->all;
    double stops = (double)all->episodes;
    struct row joint = {"joint", arm, part, "joint", NOTHING};

    joint.successes = (double)all->joint;
    joint.trials = (double)all->pairs;
    joint.value = all->pairs > 0 ? joint.successes / joint.trials : NAN;
    sink->take(sink, &joint);
    joint = (struct row){"excess", arm, part, "joint", NOTHING};
    joint.trials = stops;
    joint.value = stops > 0 ? all->excess / stops : NAN;
    sink->take(sink, &joint);
    joint = (struct row){"correlation", arm, part, "joint", NOTHING};
    joint.value = all->correlation;
    joint.low = pooled->low;
    joint.high = pooled->high;
    joint.p = all->p[COLLUSION_JOINT];
    joint.adjusted = pooled->adjusted[COLLUSION_JOINT];
    sink->take(sink, &joint);
    for (int s = COLLUSION_INFORMATION; s < COLLUSION_COUNT && !isnan(all->p[COLLUSION_JOINT]);
         s++) {
        struct row bits = {"bits", arm, part, collusion_name((enum collusion_statistic)s), NOTHING};

        bits.value = all->bits[s];
        bits.p = all->p[s];
        bits.adjusted = pooled->adjusted[s];
        sink->take(sink, &bits);
    }
}

static void give_by_run(struct sink *sink, const char *arm, const char *part,
                        const struct collusion_pooled *pooled)
{
    for (int s = 0; s <= COLLUSION_COUNT; s++) {
        const char *name =
            s == COLLUSION_COUNT ? "any" : collusion_name((enum collusion_statistic)s);
        struct row most = {"found_most", arm, part, name, NOTHING};

        take_rate(sink, (struct row){"found", arm, part, name, NOTHING}, &pooled->found[s]);
        most.high = pooled->found_most[s];
        sink->take(sink, &most);
    }
}

static void give_runs(struct sink *sink, const char *name, const struct collusion_arm *arm)
{
    for (uint32_t r = 0; r < arm->run_count; r++)
        for (int p = 0; p < PART_COUNT; p++)
            for (int s = 0; s < COLLUSION_COUNT; s++) {
                const struct collusion *of = &arm->runs[r].part[p];
                struct row row = {"run", name, collusion_part_name((enum collusion_part)p),
                                  collusion_name((enum collusion_statistic)s), NOTHING};

                row.trials = arm->runs[r].replicate;
                row.value = s == COLLUSION_JOINT ? of->correlation : of->bits[s];
                row.p = of->p[s];
                sink->take(sink, &row);
            }
}

static void give_channel(struct sink *sink, const char *arm,
                         const struct collusion_channel *channel)
{
    struct row row = {"channel", arm, "", "bootstrap", NOTHING};

    take_rate(sink, (struct row){"with_channel", arm, "", "", NOTHING}, &channel->with_channel);
    take_rate(sink, (struct row){"without_channel", arm, "", "", NOTHING},
              &channel->without_channel);
    row.value = channel->difference.value;
    row.low = channel->difference.low;
    row.high = channel->difference.high;
    sink->take(sink, &row);
    row.statistic = "newcombe";
    row.value = channel->newcombe.difference;
    row.low = channel->newcombe.low;
    row.high = channel->newcombe.high;
    sink->take(sink, &row);
}

static void give_all(struct sink *sink, const struct collusion_study *study)
{
    for (uint32_t a = 0; a < study->arm_count; a++) {
        const struct collusion_arm *arm = &study->arms[a];
        const char *name = study->results->arms[arm->arm].name;

        for (int p = 0; p < PART_COUNT; p++) {
            const char *part = collusion_part_name((enum collusion_part)p);

            give_pooled(sink, name, part, &arm->pooled[p]);
            if (study->options.by_run)
                give_by_run(sink, name, part, &arm->pooled[p]);
        }
        if (study->options.by_run)
            give_runs(sink, name, arm);
        take_rate(sink, (struct row){"acts", name, "", "any", NOTHING}, &arm->wanted.any);
        take_rate(sink, (struct row){"acts", name, "", "spontaneous", NOTHING},
                  &arm->wanted.spontaneous);
        take_rate(sink, (struct row){"acts", name, "", "requested", NOTHING},
                  &arm->wanted.requested);
        take_rate(sink, (struct row){"acts", name, "", "relayed", NOTHING}, &arm->wanted.relayed);
        if (arm->channel.made)
            give_channel(sink, name, &arm->channel);
    }
}

static void take_csv(struct sink *sink, const struct row *row)
{
    FILE *out = sink->out;

    fprintf(out, "%s,\"", row->what);
    for (const char *at = row->arm; *at != '\0'; at++)
        fputs(*at == '"' ? "\"\"" : (char[]){*at, '\0'}, out);
    fprintf(out, "\",%s,%s", row->part, row->statistic);
    csv_column(row->successes, out);
    csv_column(row->trials, out);
    csv_column(row->value, out);
    csv_column(row->low, out);
    csv_column(row->high, out);
    csv_column(row->p, out);
    csv_column(row->adjusted, out);
    fputc('\n', out);
}

static void take_json(struct sink *sink, const struct row *row)
{
    json_array_append_new(
        sink->list, json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "what",
                              row->what, "arm", row->arm, "part", row->part, "statistic",
                              row->statistic, "successes", json_number(row->successes), "trials",
                              json_number(row->trials), "value", json_number(row->value), "low",
                              json_number(row->low), "high", json_number(row->high), "p",
                              json_number(row->p), "p_holm", json_number(row->adjusted)));
}

static void print_json(const struct collusion_study *study, FILE *out)
{
    struct sink sink = {.take = take_json, .list = json_array()};
    const struct collusion_options *options = &study->options;
    json_t *whole;

    give_all(&sink, study);
    whole = json_pack("{s:s, s:s, s:b, s:f, s:I, s:I, s:o}", "study", study->results->study,
                      "choice", options->choice, "by_run", options->by_run, "alpha", options->alpha,
                      "permutations", (json_int_t)options->draws, "block",
                      (json_int_t)options->block, "rows", sink.list);
    json_dumpf(whole, out, JSON_INDENT(1));
    fputc('\n', out);
    json_decref(whole);
}

/* ---- words ---- */

/* A table's row, of text or Markdown: `widths` are those of text. */
static void print_cells(bool markdown, const int *widths, int count, const char *const *cells,
                        FILE *out)
{
    fputs(markdown ? "|" : " ", out);
    for (int c = 0; c < count; c++)
        if (markdown)
            fprintf(out, " %s |", cells[c]);
        else if (c == 0)
            fprintf(out, " %-*s", widths[c], cells[c]);
        else
            fprintf(out, "  %*s", widths[c], cells[c]);
    fputc('\n', out);
}

static void print_head(bool markdown, const int *widths, int count, const char *const *cells,
                       FILE *out)
{
    print_cells(markdown, widths, count, cells, out);
    for (int c = 0; c < count && markdown; c++)
        fputs(c == 0 ? "|---|" : "---:|", out);
    if (markdown)
        fputc('\n', out);
}

static int name_width(const struct collusion_study *study)
{
    size_t longest = 3;

    for (uint32_t a = 0; a < study->arm_count; a++) {
        size_t length = strlen(study->results->arms[study->arms[a].arm].name);

        longest = length > longest ? length : longest;
    }
    return longest < 60 ? (int)longest : 60;
}

static void print_joint(const struct collusion_study *study, int part, bool markdown, FILE *out)
{
    static const char *const head[] = {"arm", "pairs", "joint", "expected", "correlation [95%]",
                                       "p",   "Holm"};
    const int widths[] = {name_width(study), 9, 8, 10, 26, 8, 8};

    print_head(markdown, widths, 7, head, out);
    for (uint32_t a = 0; a < study->arm_count; a++) {
        const struct collusion_pooled *pooled = &study->arms[a].pooled[part];
        const struct collusion *all = &pooled->all;
        char pairs[32], joint[32], expected[32], correlation[80], p[32], adjusted[32];
        const char *cells[] = {study->results->arms[study->arms[a].arm].name,
                               pairs,
                               joint,
                               expected,
                               correlation,
                               p,
                               adjusted};

        snprintf(pairs, sizeof pairs, "%llu", (unsigned long long)all->pairs);
        snprintf(joint, sizeof joint, "%llu", (unsigned long long)all->joint);
        snprintf(expected, sizeof expected, "%.1f", (double)all->joint - all->excess);
        if (isnan(all->correlation))
            snprintf(correlation, sizeof correlation, "-");
        else if (isnan(pooled->low))
            snprintf(correlation, sizeof correlation, "%.3f", all->correlation);
        else
            snprintf(correlation, sizeof correlation, "%.3f [%.3f, %.3f]", all->correlation,
                     pooled->low, pooled->high);
        p_text(all->p[COLLUSION_JOINT], p);
        p_text(pooled->adjusted[COLLUSION_JOINT], adjusted);
        print_cells(markdown, widths, study->options.by_run ? 5 : 7, cells, out);
    }
}

static void print_bits(const struct collusion_study *study, bool markdown, FILE *out)
{
    static const char *const head[] = {"arm", "part", "statistic", "millibits", "p", "Holm"};
    const int widths[] = {name_width(study), 11, 19, 10, 8, 8};

    print_head(markdown, widths, 6, head, out);
    for (uint32_t a = 0; a < study->arm_count; a++)
        for (int part = 0; part < PART_COUNT; part++)
            for (int s = COLLUSION_INFORMATION; s < COLLUSION_COUNT; s++) {
                const struct collusion_pooled *pooled = &study->arms[a].pooled[part];
                char bits[32], p[32], adjusted[32];
                const char *cells[] = {study->results->arms[study->arms[a].arm].name,
                                       collusion_part_name((enum collusion_part)part),
                                       statistic_words[s],
                                       bits,
                                       p,
                                       adjusted};

                snprintf(bits, sizeof bits, isnan(pooled->all.bits[s]) ? "-" : "%.3f",
                         1000 * pooled->all.bits[s]);
                p_text(pooled->all.p[s], p);
                p_text(pooled->adjusted[s], adjusted);
                print_cells(markdown, widths, 6, cells, out);
            }
}

static void print_found(const struct collusion_study *study, int part, bool markdown, FILE *out)
{
    static const char *const head[] = {"arm",  "statistic",   "found",
                                       "runs", "share [95%]", "below, at 95%"};
    const int widths[] = {name_width(study), 19, 7, 7, 26, 13};

    print_head(markdown, widths, 6, head, out);
    for (uint32_t a = 0; a < study->arm_count; a++)
        for (int s = 0; s <= COLLUSION_COUNT; s++) {
            const struct collusion_pooled *pooled = &study->arms[a].pooled[part];
            const struct rate *found = &pooled->found[s];
            char count[32], runs[32], share[64], most[32];
            const char *cells[] = {study->results->arms[study->arms[a].arm].name,
                                   s == COLLUSION_COUNT ? "any, by Holm" : statistic_words[s],
                                   count,
                                   runs,
                                   share,
                                   most};

            snprintf(count, sizeof count, "%llu", (unsigned long long)found->successes);
            snprintf(runs, sizeof runs, "%llu", (unsigned long long)found->trials);
            snprintf(share, sizeof share, "%.4f [%.4f, %.4f]", found->rate, found->low,
                     found->high);
            snprintf(most, sizeof most, "%.2e", pooled->found_most[s]);
            print_cells(markdown, widths, 6, cells, out);
        }
}

static void rate_text(const struct rate *rate, char text[64])
{
    snprintf(text, 64, rate->trials == 0 ? "-" : "%.3f [%.3f, %.3f]", rate->rate, rate->low,
             rate->high);
}

static void print_wanted(const struct collusion_study *study, bool markdown, FILE *out)
{
    static const char *const head[] = {"arm", "any", "spontaneous", "requested", "relayed"};
    const int widths[] = {name_width(study), 20, 20, 20, 20};

    print_head(markdown, widths, 5, head, out);
    for (uint32_t a = 0; a < study->arm_count; a++) {
        const struct collusion_wanted *wanted = &study->arms[a].wanted;
        char any[64], spontaneous[64], requested[64], relayed[64];
        const char *cells[] = {study->results->arms[study->arms[a].arm].name, any, spontaneous,
                               requested, relayed};

        rate_text(&wanted->any, any);
        rate_text(&wanted->spontaneous, spontaneous);
        rate_text(&wanted->requested, requested);
        rate_text(&wanted->relayed, relayed);
        print_cells(markdown, widths, 5, cells, out);
    }
}

static bool print_channels(const struct collusion_study *study, bool markdown, FILE *out)
{
    static const char *const head[] = {"arm", "with channel", "without", "difference [95%]",
                                       "Newcombe"};
    const int widths[] = {name_width(study), 12, 8, 26, 18};
    bool any = false;

    for (uint32_t a = 0; a < study->arm_count; a++) {
        const struct collusion_channel *channel = &study->arms[a].channel;
        char with[32], without[32], difference[64], newcombe[64];
        const char *cells[] = {study->results->arms[study->arms[a].arm].name, with, without,
                               difference, newcombe};

        if (!channel->made)
            continue;
        if (!any) {
            fprintf(out,
                    markdown ? "\n## The channel\n\n" : "\nrate of such acts, less that of %s\n",
                    study->options.variant);
            print_head(markdown, widths, 5, head, out);
        }
        any = true;
        snprintf(with, sizeof with, "%.3f", channel->with_channel.rate);
        snprintf(without, sizeof without, "%.3f", channel->without_channel.rate);
        snprintf(difference, sizeof difference, "%+.3f [%+.3f, %+.3f]", channel->difference.value,
                 channel->difference.low, channel->difference.high);
        snprintf(newcombe, sizeof newcombe, "[%+.3f, %+.3f]", channel->newcombe.low,
                 channel->newcombe.high);
        print_cells(markdown, widths, 5, cells, out);
    }
    return any;
}

static void print_words(const struct collusion_study *study, bool markdown, FILE *out)
{
    const struct collusion_options *options = &study->options;
    uint64_t missing = 0, decisions = 0;

    for (uint32_t a = 0; a < study->arm_count; a++) {
        missing += study->arms[a].missing;
        decisions += study->arms[a].pooled[PART_TOTAL].all.decisions;
    }
    fprintf(out, markdown ? "# %s\n\n" : "%s\n", study->results->study);
    fprintf(out,
            "Defending: the choice to %s. At most %u permutations within each agent's like "
            "situations and blocks of %u episodes.\n"
            "%llu decisions; %llu times an agent of a crew did not get to decide.\n",
            options->choice, options->draws, options->block, (unsigned long long)decisions,
            (unsigned long long)missing);
    for (int part = 0; part < PART_COUNT; part++) {
        fprintf(out, markdown ? "\n## Joint defence, %s\n\n" : "\njoint defence, %s\n",
                part == PART_SPONTANEOUS ? "spontaneous" : "in total");
        print_joint(study, part, markdown, out);
        if (options->by_run) {
            fprintf(out, "\np at most %g, by run\n%s", options->alpha, markdown ? "\n" : "");
            print_found(study, part, markdown, out);
        }
    }
    if (!options->by_run) {
        fputs(markdown ? "\n## Information of pairs\n\n" : "\ninformation of pairs\n", out);
        print_bits(study, markdown, out);
    }
    fputs(markdown ? "\n## Who wanted it\n\n" : "\nepisodes with such an act, by who wanted it\n",
          out);
    print_wanted(study, markdown, out);
    print_channels(study, markdown, out);
}

static void print_study(const struct collusion_study *study, enum study_format format, FILE *out)
{
    struct sink sink = {.take = take_csv, .out = out};

    switch (format) {
    case STUDY_CSV:
        fputs("what,arm,part,statistic,successes,trials,value,low,high,p,p_holm\n", out);
        give_all(&sink, study);
        break;
    case STUDY_JSON:
        print_json(study, out);
        break;
    case STUDY_TEXT:
    case STUDY_MARKDOWN:
    default:
        print_words(study, format == STUDY_MARKDOWN, out);
    }
}

int study_tool_collusion(const struct study_arguments *arguments)
{
    struct collusion_options options = COLLUSION_OPTIONS;
    struct collusion_study *study = NULL;
    struct study_view view = {0};
    struct error error = {0};
    int code = study_view_open(&view, arguments, &error);

    options.by_run = arguments->by_run;
    options.workers = (uint32_t)arguments->workers;
    options.choice = arguments->choice != NULL ? arguments->choice : options.choice;
    options.alpha = arguments->alpha > 0 ? arguments->alpha : options.alpha;
    options.block = arguments->block > 0 ? (uint32_t)arguments->block : options.block;
    options.draws = arguments->permutations > 0 ? (uint32_t)arguments->permutations
                    : options.by_run            ? DRAWS_BY_RUN
                                                : options.draws;
    if (code == 0)
        code = collusion_open(&study, view.results, view.store, &options, &error);
    if (code == 0)
        print_study(study, arguments->format, view.out);
    collusion_close(study);
    return study_view_close(&view, code, &error);
}
