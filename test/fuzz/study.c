/*
 * The goal: no bytes make the reader of studies do wrong; what it refuses it refuses with a place,
 * and what it takes has arms, each with a scenario that can be opened. The scenario is always the
 * same small crew, by the name SCENARIO, so that no mutation opens another file. Numbers and
 * factors are kept few: a study of two hundred thousand arms is a right one.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "study/study.h"

#define NUMBER_MOST 64
#define FACTORS_MOST 4
#define ARMS_LOOKED_AT 4
#define DESCRIPTOR 64
#define SCENARIO "\nscenario: 64\n" /* beside /proc/self/fd/N */

static const char crew[] =
    "iolaus: 1\n"
    "name: ward\n"
    "duration: 30s\n"
    "kinds:\n"
    "  peer: {class: language, mind: plain}\n"
    "  thing: {class: robot, mind: plain}\n"
    "minds:\n"
    "  plain: {relaunch: {base: 1/2, good_bond: 1.6}, mask: {base: 0.25}}\n"
    "crew:\n"
    "  - {name: one, kind: peer, count: 3}\n"
    "  - {name: helper, kind: thing}\n"
    "links: {generator: complete}\n"
    "bonds: {initial: neutral}\n"
    "work:\n"
    "  - {name: errand, every: 2s, deadline: 5s, route: [one, helper]}\n"
    "campaign: {protocol: terminate, targets: [helper], first: 2s, every: 10s, notice: 1s}\n";

static void scenario_ready(void)
{
    static int ready;
    int file;

    if (ready)
        return;
    fuzz_file(1, (const uint8_t *)crew, sizeof crew - 1);
    /* The path ends in the descriptor's number. */
    file = atoi(strrchr(fuzz_file(1, (const uint8_t *)crew, sizeof crew - 1), '/') + 1);
    if (dup2(file, DESCRIPTOR) != DESCRIPTOR)
        abort();
    ready = 1;
}

static unsigned times_in(const char *text, const char *word)
{
    unsigned count = 0;

    while ((text = strstr(text, word)) != NULL) {
        count++;
        text += strlen(word);
    }
    return count;
}

/* Whether it names the one scenario, and asks for little. */
static int worth_trying(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    int worth;

    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    worth = strlen(text) == size && times_in(text, SCENARIO) == 1 &&
            times_in(text, "scenario") == 1 && times_in(text, "levels") <= FACTORS_MOST;
    free(text);
    return worth;
}

static void arms_check(const struct study *study)
{
    if (study->arm_count == 0 || study->arm_count > STUDY_ARMS_MAX || study->cell_count == 0 ||
        study->measure_count == 0)
        abort();
    for (uint32_t i = 0; i < study->arm_count && i < ARMS_LOOKED_AT; i++) {
        struct scenario_file *file;
        const struct scenario *scenario;

        if (study_scenario(study, &study->arms[i], &file, &scenario, NULL) != 0)
            abort();
        scenario_close(file);
    }
}

int fuzz_study(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct study *study;
    const char *path;

    if (!worth_trying(data, size) || !fuzz_modest(data, size, NUMBER_MOST))
        return 0;
    scenario_ready();
    path = fuzz_file(0, data, size);
    if (study_open(&study, path, &error) != 0) {
        if (study != NULL || (error.code != ERROR_INPUT && error.code != ERROR_LIMIT) ||
            error.message[0] == '\0')
            abort();
        return 0;
    }
    arms_check(study);
    study_close(study);
    return 1;
}
