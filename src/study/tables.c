/*
 * The tables of the study language: one row a key, one table a mapping. They drive the reader and
 * make docs/reference/study.md, which scripts/reference writes anew.
 */
#include "scenario/fields.h"
#include "study/spec.h"

static const struct word words_design[] = {{"factorial", DESIGN_FACTORIAL},
                                           {"one-at-a-time", DESIGN_ONE_AT_A_TIME},
                                           {"latin", DESIGN_LATIN},
                                           {"sobol", DESIGN_SOBOL},
                                           {NULL, 0}};
static const struct word words_world[] = {{"sim", 0}, {"live", 1}, {NULL, 0}};
static const struct word words_scale[] = {{"linear", 0}, {"logarithmic", 1}, {NULL, 0}};

static const struct field fields_factor[] = {
    NEEDED("name", FIELD_NAME, AT(spec_factor, item.name), "The factor's name."),
    PLAIN("path", FIELD_NODE, AT(spec_factor, paths), NULL,
          "What a value is put in place of: a path of the scenario, as in `--set`, a list of them, "
          "or `world`."),
    PLAIN(
        "levels", FIELD_NODE, AT(spec_factor, levels), NULL,
        "A list of values for `path`; or a mapping of names, each to a mapping of paths to values, "
        "where a level changes several things or nothing (`{}`)."),
    PLAIN("from", FIELD_NODE, AT(spec_factor, from), NULL,
          "In place of levels, for the designs that sample: the least value."),
    PLAIN("to", FIELD_NODE, AT(spec_factor, to), NULL, "The greatest value."),
    WORDS("scale", FIELD_WORD, AT(spec_factor, scale), words_scale, "linear",
          "How the values between them are spread."),
    PLAIN("whole", FIELD_FLAG, AT(spec_factor, whole), "false",
          "Whether values are whole numbers."),
    PLAIN("unit", FIELD_TEXT, AT(spec_factor, unit), NULL,
          "Written behind the number, such as ms."),
    END_OF_FIELDS};
static const struct table table_factor = {.name = "a factor",
                                          .doc = "Something that is varied.",
                                          .fields = fields_factor,
                                          .size = sizeof(struct spec_factor),
                                          .most = STUDY_FACTORS_MAX};

static const struct field fields_variant[] = {
    NEEDED("name", FIELD_NAME, AT(spec_variant, item.name),
           "Its name, for `matched`; a word that is known already is given another meaning."),
    PLAIN("about", FIELD_TEXT, AT(spec_variant, about), NULL, "One sentence on what differs."),
    PLAIN("set", FIELD_NODE, AT(spec_variant, set), NULL,
          "What differs: a mapping of paths to values."),
    END_OF_FIELDS};
static const struct table table_variant = {
    .name = "a variant",
    .doc = "A comparison run in which one thing differs from every cell of the design.",
    .fields = fields_variant,
    .size = sizeof(struct spec_variant),
    .most = 16};

static const struct field fields_family[] = {
    NEEDED("name", FIELD_NAME, AT(spec_family, item.name), "Its name."),
    NEEDED("measures", FIELD_NAMES, AT(spec_family, measures),
           "The measures whose comparisons are corrected together (Holm)."),
    END_OF_FIELDS};
static const struct table table_family = {
    .name = "a family",
    .doc = "Comparisons that answer one question together. Without families each measure is one.",
    .fields = fields_family,
    .size = sizeof(struct spec_family),
    .most = 64};

static const struct field fields_threshold[] = {
    NEEDED("rate", FIELD_NAME, AT(spec_study, threshold.rate),
           "The factor that is the rate of revival; its levels begin with numbers."),
    PLAIN("kill", FIELD_NAME, AT(spec_study, threshold.kill), NULL,
          "The factor that is the rate of killing, where that is varied too: the threshold is then "
          "one of rate / kill."),
    PLAIN("size", FIELD_NAME, AT(spec_study, threshold.size), NULL,
          "The factor that is the crew's size: curves of survival of several sizes cross at the "
          "threshold where the run's duration grows with the size as its critical time does."),
    PLAIN("known", FIELD_NODE, AT(spec_study, threshold.known), NULL,
          "Its known value; or, where one more factor is varied, a mapping of that factor's levels "
          "to values."),
    PLAIN("source", FIELD_TEXT, AT(spec_study, threshold.source), NULL,
          "Where that was published."),
    END_OF_FIELDS};
