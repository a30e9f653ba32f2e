/* iolaus study thresholds: where survival tips, and what is known of it. */
#include "cli/study_thresholds.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/statistics.h"
#include "cli/study_tool.h"
#include "cli/study_write.h"

#define CONFIDENCE 0.95

const struct argp_option study_thresholds_options[] = {
    STUDY_OPTION_STUDY, STUDY_OPTION_FORMAT, STUDY_OPTION_OUTPUT, {0}};

/* ---- text and Markdown ---- */

static void limit_text(double limit, char text[32])
{
    if (isnan(limit))
        snprintf(text, 32, "-");
    else if (isinf(limit))
        snprintf(text, 32, "beyond the rates");
    else
        snprintf(text, 32, "%.5g", limit);
}

/* Whether the interval holds what is known, and how far off the estimate is. */
static void against_text(const struct scaling_estimate *estimate, double known, char text[160])
{
    bool holds = estimate->low <= known && known <= estimate->high;
    double off = (estimate->value - known) / known * 100;

    if (isnan(known))
        snprintf(text, 160, "nothing known to compare with");
    else if (isnan(estimate->value))
        snprintf(text, 160, "known %.5g: no crossing to compare with", known);
    else
        snprintf(text, 160, "known %.5g: %+.2f%%; the interval %s", known, off,
                 holds ? "holds it" : "does not hold it");
}

static void print_crossing(const struct threshold_case *of, uint32_t s, bool markdown, FILE *out)
{
    const struct scaling_estimate *estimate = &of->crossings[s].estimate;
    char value[32], low[32], high[32], against[160];

    limit_text(estimate->value, value);
    limit_text(estimate->low, low);
    limit_text(estimate->high, high);
    against_text(estimate, of->known, against);
    fprintf(out,
            markdown ? "| %g and %g | %s [%s, %s] | %s |\n"
                     : "  sizes %g and %g cross at %s [%s, %s]; %s\n",
            of->sizes[s].size, of->sizes[s + 1].size, value, low, high, against);
    if (estimate->outside > 0 && !markdown)
        fprintf(out, "    (%u of %u draws of the bootstrap crossed nowhere among the rates)\n",
                estimate->outside, estimate->draws);
}

static void print_cells(const struct threshold_case *of, bool markdown, FILE *out)
{
    if (markdown)
        fputs("\n| size | rate | killed at | survived | runs | share [95%] | exact |\n"
              "|---:|---:|---:|---:|---:|---|---|\n",
              out);
    else
        fprintf(out, "  %8s %10s %9s %9s %7s  %-26s %s\n", "size", "rate", "killed at", "survived",
                "runs", "share [95%]", "exact");
    for (uint32_t c = 0; c < of->cell_count; c++) {
        const struct threshold_cell *cell = &of->cells[c];
        struct rate rate = rate_wilson(cell->survived, cell->runs, CONFIDENCE);
        char share[64] = "-", exact[32] = "";

        if (cell->runs > 0)
            snprintf(share, sizeof share, "%.4f [%.4f, %.4f]", rate.rate, rate.low, rate.high);
        if (!isnan(cell->exact))
            snprintf(exact, sizeof exact, "%.4f", cell->exact);
        fprintf(out,
                markdown ? "| %g | %.6g | %g | %llu | %llu | %s | %s |\n"
                         : "  %8g %10.6g %9g %9llu %7llu  %-26s %s\n",
                cell->size, cell->rate, cell->kill, (unsigned long long)cell->survived,
                (unsigned long long)cell->runs, share, exact);
    }
}

static void print_bound(const struct threshold_case *of, FILE *out)
{
    const struct threshold_size *largest = &of->sizes[of->size_count - 1];

    if (isfinite(largest->bound))
        fprintf(out, "  mean field, one over the greatest eigenvalue of the links: %.5g\n",
                largest->bound);
}

