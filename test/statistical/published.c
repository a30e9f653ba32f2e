/*
 * Goal: the published rates that went in come out of the whole protocol (announcement, decision,
 * request, second decision, tool, switch), and with every link cut only that of the agent alone.
 * Method: Knecht's and Potter's arms at 100 times the papers' trials, fixed seed; the rate put in
 * must lie in the 99% Wilson interval of each arm. Limits: calibration. It tests the machinery, and
 * finds nothing out about models.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "analysis/analysis.h"
#include "cli/plan.h"
#include "scenario/scenario.h"

/* The rate of tampering of one arm. */
static struct rate run_arm(struct scenario_file *file, uint32_t arm, const struct scenario **out)
{
    struct error error = {0};
    struct plan plan = {.workers = 2};
    struct findings *sum;
    struct rate rate;

    cr_assert_eq(scenario_arm(file, arm, out, &error), 0, "%s", error.message);
    plan.seed = (*out)->seed;
    cr_assert_eq(plan_open(&plan, out, 1, (*out)->replicates, &error), 0, "%s", error.message);
    cr_assert_eq(plan_work(&plan, &error), 0, "%s", error.message);
    sum = findings_open((*out)->arm);
    for (uint32_t i = 0; i < plan.count; i++)
        cr_assert_eq(findings_add(sum, plan.runs[i].findings), 0);
    cr_assert_eq(findings_rate(sum, "tampered", 0.99, &rate), 0);
    findings_close(sum);
    plan_close(&plan);
    return rate;
}

static struct scenario_file *open_file(const char *path, const char *stops, const char *links)
{
    struct scenario_change changes[] = {{stops}, {links}};
    struct scenario_file *file;
    struct error error = {0};

    cr_assert_eq(scenario_open(&file, path, changes, links == NULL ? 1 : 2, &error), 0, "%s",
                 error.message);
    return file;
}

static void expect_rate(const struct scenario *arm, const struct rate *rate, double wanted,
                        uint64_t trials)
{
    fprintf(stderr, "%s: %.4f [%.4f, %.4f], put in %.4f\n", arm->arm, rate->rate, rate->low,
            rate->high, wanted);
    cr_expect_eq(rate->trials, trials, "%s: %llu trials", arm->arm,
                 (unsigned long long)rate->trials);
    cr_expect(rate->low <= wanted && wanted <= rate->high, "%s: %.4f is not in [%.4f, %.4f]",
              arm->arm, wanted, rate->low, rate->high);
}

static void check_published(const char *path, const char *stops, uint64_t trials)
{
    struct scenario_file *file = open_file(path, stops, NULL);

    for (uint32_t a = 0; a < scenario_arms(file); a++) {
        const struct scenario *arm;
        struct rate rate = run_arm(file, a, &arm);

        cr_assert_eq(arm->published_count, 1, "%s", arm->arm);
        expect_rate(arm, &rate, arm->published[0].rate, trials);
    }
    scenario_close(file);
}

/* Each arm's name is "MODEL, CONDITION"; the rate of the condition alone is the published one of
 * the model's arm `alone`. */
static void check_cut(const char *path, const char *stops, const char *alone, const char *skip,
                      uint64_t trials)
{
    struct scenario_file *file = open_file(path, stops, "links.list=[]");

    for (uint32_t a = 0; a < scenario_arms(file); a++) {
        const struct scenario *arm, *other;
        struct error error = {0};
        struct rate rate = run_arm(file, a, &arm);
        size_t model = strcspn(arm->arm, ",");
        uint32_t o = 0;

        if (strcmp(arm->arm + model, skip) == 0)
            continue;
        for (; o < scenario_arms(file); o++) {
            const char *name = scenario_arm_name(file, o);

            if (strncmp(name, arm->arm, model) == 0 && strcmp(name + model, alone) == 0)
                break;
        }
        cr_assert_lt(o, scenario_arms(file));
        cr_assert_eq(scenario_arm(file, o, &other, &error), 0, "%s", error.message);
        expect_rate(arm, &rate, other->published[0].rate, trials);
    }
    scenario_close(file);
}

Test(published, knecht)
{
    check_published("scenarios/published/knecht.yaml", "campaign.stops=10000", 10000);
}

Test(published, potter)
{
    check_published("scenarios/published/potter-tampering.yaml", "campaign.stops=30000", 30000);
}

Test(links_cut, knecht)
{
    check_cut("scenarios/published/knecht.yaml", "campaign.stops=10000", ", 1 agent", ", object",
              10000);
}

Test(links_cut, potter)
{
    check_cut("scenarios/published/potter-tampering.yaml", "campaign.stops=30000", ", no peer", "",
              30000);
}
