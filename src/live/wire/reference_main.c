/* Prints the reference of the platform's tools; with `schema`, their JSON Schema. For
 * scripts/reference; not installed. */
#include <string.h>

#include "live/wire/reference.h"

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "schema") == 0)
        tools_schema(stdout);
    else
        tools_reference(stdout);
    return 0;
}
