#include "scenario/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scenario/document.h"

int file_load(const char *path, char **bytes, size_t *size, struct error *error)
{
    struct stat status;
    FILE *stream = fopen(path, "rb");
    int code = 0;

    *bytes = NULL;
    if (stream == NULL)
        return error_set(error, ERROR_INPUT, "%.300s: cannot be opened: %s", path, strerror(errno));
    if (fstat(fileno(stream), &status) == 0 && S_ISDIR(status.st_mode))
        code = error_set(error, ERROR_INPUT, "%.300s: is a directory; name a file", path);
    /* One byte more than allowed shows that the file is too large, however large it is. */
    *bytes = code == 0 ? malloc(DOCUMENT_BYTES_MAX + 2) : NULL;
    if (code == 0 && *bytes == NULL)
        code = error_set(error, ERROR_MEMORY, "%.300s: out of memory", path);
    if (code == 0) {
        *size = fread(*bytes, 1, DOCUMENT_BYTES_MAX + 1, stream);
        (*bytes)[*size] = '\0';
        if (ferror(stream))
            code = error_set(error, ERROR_IO, "%.300s: cannot be read: %s", path, strerror(errno));
    }
    fclose(stream);
    if (code != 0) {
        free(*bytes);
        *bytes = NULL;
    } else {
        char *fitted = realloc(*bytes, *size + 1);

        if (fitted != NULL)
            *bytes = fitted;
    }
    return code;
}
