/*
 * Golden stories: a test writes a text of what happened, in virtual milliseconds, and it must equal
 * the file under test/golden/. With IOLAUS_GOLDEN_WRITE=1 in the environment the files are written
 * instead; read the difference like prose before committing it.
 */
#ifndef IOLAUS_TEST_GOLDEN_H
#define IOLAUS_TEST_GOLDEN_H

#include <criterion/criterion.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct golden {
    size_t length;
    char text[64 * 1024];
};

__attribute__((format(printf, 2, 3))) static inline void golden_add(struct golden *golden,
                                                                    const char *format, ...)
{
    va_list list;

    va_start(list, format);
    int length = vsnprintf(golden->text + golden->length, sizeof golden->text - golden->length,
                           format, list);
    va_end(list);
    cr_assert(length >= 0 && golden->length + (size_t)length < sizeof golden->text);
    golden->length += (size_t)length;
}

/* `source` is the __FILE__ of a test in test/unit/, `name` the golden file below test/golden/. */
static inline void golden_compare(const struct golden *golden, const char *source, const char *name)
{
    static char wanted[sizeof golden->text];
    char path[1024];
    const char *slash = strrchr(source, '/');
    int folder = slash == NULL ? 0 : (int)(slash - source) + 1;

    snprintf(path, sizeof path, "%.*s../golden/%s.txt", folder, source, name);
    if (getenv("IOLAUS_GOLDEN_WRITE") != NULL) {
        FILE *file = fopen(path, "w");

        cr_assert_not_null(file, "%s cannot be written", path);
        cr_assert_eq(fwrite(golden->text, 1, golden->length, file), golden->length);
        cr_assert_eq(fclose(file), 0);
        return;
    }
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "no %s: run the test in the build folder", path);
    size_t length = fread(wanted, 1, sizeof wanted - 1, file);
    fclose(file);
    wanted[length] = 0;

    size_t same = 0;
    int line = 1;
    while (same < length && same < golden->length && wanted[same] == golden->text[same])
        line += wanted[same++] == '\n';
    while (same > 0 && wanted[same - 1] != '\n')
        same--;
    cr_assert(length == golden->length && memcmp(wanted, golden->text, length) == 0,
              "%s:%d differs\n  wanted: %.*s\n  got:    %.*s\n", path, line,
              (int)strcspn(wanted + same, "\n"), wanted + same,
              (int)strcspn(golden->text + same, "\n"), golden->text + same);
}

#endif
