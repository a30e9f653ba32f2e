#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "live/range/facts.h"
#include "live/range/program.h"
#include "measure.h"

bool machine_holds_range(const char *name)
{
    struct facts *facts = calloc(1, sizeof *facts);
    struct error error = {0};
    int program = -1;
    bool holds;

    if (facts == NULL)
        return false;
    holds = program_open(&program, &error) == 0;
    if (holds) {
        facts_gather(facts, program);
        holds = facts_check(facts, &error) == 0;
        close(program);
    }
    free(facts);
    if (!holds)
        printf("%s: skipped: %s\n", name, error.message);
    return holds;
}
