/* iolaus audit CERTIFICATE: what is proved, over which time, and what is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "cli/certificate_tool.h"
#include "cli/order_tool.h"

bool certificate_is_file(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* Who signed it, if the roster and the thresholds say so. */
static int signers_check(const struct certificate_question *question,
                         const struct certificate *certificate,
                         struct certificate_authority *authority, struct error *error)
{
    bool campaign = certificate->verdict.accepted->made_by == ENTRY_CAMPAIGN;
    char *roster = NULL;
    size_t size = 0;
    int code = 0;

    if (question->roster == NULL && !campaign)
        return error_set(error, ERROR_INPUT,
                         "whose the signatures are only a roster can say: --roster FILE");
    if (question->roster != NULL)
        code = order_file_read(question->roster, ROSTER_BYTES_MAX, &roster, &size, error);
    if (code == 0)
        code = certificate_authority(certificate, roster, size, question->roster, authority, error);
    free(roster);
    return code;
}

/* ---- JSON ---- */

static json_t *names_json(const struct certificate_authority *authority)
{
    json_t *names = json_array();

    for (uint32_t i = 0; i < authority->decision.signer_count; i++)
        if (authority->names[i][0] != '\0')
            json_array_append_new(names, json_string(authority->names[i]));
    return names;
}

static json_t *says_json(struct certificate *certificate)
{
    struct error error;
    const char *text;
    size_t size;

    if (certificate_says(&certificate->verdict, &certificate->arena, &text, &size, &error) < 0)
        return NULL;
    return json_loadb(text, size, 0, NULL);
}

static int json_print(const struct certificate_question *question, struct certificate *certificate,
                      const struct certificate_authority *authority, int code,
                      const struct error *error)
{
    json_t *all = json_pack("{s:s, s:b, s:s}", "certificate", question->path, "good", code == 0,
                            "version", IOLAUS_VERSION);
    bool failed;

    if (code == 0) {
        json_object_set_new(all, "verdict", json_string(verdict_word(certificate->verdict.value)));
        json_object_set_new(all, "says", says_json(certificate));
        json_object_set_new(all, "signed_by", names_json(authority));
        json_object_set_new(all, "roster_same", json_boolean(authority->roster_same));
        json_object_set_new(all, "log", json_string(certificate->checkpoint.origin));
        json_object_set_new(all, "log_entries",
                            json_integer((json_int_t)certificate->checkpoint.size));
        json_object_set_new(all, "entries", json_integer(certificate->count));
    } else {
        json_object_set_new(all, "wrong",
                            json_pack("{s:s, s:s, s:s}", "check",
                                      certificate_check_word(certificate->failed), "reason",
                                      certificate->failed == CHECK_AUTHORITY
                                          ? authority_reason_word(authority->decision.reason)
                                          : "",
                                      "message", error->message));
    }
    failed = all == NULL || json_dumpf(all, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF;
    json_decref(all);
    return failed ? ERROR_IO : 0;
}

/* ---- all of it ---- */

static int question_check(const struct certificate_question *question,
                          struct certificate *certificate, struct certificate_authority *authority,
                          struct error *error)
{
    char *text = NULL;
    size_t size = 0;
    int code;

    if (question->key == NULL)
        return error_set(error, ERROR_INPUT,
                         "%s: a certificate is checked with the log's public key, as you know it "
                         "from elsewhere: --key KEY",
                         question->path);
    code = order_file_read(question->path, CERTIFICATE_BYTES_MAX, &text, &size, error);
    if (code == 0) {
        code = certificate_check(certificate, text, size, question->key, error);
        if (code != 0)
            error_context(error, "%s", question->path);
    }
    free(text);
    if (code != 0 || certificate->verdict.accepted == NULL)
        return code;
    code = signers_check(question, certificate, authority, error);
    if (code == ERROR_AUDIT) {
        certificate->failed = CHECK_AUTHORITY;
        error_context(error, "%s", question->path);
    }
    return code;
}

int certificate_audit(const struct certificate_question *question)
{
    struct certificate_authority authority = {0};
    struct certificate certificate = {0};
    struct error error = {0};
    int code = question_check(question, &certificate, &authority, &error), status;

    status = error_exit_status(code);
    if (code == 0 && certificate.verdict.value != VERDICT_COMPLETE)
        status = 1;
    if (question->json && (code == 0 || code == ERROR_AUDIT)) {
        if (json_print(question, &certificate, &authority, code, &error) < 0)
            status = 3;
    } else if (code == 0) {
        certificate_print(question, &certificate, &authority);
    }
    if (code != 0)
        fprintf(stderr, "iolaus: %s\n", error.message);
    certificate_close(&certificate);
    return status;
}