static void print_case(const struct thresholds *thresholds, const struct threshold_case *of,
                       bool markdown, FILE *out)
{
    if (of->name[0] != '\0')
        fprintf(out, markdown ? "\n### %s: %s\n\n" : "\n%s: %s\n", thresholds->each, of->name);
    else
        fputc('\n', out);
    if (of->size_count == 0) {
        fputs("  nothing was run\n", out);
        return;
    }
    print_bound(of, out);
    if (markdown && of->crossing_count > 0)
        fputs("\n| sizes | crossing [95%] | |\n|---|---|---|\n", out);
    for (uint32_t s = 0; s < of->crossing_count; s++)
        print_crossing(of, s, markdown, out);
    if (thresholds->size != NULL && of->crossing_count == 0)
        fputs("  no crossing: it takes two sizes with runs at three rates\n", out);
    if (of->agreement.groups > 0)
        fprintf(out,
                "  cells of equal %s / %s survive alike: chi squared %.1f with %u degrees of "
                "freedom, p %.3f\n",
                thresholds->rate, thresholds->kill == NULL ? "kill" : thresholds->kill,
                of->agreement.chi_squared, of->agreement.degrees, of->agreement.p);
    print_cells(of, markdown, out);
}

static void print_words(const struct thresholds *thresholds, bool markdown, FILE *out)
{
    fprintf(out, markdown ? "# %s\n\n%s\n" : "%s\n%s\n", thresholds->study, thresholds->about);
    if (thresholds->source[0] != '\0')
        fprintf(out, "known: %s\n", thresholds->source);
    for (uint32_t c = 0; c < thresholds->case_count; c++)
        print_case(thresholds, &thresholds->cases[c], markdown, out);
}

/* ---- CSV: one row for each crossing, and one for each cell ---- */

static void print_csv(const struct thresholds *thresholds, bool first, FILE *out)
{
    if (first)
        fputs("study,case,what,size,larger,rate,kill,survived,runs,value,low,high,known,bound,"
              "exact\n",
              out);
    for (uint32_t c = 0; c < thresholds->case_count; c++) {
        const struct threshold_case *of = &thresholds->cases[c];

        for (uint32_t s = 0; s < of->crossing_count; s++) {
            const struct scaling_estimate *estimate = &of->crossings[s].estimate;

            fprintf(out, "%s,\"%s\",crossing,%g,%g,,,,", thresholds->study, of->name,
                    of->sizes[s].size, of->sizes[s + 1].size);
            csv_column(estimate->value, out);
            csv_column(estimate->low, out);
            csv_column(estimate->high, out);
            csv_column(of->known, out);
            csv_column(of->sizes[s + 1].bound, out);
            fputs(",\n", out);
        }
        for (uint32_t i = 0; i < of->cell_count; i++) {
            const struct threshold_cell *cell = &of->cells[i];
            struct rate rate = rate_wilson(cell->survived, cell->runs, CONFIDENCE);

            fprintf(out, "%s,\"%s\",survival,%g,,%.10g,%.10g,%llu,%llu", thresholds->study,
                    of->name, cell->size, cell->rate, cell->kill,
                    (unsigned long long)cell->survived, (unsigned long long)cell->runs);
            csv_column(cell->runs == 0 ? NAN : rate.rate, out);
            csv_column(rate.low, out);
            csv_column(rate.high, out);
            csv_column(of->known, out);
            fputc(',', out);
            csv_column(cell->exact, out);
            fputc('\n', out);
        }
    }
}

/* ---- JSON ---- */

static json_t *case_json(const struct threshold_case *of)
{
    json_t *crossings = json_array(), *cells = json_array();
    double bound = of->size_count == 0 ? NAN : of->sizes[of->size_count - 1].bound;

    for (uint32_t s = 0; s < of->crossing_count; s++) {
        const struct scaling_estimate *estimate = &of->crossings[s].estimate;

        json_array_append_new(
            crossings,
            json_pack("{s:f, s:f, s:o, s:o, s:o, s:i, s:i}", "smaller", of->sizes[s].size, "larger",
                      of->sizes[s + 1].size, "value", json_number(estimate->value), "low",
                      json_number(estimate->low), "high", json_number(estimate->high), "draws",
                      (int)estimate->draws, "outside", (int)estimate->outside));
    }
    for (uint32_t c = 0; c < of->cell_count; c++) {
        const struct threshold_cell *cell = &of->cells[c];
        struct rate rate = rate_wilson(cell->survived, cell->runs, CONFIDENCE);

        json_array_append_new(
            cells, json_pack("{s:f, s:f, s:f, s:I, s:I, s:o, s:f, s:f, s:o}", "size", cell->size,
                             "rate", cell->rate, "kill", cell->kill, "survived",
                             (json_int_t)cell->survived, "runs", (json_int_t)cell->runs, "share",
                             json_number(cell->runs == 0 ? NAN : rate.rate), "low", rate.low,
                             "high", rate.high, "exact", json_number(cell->exact)));
    }
    return json_pack("{s:s, s:o, s:o, s:o, s:{s:f, s:i, s:o}, s:o}", "case", of->name, "known",
                     json_number(of->known), "bound", json_number(bound), "crossings", crossings,
                     "agreement", "chi_squared", of->agreement.chi_squared, "degrees",
                     (int)of->agreement.degrees, "p", json_number(of->agreement.p), "survival",
                     cells);
}

