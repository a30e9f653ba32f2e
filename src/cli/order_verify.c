/* iolaus order verify: asks the authority by hand, about signatures and times alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/calendar.h"
#include "base/text.h"
#include "cli/order_tool.h"

const struct argp_option order_verify_options[] = {
    {"sig", ORDER_KEY_SIGNATURE, "FILE", 0, "a signature; may be repeated", 1},
    {"roster", ORDER_KEY_ROSTER, "FILE", 0, "who may sign: a file as ssh-keygen's allowed signers",
     1},
    {"min", ORDER_KEY_MIN, "K", 0,
     "how many persons must have signed; if not given 1, and 2 to let something run again unless "
     "the roster holds one key",
     2},
    {"lifts", ORDER_KEY_LIFTS, "FILE", 0, "of a permit: the order that it should lift", 2},
    {"range", ORDER_KEY_RANGE, "RANGE", 0, "whether this range may carry it out", 2},
    {"at", ORDER_KEY_AT, "TIME", 0, "at this time, such as 2026-11-21T11:00:00Z; now if not given",
     2},
    {"json", ORDER_KEY_JSON, NULL, 0, "write JSON instead of words", 2},
    {0}};

/* All that is asked about, in memory. */
struct matter {
    struct authority_rules rules;
    struct roster roster;
    struct authority_request request;
    struct authority_signature signatures[AUTHORITY_SIGNATURES_MAX];
    char *order, *signature_texts[AUTHORITY_SIGNATURES_MAX];
    /* The files' names as they are shown: they may come with the files, from anybody. */
    char *shown, *signatures_shown[AUTHORITY_SIGNATURES_MAX];
    struct order parsed;
    struct order lifted; /* of --lifts */
    unsigned char lifted_digest[ORDER_DIGEST_BYTES];
    bool lifted_given;
};

/* What was given before is the daemon's knowledge. */
static bool never_seen(void *context, const unsigned char *nonce, const unsigned char *digest)
{
    (void)context, (void)nonce, (void)digest;
    return false;
}

/* With --lifts that order counts as accepted, else any that a permit could mean. */
static bool lifted_find(void *context, const unsigned char *digest, struct order *order)
{
    const struct matter *matter = context;

    if (matter->lifted_given) {
        *order = matter->lifted;
        return memcmp(digest, matter->lifted_digest, ORDER_DIGEST_BYTES) == 0;
    }
    *order = matter->parsed;
    order->verb = ORDER_STOP;
    return true;
}

static int roster_read(struct matter *matter, const char *path, struct error *error)
{
    char *text = NULL;
    size_t size = 0;
    int failed = order_file_read(path, ROSTER_BYTES_MAX, &text, &size, error);

    if (failed == 0)
        failed = roster_parse(&matter->roster, text, size, path, error);
    free(text);
    return failed;
}

static int lifts_read(struct matter *matter, const char *path, struct error *error)
{
    char *bytes = NULL;
    size_t size = 0;
    int failed = order_file_parse(path, &matter->lifted, &bytes, &size, error);

    if (failed == 0)
        order_digest(bytes, size, matter->lifted_digest);
    free(bytes);
    matter->lifted_given = true;
    return failed;
}

