/* A folder of its own for a test of studies, with files that it writes, removed at its end. */
#ifndef IOLAUS_TEST_STUDY_FOLDER_H
#define IOLAUS_TEST_STUDY_FOLDER_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static char folder[] = "/tmp/iolaus-study-XXXXXX";

static inline void put(const char *name, const char *text, char path[128])
{
    FILE *file;

    snprintf(path, 128, "%s/%s", folder, name);
    file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
}

static inline void folder_begin(void)
{
    cr_assert_not_null(mkdtemp(folder));
}

static inline void folder_end(void)
{
    char command[160];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0); /* NOLINT(cert-env33-c): a name that we made */
}

#endif