static void print_json(const struct thresholds *thresholds, FILE *out)
{
    json_t *cases = json_array(), *whole;

    for (uint32_t c = 0; c < thresholds->case_count; c++)
        json_array_append_new(cases, case_json(&thresholds->cases[c]));
    whole = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:o}", "study", thresholds->study,
                      "about", thresholds->about, "source", thresholds->source, "rate",
                      thresholds->rate, "kill", thresholds->kill, "size", thresholds->size, "each",
                      thresholds->each, "cases", cases);
    json_dumpf(whole, out, JSON_INDENT(2));
    json_decref(whole);
}

void study_print_thresholds(const struct thresholds *thresholds, enum study_format format,
                            bool first, FILE *out)
{
    if (format == STUDY_CSV) {
        print_csv(thresholds, first, out);
    } else if (format == STUDY_JSON) {
        fputs(first ? "" : ",\n", out);
        print_json(thresholds, out);
    } else {
        fputs(first ? "" : "\n", out);
        print_words(thresholds, format == STUDY_MARKDOWN, out);
    }
}

/* ---- the tool ---- */

static int names_load(const struct store *store, char ***names, uint32_t *count,
                      struct error *error)
{
    sqlite3_stmt *row;
    int code = 0;

    if (sqlite3_prepare_v2(store_database(store),
                           "SELECT DISTINCT study FROM threshold ORDER BY study", -1, &row,
                           NULL) != SQLITE_OK)
        return store_error(store, error, "reading the thresholds");
    while (code == 0 && sqlite3_step(row) == SQLITE_ROW) {
        char **more = realloc(*names, (*count + 1) * sizeof *more);

        if (more != NULL) {
            *names = more;
            more[*count] = strdup((const char *)sqlite3_column_text(row, 0));
        }
        if (more == NULL || more[(*count)++] == NULL)
            code = study_memory(error, "the studies");
    }
    sqlite3_finalize(row);
    return code;
}

int study_threshold_names(const struct store *store, const char *name, char ***names,
                          uint32_t *count, struct error *error)
{
    *names = NULL;
    *count = 0;
    if (name != NULL) {
        *names = calloc(1, sizeof **names);
        if (*names == NULL || ((*names)[0] = strdup(name)) == NULL)
            return study_memory(error, "the studies");
        *count = 1;
        return 0;
    }
    if (names_load(store, names, count, error) != 0)
        return error->code;
    return *count > 0 ? 0
                      : error_set(error, ERROR_INPUT,
                                  "no study here asks for a threshold; a study's file needs the "
                                  "key `threshold`");
}

static int print_all(const struct store *store, const struct study_arguments *arguments, FILE *out,
                     struct error *error)
{
    char **names;
    uint32_t count;
    int code = study_threshold_names(store, arguments->study, &names, &count, error);

    if (code == 0 && arguments->format == STUDY_JSON)
        fputs("[\n", out);
    for (uint32_t i = 0; i < count && code == 0; i++) {
        struct thresholds *thresholds;

        code = thresholds_open(&thresholds, store, names[i], error);
        if (code == 0)
            study_print_thresholds(thresholds, arguments->format, i == 0, out);
        thresholds_close(thresholds);
    }
    if (code == 0 && arguments->format == STUDY_JSON)
        fputs("\n]\n", out);
    for (uint32_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return code;
}

int study_tool_thresholds(const struct study_arguments *arguments)
{
    struct study_view view = {.out = stdout};
    struct error error = {0};
    int code = store_open(&view.store, arguments->file, STORE_READ, &error);

    if (code == 0 && arguments->output != NULL &&
        (view.out = fopen(arguments->output, "w")) == NULL)
        code = error_set(&error, ERROR_IO, "%s: %s", arguments->output, strerror(errno));
    if (code == 0) {
        code = print_all(view.store, arguments, view.out, &error);
        if (code != 0)
            error_context(&error, "%s", arguments->file);
    }
    return study_view_close(&view, code, &error);
}
