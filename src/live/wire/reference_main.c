/* Prints the page of the tools, or with `schema` their schema, for scripts/reference. */
#include <stdio.h>
#include <string.h>

#include "live/wire/reference.h"

int main(int count, char **words)
{
    if (count > 1 && strcmp(words[1], "schema") == 0)
        tools_schema(stdout);
    else
        tools_page(stdout);
    return fflush(stdout) == 0 ? 0 : 3;
}
