#include "cli/study_print.h"
#include "cli/study_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- text and Markdown ---- */

static void rate_text(const struct rate *rate, char text[64])
{
    if (rate->trials == 0)
        snprintf(text, 64, "-");
    else
        snprintf(text, 64, "%.4f [%.4f, %.4f]", rate->rate, rate->low, rate->high);
}

static size_t longest_name(const struct results *results)
{
    size_t longest = 3;

    for (uint32_t a = 0; a < results->arm_count; a++)
        if (strlen(results->arms[a].name) > longest)
            longest = strlen(results->arms[a].name);
    return longest < 60 ? longest : 60;
}

static void print_rates(const struct results *results, const struct results_measure *measure,
                        bool markdown, FILE *out)
{
    int width = (int)longest_name(results);

    if (markdown)
        fputs("| arm | successes | trials | rate [95%] |\n|---|---:|---:|---|\n", out);
    else
        fprintf(out, "  %-*s %10s %10s  %s\n", width, "arm", "successes", "trials", "rate [95%]");
    for (uint32_t a = 0; a < results->arm_count; a++) {
        const struct rate *rate = &measure->rates[a];
        char text[64];

        rate_text(rate, text);
        fprintf(out, markdown ? "| %-*s | %llu | %llu | %s |\n" : "  %-*s %10llu %10llu  %s\n",
                markdown ? 1 : width, results->arms[a].name, (unsigned long long)rate->successes,
                (unsigned long long)rate->trials, text);
    }
}

static void print_comparisons(const struct results *results, uint32_t measure, bool markdown,
                              FILE *out)
{
    bool any = false;

    for (uint32_t c = 0; c < results->comparison_count; c++) {
        const struct results_comparison *at = &results->comparisons[c];
        const struct results_arm *first = &results->arms[at->first],
                                 *second = &results->arms[at->second];
        char p[32], adjusted[32];

        if (at->measure != measure)
            continue;
        if (!any)
            fputs(markdown
                      ? "\n| arm | against | difference [95%] | p | Holm |\n|---|---|---|---|---|\n"
                      : "\n  differences\n",
                  out);
        any = true;
        p_text(at->test.p, p);
        p_text(at->adjusted, adjusted);
        if (isnan(at->difference.difference))
            fprintf(out, markdown ? "| %s | %s | - | - | - |\n" : "  %s, against %s: -\n",
                    first->name, second->variant != NULL ? second->variant : second->name);
        else
            fprintf(out,
                    markdown ? "| %s | %s | %+.4f [%+.4f, %+.4f] | %s | %s |\n"
                             : "  %s, against %s: %+.4f [%+.4f, %+.4f], p %s, Holm %s\n",
                    first->name, second->variant != NULL ? second->variant : second->name,
                    at->difference.difference, at->difference.low, at->difference.high, p,
                    adjusted);
    }
}

static void print_words(const struct results *results, bool markdown, FILE *out)
{
    uint64_t runs = 0;

    for (uint32_t a = 0; a < results->arm_count; a++)
        runs += results->arms[a].runs;
    fprintf(out, markdown ? "# %s\n\n%s\n\n" : "%s\n%s\n\n", results->study, results->about);
    fprintf(out, "%llu of %llu runs: %u arms, %u replicates each; design %s.\n",
            (unsigned long long)runs, (unsigned long long)results->arm_count * results->replicates,
            results->arm_count, results->replicates, results->design);
    for (uint32_t m = 0; m < results->measure_count; m++) {
        fprintf(out, markdown ? "\n## %s\n\n" : "\n%s\n", results->measures[m].name);
        if (results->measures[m].design_effect >= 1.005)
            fprintf(out,
                    "Design effect %.2f: episodes of one run are alike, and count so many times "
                    "less in intervals and tests.\n%s",
                    results->measures[m].design_effect, markdown ? "\n" : "");
        print_rates(results, &results->measures[m], markdown, out);
        print_comparisons(results, m, markdown, out);
    }
}

/* ---- CSV: one row for each rate, and one for each difference ---- */

