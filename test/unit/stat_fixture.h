/*
 * Rows of numbers that R or SciPy computed: test/fixtures/statistics/NAME, one case a line, `#` and
 * blank lines skipped. The scripts that wrote them are scripts/fixtures-statistics.R and .py.
 */
#ifndef IOLAUS_TEST_STAT_FIXTURE_H
#define IOLAUS_TEST_STAT_FIXTURE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define FIXTURE_NUMBERS_MAX 64

static inline FILE *fixture_open(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/test/fixtures/statistics/%s", SOURCE_ROOT, name);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s cannot be read", path);
    return file;
}

/* The next row into `numbers`; how many there are, 0 at the end. */
static inline size_t fixture_row(FILE *file, double numbers[FIXTURE_NUMBERS_MAX])
{
    char line[2048];
    while (fgets(line, sizeof line, file) != NULL) {
        size_t count = 0;
        char *end = line;
        while (line[0] != '#' && count < FIXTURE_NUMBERS_MAX) {
            char *start = end;
            double number = strtod(start, &end);
            if (end == start) {
                break;
            }
            numbers[count++] = number;
        }
        if (count > 0) {
            return count;
        }
    }
    return 0;
}

#endif
