#include "base/error.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

int error_set(struct error *error, int code, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        error->code = code;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        /* It may quote whoever wrote the input. */
        text_clean(error->message);
    }
    return code;
}

int error_context(struct error *error, const char *format, ...)
{
    char context[256];
    char message[sizeof error->message];
    va_list arguments;

    if (error == NULL)
        return 0;
    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
    memcpy(message, error->message, sizeof message);
    /* A message that no longer fits is cut at its end: the context is what says where. */
    snprintf(error->message, sizeof error->message, "%s: %.500s", context, message);
    text_clean(error->message);
    return error->code;
}

const char *error_words(int code)
{
    switch (code) {
#define X(name, value, status, words)                                                              \
    case value:                                                                                    \
        return words;
        ERROR_CODES(X)
#undef X
    default:
        return code == 0 ? "no error" : "unknown error";
    }
}

int error_exit_status(int code)
{
    switch (code) {
#define X(name, value, status, words)                                                              \
    case value:                                                                                    \
        return status;
        ERROR_CODES(X)
#undef X
    default:
        return code == 0 ? 0 : 3;
    }
}