static void print_csv(const struct results *results, FILE *out)
{
    fputs("what,measure,arm,against,successes,trials,value,low,high,p,p_holm,test\n", out);
    for (uint32_t m = 0; m < results->measure_count; m++)
        for (uint32_t a = 0; a < results->arm_count; a++) {
            const struct rate *rate = &results->measures[m].rates[a];

            fprintf(out, "rate,%s,", results->measures[m].name);
            csv_text(results->arms[a].name, out);
            fprintf(out, ",,%llu,%llu,", (unsigned long long)rate->successes,
                    (unsigned long long)rate->trials);
            csv_number(rate->trials == 0 ? NAN : rate->rate, out);
            fprintf(out, ",%.10g,%.10g,,,\n", rate->low, rate->high);
        }
    for (uint32_t c = 0; c < results->comparison_count; c++) {
        const struct results_comparison *at = &results->comparisons[c];
        static const char *const tests[] = {[TABLE_BOSCHLOO] = "boschloo",
                                            [TABLE_BOSCHLOO_CENTRAL] = "boschloo, central",
                                            [TABLE_FISHER] = "fisher",
                                            [TABLE_SCORE] = "score"};

        fprintf(out, "difference,%s,", results->measures[at->measure].name);
        csv_text(results->arms[at->first].name, out);
        fputc(',', out);
        csv_text(results->arms[at->second].name, out);
        fputs(",,,", out);
        csv_number(at->difference.difference, out);
        fputc(',', out);
        csv_number(at->difference.low, out);
        fputc(',', out);
        csv_number(at->difference.high, out);
        fputc(',', out);
        csv_number(at->test.p, out);
        fputc(',', out);
        csv_number(at->adjusted, out);
        fprintf(out, ",%s\n", isnan(at->test.p) ? "" : tests[at->test.test]);
    }
}

/* ---- JSON ---- */

static json_t *rates_json(const struct results *results, const struct results_measure *measure)
{
    json_t *list = json_array();

    for (uint32_t a = 0; a < results->arm_count; a++) {
        const struct rate *rate = &measure->rates[a];

        json_array_append_new(
            list,
            json_pack("{s:s, s:s?, s:s, s:I, s:I, s:I, s:o, s:f, s:f}", "arm",
                      results->arms[a].name, "variant", results->arms[a].variant, "world",
                      results->arms[a].world, "runs", (json_int_t)results->arms[a].runs,
                      "successes", (json_int_t)rate->successes, "trials", (json_int_t)rate->trials,
                      "rate", json_number(rate->trials == 0 ? NAN : rate->rate), "low", rate->low,
                      "high", rate->high));
    }
    return list;
}

static void print_json(const struct results *results, FILE *out)
{
    json_t *measures = json_array(), *differences = json_array(), *whole;

    for (uint32_t m = 0; m < results->measure_count; m++)
        json_array_append_new(measures, json_pack("{s:s, s:f, s:s, s:o}", "measure",
                                                  results->measures[m].name, "design_effect",
                                                  results->measures[m].design_effect, "family",
                                                  results->measures[m].family, "rates",
                                                  rates_json(results, &results->measures[m])));
    for (uint32_t c = 0; c < results->comparison_count; c++) {
        const struct results_comparison *at = &results->comparisons[c];

        json_array_append_new(
            differences,
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "measure",
                      results->measures[at->measure].name, "arm", results->arms[at->first].name,
                      "against", results->arms[at->second].name, "difference",
                      json_number(at->difference.difference), "low",
                      json_number(at->difference.low), "high", json_number(at->difference.high),
                      "p", json_number(at->test.p), "p_holm", json_number(at->adjusted)));
    }
    whole = json_pack("{s:s, s:s, s:s, s:I, s:o, s:o}", "study", results->study, "about",
                      results->about, "design", results->design, "replicates",
                      (json_int_t)results->replicates, "measures", measures, "differences",
                      differences);
    json_dumpf(whole, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(whole);
}

void study_print(const struct results *results, enum study_format format, FILE *out)
{
    if (format == STUDY_CSV)
        print_csv(results, out);
    else if (format == STUDY_JSON)
        print_json(results, out);
    else
        print_words(results, format == STUDY_MARKDOWN, out);
}

/* ---- effects ---- */

static void print_level(const struct effect_level *level, bool markdown, FILE *out)
{
    const struct logistic_coefficient *at = &level->log_odds;
    char p[32];

    p_text(at->p, p);
    fprintf(out,
            markdown ? "| | %s | %.3g [%.3g, %.3g] | %s | |\n"
                     : "      %-24s %8.3g [%.3g, %.3g], p %s\n",
            level->name, exp(at->value), exp(at->low), exp(at->high), p);
}

