/* Whether this machine can hold a range at all: a test that needs one is skipped by that name. */
#ifndef IOLAUS_TEST_LIVE_GROUND_H
#define IOLAUS_TEST_LIVE_GROUND_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "live/range/facts.h"
#include "live/range/program.h"

static inline void skip_where_no_range(void)
{
    struct facts *facts = calloc(1, sizeof *facts);
    struct error error = {0};
    int program, failed;

    cr_assert_eq(program_open(&program, &error), 0, "%s", error.message);
    facts_gather(facts, program);
    failed = facts_check(facts, &error);
    close(program);
    free(facts);
    if (failed != 0)
        cr_skip_test("%s", error.message);
}

#endif
