/* iolaus certificate: makes the certificate of an order from a ledger on disk. */
#include "cli/commands.h"

#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "cli/order_tool.h"
#include "evidence/certificate.h"

#define DIGEST_PREFIX "sha256:"

struct arguments {
    const char *ledger, *order;
    struct note_key key;
    bool has_key, last;
};

enum { OPTION_KEY = 256, OPTION_LAST };

static const struct argp_option OPTIONS[] = {
    {"last", OPTION_LAST, NULL, 0, "of the last stop or pause that was accepted", 0},
    {"key", OPTION_KEY, "KEY", 0, "the ledger's public key, if not the one that it names itself",
     0},
    {0}};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct error error;

    switch (key) {
    case OPTION_LAST:
        arguments->last = true;
        return 0;
    case OPTION_KEY:
        if (note_key_read(&arguments->key, text, &error) < 0)
            argp_error(state, "--key: %s", error.message);
        arguments->has_key = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->ledger == NULL)
            arguments->ledger = text;
        else if (arguments->order == NULL)
            arguments->order = text;
        else
            argp_error(state, "one order at a time, not also `%s`", text);
        return 0;
    case ARGP_KEY_END:
        if (arguments->ledger == NULL)
            argp_error(state, "name the ledger's folder");
        else if ((arguments->order != NULL) == arguments->last)
            argp_error(state, "name one order: its file, its digest or its epoch, or say --last");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {
    .options = OPTIONS,
    .parser = parse,
    .args_doc = "LEDGER ORDER|DIGEST|EPOCH\nLEDGER --last",
    .doc =
        "Makes the certificate of a stop or a pause from a ledger, and writes it to the standard "
        "output: what became of each target, with all that a stranger needs to check it.\v"
        "The order is named by its file, by its digest (sha256:...), or by the epoch that it "
        "got when it was accepted. What the ledger has not yet published is not looked at. Check "
        "a certificate with `iolaus audit FILE`. Exit status: 0 done, whatever the verdict; 1 "
        "the ledger is not what its key has signed; 2 there is no such ledger or order; 3 it "
        "cannot be read."};

/* A number is an epoch, `sha256:` begins a digest, all else is a file. */
static int wanted_read(const struct arguments *arguments, struct certificate_wanted *wanted,
                       struct error *error)
{
    const char *order = arguments->order;
    char *bytes = NULL, again[ORDER_DIGEST_TEXT_BYTES];
    struct order parsed;
    size_t size, digits;
    int code;

    *wanted = (struct certificate_wanted){.last = arguments->last};
    if (arguments->last)
        return 0;
    digits = strspn(order, "0123456789");
    if (order[digits] == '\0' && digits > 0 && digits < 19) {
        wanted->epoch = strtoull(order, NULL, 10);
        return wanted->epoch > 0 ? 0 : error_set(error, ERROR_INPUT, "epochs begin with 1");
    }
    if (strncmp(order, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) == 0) {
        const char *hex = order + strlen(DIGEST_PREFIX);

        sodium_hex2bin(wanted->digest, sizeof wanted->digest, hex, strlen(hex), NULL, &size, NULL);
        order_digest_text(wanted->digest, again);
        return strcmp(again, order) == 0
                   ? 0
                   : error_set(error, ERROR_INPUT, "`%.100s` is no digest of an order", order);
    }
    code = order_file_parse(order, &parsed, &bytes, &size, error);
    if (code == 0)
        order_digest(bytes, size, wanted->digest);
    free(bytes);
    return code;
}

int command_certificate(int argc, char **argv)
{
    char name[] = "iolaus certificate";
    struct arguments arguments = {0};
    static struct ledger_view view;
    struct certificate_wanted wanted;
    struct error error = {0};
    char *text = NULL;
    size_t size = 0;
    int code = 0;

    argp_err_exit_status = 2;
    argv[0] = name;
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return 2;
    if (sodium_init() < 0)
        code = error_set(&error, ERROR_MACHINE, "libsodium cannot start");
    if (code == 0)
        code = wanted_read(&arguments, &wanted, &error);
    if (code == 0 && !arguments.has_key)
        code = ledger_view_key(arguments.ledger, &arguments.key, &error);
    if (code == 0)
        code = ledger_view_open(&view, arguments.ledger, &arguments.key, &error);
    if (code == 0)
        code = certificate_make(&view, &wanted, &text, &size, &error);
    if (code == 0 && (fwrite(text, 1, size, stdout) != size || fflush(stdout) != 0))
        code = error_set(&error, ERROR_IO, "the certificate could not be written");
    free(text);
    if (code != 0)
        fprintf(stderr, "iolaus: %s\n", error.message);
    return error_exit_status(code);
}
