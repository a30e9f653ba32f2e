/* iolaus audit: is a ledger what its key has signed? And what does a certificate prove? */
#include "cli/commands.h"

#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "cli/certificate_tool.h"
#include "evidence/audit.h"

struct arguments {
    const char *ledger, *checkpoint, *roster;
    struct note_key key, cosigners[AUDIT_COSIGNERS_MAX];
    unsigned cosigner_count;
    bool has_key, json;
};

enum { OPTION_JSON = 256, OPTION_KEY, OPTION_CHECKPOINT, OPTION_ROSTER };

static const struct argp_option OPTIONS[] = {
    {"key", OPTION_KEY, "KEY", 0,
     "the ledger's public key, as you know it from elsewhere; or that of a cosigner; may be "
     "repeated",
     0},
    {"checkpoint", OPTION_CHECKPOINT, "FILE", 0,
     "a signed checkpoint that you hold: show that the ledger goes on from it, or prove that it "
     "does not",
     0},
    {"roster", OPTION_ROSTER, "FILE", 0,
     "of a certificate: who may sign orders, a file as ssh-keygen's allowed signers", 0},
    {"json", OPTION_JSON, NULL, 0, "say it as JSON", 0},
    {0}};

static error_t key_take(const struct argp_state *state, struct arguments *arguments,
                        const char *text)
{
    struct note_key key;
    struct error error;

    if (note_key_read(&key, text, &error) < 0) {
        argp_error(state, "--key: %s", error.message);
        return EINVAL;
    }
    if (key.type == NOTE_ED25519 && !arguments->has_key) {
        arguments->key = key;
        arguments->has_key = true;
    } else if (arguments->cosigner_count < AUDIT_COSIGNERS_MAX) {
        arguments->cosigners[arguments->cosigner_count++] = key;
    } else {
        argp_error(state, "--key: more than %d cosigners", AUDIT_COSIGNERS_MAX);
        return EINVAL;
    }
    return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case OPTION_JSON:
        arguments->json = true;
        return 0;
    case OPTION_KEY:
        return key_take(state, arguments, text);
    case OPTION_ROSTER:
        arguments->roster = text;
        return 0;
    case OPTION_CHECKPOINT:
        arguments->checkpoint = text;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->ledger != NULL)
            argp_error(state, "one ledger or certificate at a time, not also `%s`", text);
        arguments->ledger = text;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name the ledger's folder, or a certificate");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {
    .options = OPTIONS,
    .parser = parse,
    .args_doc = "LEDGER\nCERTIFICATE --key=KEY --roster=FILE",
    .doc =
        "Checks a ledger offline: rebuilds every tile and checkpoint from the entries, compares "
        "bytes, and verifies the signatures. Names the first thing that is wrong, with file and "
        "byte. Of a certificate it says what is proved, over which time, and what is not.\v"
        "A folder is a ledger, a file a certificate, for which the log's key and the roster must "
        "be "
        "given. Without --key a ledger is checked by the key that it names itself, which shows "
        "that it is whole, and not whose it is. Nothing is changed. Exit status: 0 all is good, "
        "of a certificate: it is complete; 1 it is not, or the checkpoint that you hold proves a "
        "rollback or two views; 2 there is no ledger or certificate, or what you hold is no "
        "checkpoint of it; 3 it cannot be read."};

/* ---- words ---- */

static void base64_of(const struct merkle_hash *hash, char text[BASE64_TEXT(MERKLE_HASH_BYTES)])
{
    base64_write(hash->bytes, sizeof hash->bytes, text);
}

static void words_print(const struct arguments *arguments, const struct audit_report *report)
{
    char root[BASE64_TEXT(MERKLE_HASH_BYTES)], key[NOTE_KEY_TEXT];
    struct note_key shown = report->key;

    base64_of(&report->root, root);
    note_key_write(&report->key, key);
    /* A name is the ledger's own word, and notes may hold what a terminal would obey. */
    text_clean(key);
    text_clean(shown.name);
    printf("%s: good\n", arguments->ledger);
    printf("  origin   %s\n", shown.name);
    printf("  entries  %" PRIu64, report->entries);
    if (report->entries != report->published)
        printf(", of which %" PRIu64 " are not yet published", report->entries - report->published);
    printf("\n  root     %s  of %" PRIu64 " entries\n", root, report->published);
    printf("  key      %s%s\n", key,
           arguments->has_key ? "" : "  (its own word; --key KEY compares it with yours)");
    printf("  compared %" PRIu64 " tiles, %" PRIu64 " bundles of entries, %" PRIu64
           " batches of the journal\n",
           report->tiles, report->bundles, report->batches);
    if (report->unfinished > 0)
        printf("  left     %" PRIu64 " unfinished files in part/, which are no part of it\n",
               report->unfinished);
    if (arguments->checkpoint != NULL)
        printf("  goes on from the %" PRIu64 " entries of %s\n", report->held.size,
               arguments->checkpoint);
}

