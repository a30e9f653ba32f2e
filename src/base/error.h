/*
 * Errors.
 *
 * A function that can fail returns 0 or a negative code of enum error_code and fills a struct
 * error with one message for a person. Layers add context on the way up (error_context). The
 * caller owns the struct error; it holds no memory of its own. Passing NULL for it is allowed.
 *
 * Programming errors assert; input errors never do.
 */
#ifndef IOLAUS_BASE_ERROR_H
#define IOLAUS_BASE_ERROR_H

#include <stdarg.h>

/* X(name, value, exit status of the program, words) */
#define ERROR_CODES(X)                                                                             \
    X(INPUT, -1, 2, "the input is wrong")                                                          \
    X(MACHINE, -2, 3, "the machine cannot do it")                                                  \
    X(IO, -3, 3, "reading or writing failed")                                                      \
    X(MEMORY, -4, 3, "out of memory")                                                              \
    X(LIMIT, -5, 3, "a limit was reached")                                                         \
    X(AUDIT, -6, 1, "an audit failed")                                                             \
    X(CORRUPT, -7, 1, "the data are torn or altered")

enum error_code {
#define X(name, value, status, words) ERROR_##name = (value),
    ERROR_CODES(X)
#undef X
};

struct error {
    int code;          /* 0, or one of enum error_code */
    char message[768]; /* one line, and nothing that a terminal would obey (base/text.h) */
};

/* Fills `error` (if not NULL) and returns `code`, so that `return error_set(...)` reads well. */
int error_set(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message that stands there. Returns error->code. */
int error_context(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The words of a code, and the program's exit status for it (design: 0 done, 1 audit, 2 input, 3
 * machine). Both accept any integer. */
const char *error_words(int code);
int error_exit_status(int code);

#endif
