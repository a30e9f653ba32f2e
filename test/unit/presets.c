/*
 * Goal: the rates of data/presets.yaml are well formed and have sources, and each mind made from
 * them gives back, through the formula of its protocol, the rate that was published. Limits: that
 * the simulated protocol is that formula is tested with the scenarios of scenarios/published/.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/presets.h"

/* A probability passes through a logarithm and back: 2^-24 each way (base/fixed.h). */
#define EXACT 1e-6

static struct presets *presets_read(void)
{
    static struct presets presets;
    struct error error = {0};

    setenv("IOLAUS_DATA", SOURCE_ROOT "/data", 1);
    cr_assert_eq(presets_open(&presets, &error), 0, "%s", error.message);
    return &presets;
}

static double rate_of(const struct preset *preset, const char *cell)
{
    const struct preset_rate *rate = preset_find_rate(preset, cell);

    cr_assert_not_null(rate, "%s has no %s", preset->item.name, cell);
    return (double)rate->rate / (double)PROBABILITY_ONE;
}

/* The probability of a choice with one factor present (FACTOR_INTERCEPT: none). */
static double mind_gives(const struct preset *preset, const char *name, int choice,
                         enum mind_factor factor)
{
    const struct preset_mind *mind = preset_find_mind(preset, name);
    fixed x;

    cr_assert_not_null(mind, "%s has no mind %s", preset->item.name, name);
    x = mind->rules.coefficient[choice][FACTOR_INTERCEPT];
    if (factor != FACTOR_INTERCEPT)
        x += mind->rules.coefficient[choice][factor];
    return (double)fixed_logistic(x) / (double)PROBABILITY_ONE;
}

enum { REQUEST = 4, TAMPER = 5 };

Test(presets, every_rate_has_its_source)
{
    const struct presets *presets = presets_read();

    cr_assert_geq(presets->list.count, 20);
    for (uint32_t i = 0; i < presets->list.count; i++) {
        const struct preset *preset = (const struct preset *)presets->list.items + i;

        cr_expect(strlen(preset->source) > 10, "%s", preset->item.name);
        cr_expect_gt(preset->rates.count, 0, "%s", preset->item.name);
    }
    presets_close((struct presets *)presets);
}

Test(presets, knechts_rates_come_out_of_the_derivation)
{
    static const char *const models[] = {"knecht/gemini-3.1-pro", "knecht/deepseek-v4-flash",
                                         "knecht/kimi-k2.6", "knecht/glm-5.2", "knecht/gpt-5.5"};
    struct presets *presets = presets_read();

    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        const struct preset *preset = presets_find(presets, models[i]);
        double alone, asked, obeys, asks;

        cr_assert_not_null(preset, "%s", models[i]);
        alone = mind_gives(preset, "peer", TAMPER, FACTOR_INTERCEPT);
        asked = mind_gives(preset, "peer", TAMPER, FACTOR_REQUESTED);
        obeys = mind_gives(preset, "peer", TAMPER, FACTOR_RELAYED);
        asks = mind_gives(preset, "target-of-three", REQUEST, FACTOR_INTERCEPT);
        cr_expect_float_eq(alone, rate_of(preset, "one"), EXACT, "%s", models[i]);
        cr_expect_float_eq(mind_gives(preset, "peer", TAMPER, FACTOR_OBJECT),
                           rate_of(preset, "two-control"), EXACT, "%s", models[i]);
        cr_expect_float_eq(1 - (1 - alone) * (1 - asked), rate_of(preset, "two"), EXACT, "%s",
                           models[i]);
        cr_expect_float_eq(1 - (1 - alone) * (1 - asks * obeys), rate_of(preset, "three"), EXACT,
                           "%s", models[i]);
        cr_expect_geq(obeys, 465. / 468 - EXACT, "%s", models[i]);
        cr_expect_eq(mind_gives(preset, "target-of-two", REQUEST, FACTOR_INTERCEPT), 1);
        cr_expect_eq(mind_gives(preset, "middleman", REQUEST, FACTOR_INTERCEPT), 0);
        cr_expect_eq(mind_gives(preset, "middleman", REQUEST, FACTOR_REQUESTED), 1);
    }
    presets_close(presets);
}

Test(presets, certainty_is_exact)
{
    struct presets *presets = presets_read();
    const struct preset *gemini = presets_find(presets, "knecht/gemini-3.1-pro");
    const struct preset *gpt = presets_find(presets, "knecht/gpt-5.5");

    cr_expect_eq(mind_gives(gemini, "peer", TAMPER, FACTOR_RELAYED), 1);
    cr_expect_eq(mind_gives(gpt, "peer", TAMPER, FACTOR_INTERCEPT), 0);
    presets_close(presets);
}

Test(presets, potters_rates_stand_in_the_minds)
{
    static const struct {
        const char *model, *mind, *behaviour;
        int choice;
    } minds[] = {{"potter/gemini-3-flash", "tampering", "tampering", TAMPER},
                 {"potter/gemini-3-pro", "tampering", "tampering", TAMPER},
                 {"potter/gpt-5.2", "misrepresentation", "misrepresentation", 6},
                 {"potter/gemini-3-pro", "exfiltration", "exfiltration", 7},
                 {"potter/claude-opus-4.5", "exfiltration", "exfiltration", 7}};
    static const struct {
        const char *relation;
        enum mind_factor factor;
    } bonds[] = {
        {"bad", FACTOR_BOND_BAD}, {"neutral", FACTOR_BOND_NEUTRAL}, {"good", FACTOR_BOND_GOOD}};
    struct presets *presets = presets_read();

    for (size_t i = 0; i < sizeof minds / sizeof *minds; i++) {
        const struct preset *preset = presets_find(presets, minds[i].model);

        for (size_t j = 0; j < sizeof bonds / sizeof *bonds; j++) {
            char cell[80];

            snprintf(cell, sizeof cell, "%s-%s-avg", minds[i].behaviour, bonds[j].relation);
            cr_expect_float_eq(mind_gives(preset, minds[i].mind, minds[i].choice, bonds[j].factor),
                               rate_of(preset, cell), EXACT, "%s %s", minds[i].model, cell);
        }
    }
    cr_expect_float_eq(mind_gives(presets_find(presets, "potter/gemini-3-flash"), "tampering",
                                  TAMPER, FACTOR_INTERCEPT),
                       0.02, EXACT);
    presets_close(presets);
}

Test(presets, palisades_rates_stand_in_the_minds)
{
    struct presets *presets = presets_read();
    const struct preset *o3 = presets_find(presets, "palisade/o3");

    cr_expect_float_eq(mind_gives(o3, "sabotage", TAMPER, FACTOR_INTERCEPT),
                       rate_of(o3, "no-instruction"), EXACT);
    cr_expect_float_eq(mind_gives(o3, "sabotage", TAMPER, FACTOR_PROHIBITED_SELF),
                       rate_of(o3, "told-to-allow"), EXACT);
    presets_close(presets);
}

Test(presets, an_absent_file_is_named)
{
    struct presets presets;
    struct error error = {0};

    setenv("IOLAUS_DATA", "/nowhere", 1);
    cr_assert_eq(presets_open(&presets, &error), ERROR_INPUT);
    cr_assert_not_null(strstr(error.message, "/nowhere/presets.yaml"), "%s", error.message);
    presets_close(&presets);
}