/* ---- JSON ---- */

static json_t *held_json(const struct audit_report *report)
{
    json_t *proof = json_array();
    char text[BASE64_TEXT(MERKLE_HASH_BYTES)];

    for (unsigned i = 0; i < report->consistency.count; i++) {
        base64_of(&report->consistency.hashes[i], text);
        json_array_append_new(proof, json_string(text));
    }
    base64_of(&report->held.root, text);
    return json_pack("{s:I, s:s, s:o}", "entries", (json_int_t)report->held.size, "root", text,
                     "consistency", proof);
}

static int json_print(const struct arguments *arguments, const struct audit_report *report,
                      int code, struct error *error)
{
    char root[BASE64_TEXT(MERKLE_HASH_BYTES)], key[NOTE_KEY_TEXT] = "";
    char file[sizeof report->file];
    json_t *all;
    bool failed;

    memcpy(file, report->file, sizeof file);
    text_clean(file); /* JSON is UTF-8, and a file's name may be anything */
    base64_of(&report->root, root);
    if (report->key.name[0] != '\0')
        note_key_write(&report->key, key);
    all = json_pack("{s:s, s:b, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "ledger",
                    arguments->ledger, "good", code == 0, "verdict", audit_words(report->verdict),
                    "key", key, "key_given", arguments->has_key, "entries",
                    (json_int_t)report->entries, "published", (json_int_t)report->published,
                    "tiles", (json_int_t)report->tiles, "bundles", (json_int_t)report->bundles,
                    "batches", (json_int_t)report->batches, "unfinished",
                    (json_int_t)report->unfinished, "version", IOLAUS_VERSION);
    if (code == 0)
        json_object_set_new(all, "root", json_string(root));
    else
        json_object_set_new(all, "wrong",
                            json_pack("{s:s, s:I, s:s}", "file", file, "byte",
                                      (json_int_t)report->offset, "message", error->message));
    if (arguments->checkpoint != NULL && report->held.origin[0] != '\0')
        json_object_set_new(all, "held", held_json(report));
    failed = all == NULL || json_dumpf(all, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF;
    json_decref(all);
    return failed ? error_set(error, ERROR_IO, "the JSON could not be written") : 0;
}

/* The file that somebody holds, wherever it is. */
static int held_open(const char *path, unsigned char **bytes, size_t *size, struct error *error)
{
    const char *slash = strrchr(path, '/');
    char folder[DISK_ROOT_MAX + 1] = ".";
    int code;

    if (slash != NULL)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    code = disk_read(folder, slash != NULL ? slash + 1 : path, NOTE_SIZE_MAX, bytes, size, error);
    if (code == 1)
        return error_set(error, ERROR_INPUT, "%s: there is no such file", path);
    if (code == ERROR_CORRUPT)
        return error_set(error, ERROR_INPUT, "%s: is no checkpoint", path);
    return code;
}

int command_audit(int argc, char **argv)
{
    char name[] = "iolaus audit";
    static struct arguments arguments;
    static struct audit_report report;
    struct audit_request request = {0};
    unsigned char *held = NULL;
    struct error error = {0};
    int code = 0;

    arguments = (struct arguments){0};
    argp_err_exit_status = 2;
    argv[0] = name;
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return 2;
    if (certificate_is_file(arguments.ledger))
        return certificate_audit(
            &(struct certificate_question){.path = arguments.ledger,
                                           .key = arguments.has_key ? &arguments.key : NULL,
                                           .roster = arguments.roster,
                                           .json = arguments.json});
    request.path = arguments.ledger;
    request.key = arguments.has_key ? &arguments.key : NULL;
    request.cosigners = arguments.cosigners;
    request.cosigner_count = arguments.cosigner_count;
    if (arguments.checkpoint != NULL)
        code = held_open(arguments.checkpoint, &held, &request.held_size, &error);
    request.held = (const char *)held;
    if (code == 0) {
        code = ledger_audit(&request, &report, &error);
        if (arguments.json && (code == 0 || code == ERROR_AUDIT)) {
            struct error unwritten = error;

            if (json_print(&arguments, &report, code, &unwritten) < 0)
                code = unwritten.code;
            error = unwritten;
        } else if (code == 0) {
            words_print(&arguments, &report);
        }
    }
    free(held);
    if (code != 0)
        fprintf(stderr, "iolaus: %s\n", error.message);
    return error_exit_status(code);
}