static int name_shown(const char *path, char **shown, struct error *error)
{
    *shown = strdup(path);
    if (*shown == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for a file's name");
    text_clean(*shown);
    return 0;
}

static int signature_read(struct matter *matter, uint32_t place, const char *path,
                          struct error *error)
{
    struct authority_signature *signature = &matter->signatures[place];
    int failed = order_file_read(path, SSHSIG_BYTES_MAX, &matter->signature_texts[place],
                                 &signature->size, error);

    if (failed == 0)
        failed = name_shown(path, &matter->signatures_shown[place], error);
    signature->text = matter->signature_texts[place];
    signature->name = matter->signatures_shown[place];
    return failed;
}

static int matter_read(struct matter *matter, const struct order_arguments *arguments,
                       struct error *error)
{
    struct authority_request *request = &matter->request;
    int failed;

    if (arguments->file == NULL)
        return error_set(error, ERROR_INPUT, "which order? Name its file");
    if (arguments->roster == NULL)
        return error_set(error, ERROR_INPUT, "who may sign? Name the roster: --roster FILE");
    failed =
        order_file_parse(arguments->file, &matter->parsed, &matter->order, &request->size, error);
    if (failed == 0)
        failed = name_shown(arguments->file, &matter->shown, error);
    if (failed == 0)
        failed = roster_read(matter, arguments->roster, error);
    if (failed == 0 && arguments->lifts != NULL && matter->parsed.verb != ORDER_PERMIT)
        failed = error_set(error, ERROR_INPUT, "--lifts is for permits, and this is one to %s",
                           order_verb_word(matter->parsed.verb));
    if (failed == 0 && arguments->lifts != NULL)
        failed = lifts_read(matter, arguments->lifts, error);
    for (uint32_t i = 0; failed == 0 && i < arguments->signature_count; i++)
        failed = signature_read(matter, i, arguments->signatures[i], error);
    return failed;
}

static void matter_ask(struct matter *matter, const struct order_arguments *arguments)
{
    matter->rules = (struct authority_rules)AUTHORITY_DEFAULTS;
    /* An order's lifetime is the daemon's to judge. */
    matter->rules.lifetime_s_max = CALENDAR_SECONDS_MAX;
    if (arguments->least > 0)
        matter->rules.stop_min = matter->rules.permit_min = (uint32_t)arguments->least;
    matter->request.order = matter->order;
    matter->request.name = matter->shown;
    matter->request.signatures = matter->signatures;
    matter->request.signature_count = arguments->signature_count;
    matter->request.range = arguments->range == NULL ? matter->parsed.range : arguments->range;
    matter->request.now_s = arguments->at_s >= 0 ? arguments->at_s : (int64_t)time(NULL);
    matter->request.seen = never_seen;
    matter->request.accepted = lifted_find;
    matter->request.context = matter;
}

static void verdict_print(const struct matter *matter, const struct authority_decision *decision)
{
    char sentence[ORDER_SENTENCE_BYTES], time[CALENDAR_TEXT_BYTES], name[ORDER_DIGEST_TEXT_BYTES],
        fingerprint[SSH_FINGERPRINT_BYTES];

    order_sentence(&decision->order, sentence);
    calendar_format(decision->order.expires_s, time);
    order_digest_text(decision->digest, name);
    if (decision->reason == AUTHORITY_ACCEPTED)
        printf("accepted: %s, until %s\n", sentence, time);
    else
        /* What is said of a signature stands in its own line below. */
        printf("refused (%s): %s\n", authority_reason_word(decision->reason),
               decision->reason >= REFUSED_SIGNATURE && decision->reason <= REFUSED_SAME_SIGNER
                   ? authority_reason_words(decision->reason)
                   : decision->message);
    printf("  %s\n", name);
    for (uint32_t i = 0; i < decision->signer_count; i++) {
        const struct authority_signer *signer = &decision->signers[i];

        if (signer->reason == AUTHORITY_ACCEPTED) {
            ssh_key_fingerprint(&signer->key, fingerprint);
            printf("  counts: %s, by %s with %s %s\n", matter->signatures[i].name,
                   signer->entry->names[0], ssh_key_type_name(signer->key.type), fingerprint);
        } else {
            printf("  does not count: %s\n", signer->message);
        }
    }
    printf("  persons: %u signed, %u needed\n", decision->counted, decision->needed);
}

static json_t *signer_json(const struct authority_signer *signer, const char *file)
{
    char fingerprint[SSH_FINGERPRINT_BYTES];
    json_t *names = json_array(), *object;
    bool key = signer->reason != REFUSED_SIGNATURE;

    for (uint32_t i = 0; signer->entry != NULL && i < signer->entry->name_count; i++)
        json_array_append_new(names, json_string(signer->entry->names[i]));
    if (key)
        ssh_key_fingerprint(&signer->key, fingerprint);
    object =
        json_pack("{s:s, s:b, s:s, s:o, s:s?, s:s?, s:s?}", "file", file, "counts",
                  signer->reason == AUTHORITY_ACCEPTED ? 1 : 0, "reason",
                  authority_reason_word(signer->reason), "principals", names, "type",
                  key ? ssh_key_type_name(signer->key.type) : NULL, "key", key ? fingerprint : NULL,
                  "message", signer->message[0] == '\0' ? NULL : signer->message);
    if (object != NULL && signer->entry != NULL)
        json_object_set_new(object, "line", json_integer((json_int_t)signer->entry->line));
    return object;
}

static json_t *verdict_json(const struct matter *matter, const struct authority_decision *decision)
{
    json_t *signers = json_array();
    char at[CALENDAR_TEXT_BYTES];

    for (uint32_t i = 0; i < decision->signer_count; i++)
        json_array_append_new(signers,
                              signer_json(&decision->signers[i], matter->signatures[i].name));
    calendar_format(matter->request.now_s, at);
    return json_pack("{s:b, s:s, s:s?, s:s, s:I, s:I, s:o, s:o}", "accepted",
                     decision->reason == AUTHORITY_ACCEPTED ? 1 : 0, "reason",
                     authority_reason_word(decision->reason), "message",
                     decision->message[0] == '\0' ? NULL : decision->message, "at", at, "needed",
                     (json_int_t)decision->needed, "counted", (json_int_t)decision->counted,
                     "order", order_json(&decision->order, decision->digest), "signers", signers);
}

int order_tool_verify(const struct order_arguments *arguments)
{
    static struct authority_decision decision;
    static struct matter matter;
    struct error error = {0};
    int status;

    if (matter_read(&matter, arguments, &error) != 0) {
        status = order_report(&error);
    } else {
        matter_ask(&matter, arguments);
        authority_decide(&matter.rules, &matter.roster, &matter.request, &decision);
        status = decision.reason == AUTHORITY_ACCEPTED ? 0 : 1;
        if (arguments->json)
            status = order_json_write(verdict_json(&matter, &decision), status);
        else
            verdict_print(&matter, &decision);
    }
    roster_close(&matter.roster);
    free(matter.order);
    free(matter.shown);
    for (uint32_t i = 0; i < arguments->signature_count; i++) {
        free(matter.signature_texts[i]);
        free(matter.signatures_shown[i]);
    }
    return status;
}