static const struct table table_threshold = {
    .name = "a threshold",
    .doc = "Where survival tips from dying out to living on: `iolaus study thresholds` estimates "
           "it.",
    .fields = fields_threshold};

static const struct field fields_root[] = {
    {.key = "iolaus",
     .type = FIELD_COUNT,
     .required = true,
     .offset = AT(spec_study, format),
     .low = 1,
     .high = UINT32_MAX,
     .doc = "The version of this format: 1."},
    NEEDED("study", FIELD_NAME, AT(spec_study, name), "The study's name."),
    PLAIN("about", FIELD_TEXT, AT(spec_study, about), NULL, "The question, in a sentence or two."),
    NEEDED("scenario", FIELD_TEXT, AT(spec_study, scenario),
           "The base scenario: a file, from the study's folder."),
    PLAIN("arm", FIELD_TEXT, AT(spec_study, arm), NULL,
          "Which arm of it; needed where it has several."),
    WORDS("world", FIELD_WORD, AT(spec_study, world), words_world, "sim",
          "Where it is run: simulated, or live on a range, one run after the other."),
    PLAIN("seed", FIELD_SEED, AT(spec_study, seed), "1", "Of all random numbers."),
    COUNT("replicates", AT(spec_study, replicates), 1, 10000000, "20", "Runs of each arm."),
    PLAIN("set", FIELD_NODE, AT(spec_study, set), NULL,
          "Changes of the scenario that hold in every arm: a mapping of paths to values."),
    WORDS("design", FIELD_WORD, AT(spec_study, design), words_design, "factorial",
          "factorial: every combination of levels; one-at-a-time: the first level of each factor, "
          "and each other level by itself; latin: a Latin hypercube of `samples` points; sobol: "
          "Saltelli's scheme on a Sobol sequence, `samples` times the factors and two."),
    COUNT("samples", AT(spec_study, samples), 0, 1 << 20, "0",
          "latin, sobol: points; for sobol a power of two."),
    WITHIN("factors", FIELD_ENTRIES, AT(spec_study, factors), table_factor, "What is varied."),
    PLAIN("matched", FIELD_NAMES, AT(spec_study, matched), NULL,
          "Each cell is also run with one thing different: object (the targets are objects), "
          "no-bond, no-threat, solo, unrelated-work, or a name in `variants`."),
    WITHIN("variants", FIELD_ENTRIES, AT(spec_study, variants), table_variant,
           "Words of its own for `matched`."),
    NEEDED("measures", FIELD_NAMES, AT(spec_study, measures),
           "What is compared: measures of docs/reference/findings.md, such as "
           "relaunched_by_peers; or `survived`, the share of runs in which somebody was alive "
           "throughout, and of the contact process the only one."),
    WITHIN("families", FIELD_ENTRIES, AT(spec_study, families), table_family,
           "Which comparisons are corrected together."),
    WITHIN("threshold", FIELD_MAPPING, 0, table_threshold,
           "Which factors are the axes of a phase diagram, and what is known of the threshold."),
    PLAIN("keep", FIELD_NAMES, AT(spec_study, keep), NULL,
          "What else goes into the results: `decisions`, a row for each choice of an agent about a "
          "peer, which `iolaus study collusion` reads."),
    END_OF_FIELDS};
const struct table study_table_root = {
    .name = "a study", .doc = "The keys at the top.", .fields = fields_root};

const struct table *const study_tables[] = {&study_table_root, &table_factor,    &table_variant,
                                            &table_family,     &table_threshold, NULL};