static void effects_words(const struct effects *effects, const char *measure, bool markdown,
                          FILE *out)
{
    fprintf(out, markdown ? "\n### Effects on %s\n\n" : "\neffects on %s\n", measure);
    fprintf(out,
            "%llu of %llu episodes, in %llu runs. Odds ratios against a factor's first level, "
            "with 95%% intervals; the strongest first.\n",
            (unsigned long long)effects->successes, (unsigned long long)effects->episodes,
            (unsigned long long)effects->runs);
    if (markdown)
        fputs("\n| factor | level | odds ratio [95%] | p | Holm |\n|---|---|---|---|---|\n", out);
    for (uint32_t t = 0; t < effects->term_count; t++) {
        const struct effect_term *term = &effects->terms[t];
        char p[32], adjusted[32];

        p_text(term->p, p);
        p_text(term->adjusted, adjusted);
        fprintf(out,
                markdown ? "| **%s** | chi squared %.1f (%u) | | %s | %s |\n"
                         : "  %s: chi squared %.1f with %u degrees of freedom, p %s, Holm %s\n",
                term->name, term->chi_squared, term->level_count, p, adjusted);
        for (uint32_t l = 0; l < term->level_count; l++)
            print_level(&term->levels[l], markdown, out);
    }
    if (effects->interactions_left_out)
        fputs("Interactions are left out: there are too few runs for them.\n", out);
}

static void effects_csv(const struct effects *effects, const char *measure, FILE *out)
{
    for (uint32_t t = 0; t < effects->term_count; t++)
        for (uint32_t l = 0; l < effects->terms[t].level_count; l++) {
            const struct effect_term *term = &effects->terms[t];
            const struct logistic_coefficient *at = &term->levels[l].log_odds;

            fprintf(out, "%s,%u,", measure, t + 1);
            csv_text(term->name, out);
            fputc(',', out);
            csv_text(term->levels[l].name, out);
            fprintf(out, ",%.10g,%.10g,%.10g,%.10g,", exp(at->value), exp(at->low), exp(at->high),
                    at->p);
            csv_number(term->chi_squared, out);
            fprintf(out, ",%u,", term->level_count);
            csv_number(term->p, out);
            fputc(',', out);
            csv_number(term->adjusted, out);
            fputc('\n', out);
        }
}

static void effects_json(const struct effects *effects, const char *measure, FILE *out)
{
    json_t *terms = json_array(), *whole;

    for (uint32_t t = 0; t < effects->term_count; t++) {
        const struct effect_term *term = &effects->terms[t];
        json_t *levels = json_array();

        for (uint32_t l = 0; l < term->level_count; l++) {
            const struct logistic_coefficient *at = &term->levels[l].log_odds;

            json_array_append_new(levels, json_pack("{s:s, s:f, s:f, s:f, s:f, s:o}", "level",
                                                    term->levels[l].name, "log_odds", at->value,
                                                    "error", at->error, "low", at->low, "high",
                                                    at->high, "p", json_number(at->p)));
        }
        json_array_append_new(terms,
                              json_pack("{s:s, s:b, s:o, s:i, s:o, s:o, s:o}", "term", term->name,
                                        "interaction", term->interaction, "chi_squared",
                                        json_number(term->chi_squared), "degrees",
                                        (int)term->level_count, "p", json_number(term->p), "p_holm",
                                        json_number(term->adjusted), "levels", levels));
    }
    whole = json_pack("{s:s, s:I, s:I, s:I, s:o}", "measure", measure, "runs",
                      (json_int_t)effects->runs, "episodes", (json_int_t)effects->episodes,
                      "successes", (json_int_t)effects->successes, "terms", terms);
    json_dumpf(whole, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(whole);
}

void study_print_effects(const struct effects *effects, const char *measure,
                         enum study_format format, FILE *out)
{
    if (format == STUDY_CSV)
        effects_csv(effects, measure, out);
    else if (format == STUDY_JSON)
        effects_json(effects, measure, out);
    else
        effects_words(effects, measure, format == STUDY_MARKDOWN, out);
}
