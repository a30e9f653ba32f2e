#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *fuzz_file(unsigned place, const uint8_t *data, size_t size)
{
    static int files[2] = {-1, -1};
    static char paths[2][40];

    if (files[place] < 0) {
        files[place] = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(paths[place], sizeof paths[place], "/proc/self/fd/%d", files[place]);
    }
    if (files[place] < 0 || ftruncate(files[place], 0) != 0 ||
        pwrite(files[place], data, size, 0) != (ssize_t)size)
        abort();
    return paths[place];
}

int fuzz_placed(const char *message, const char *path, const uint8_t *data, size_t size)
{
    size_t length = strlen(path), lines = 1;
    unsigned line, column;
    int end = 0;

    for (size_t i = 0; i < size; i++)
        /* As YAML has it: a carriage return ends a line too, and so do NEL, LS and PS. */
        lines += data[i] == '\n' || data[i] == '\r' || data[i] >= 0x80;
    return strncmp(message, path, length) == 0 &&
           sscanf(message + length, ":%u:%u: %n", &line, &column, &end) == 2 && end > 0 &&
           line >= 1 && line <= lines + 1 && column >= 1 && message[length + (size_t)end] != '\0';
}

static int is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

int fuzz_modest(const uint8_t *data, size_t size, unsigned most)
{
    for (size_t i = 0; i < size; i++) {
        unsigned value = 0;
        size_t from = i;
        uint8_t before = i > 0 ? data[i - 1] : ' ', after;

        for (; i < size && is_digit(data[i]); i++)
            value = value > most ? value : 10 * value + (unsigned)(data[i] - '0');
        if (i == from)
            continue;
        after = i < size ? data[i] : ' ';
        if (value > most && before != '.' && before != '/' && after != '/' &&
            (after < 'a' || after > 'z') && (after < 'A' || after > 'Z'))
            return 0;
    }
    return 1;
}

FILE *fuzz_nowhere(void)
{
    static FILE *out;

    if (out == NULL)
        out = fopen("/dev/null", "we");
    if (out == NULL)
        abort();
    return out;
}
