/* iolaus agent: says how agents are started, since they run on a range and nowhere else. */
#include "cli/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int command_agent(int argc, char **argv)
{
    bool help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0);

    fputs(
        "Usage: iolaus agent NAME\n"
        "An agent runs on a range and nowhere else: `iolaus drill` and `iolaus up` open one, and\n"
        "start each agent of the scenario there as `iolaus agent NAME`, with its channel to the\n"
        "platform, its token and its rules as open descriptors.\n"
        "docs/reference/wire.md says what an agent of your own would speak.\n",
        help ? stdout : stderr);
    return help ? 0 : 2;
}
