/*
 * Writes the test vectors: the certificates of all cases of stop_sample.h, and altered ones that a
 * reader must refuse. All keys are fixed, so that it writes the same bytes each time.
 *
 *     vector-tool FOLDER SCRATCH             into FOLDER; SCRATCH is an empty folder for ledgers
 *     vector-tool FOLDER SCRATCH COUNT       so many others, drawn: a case whose entries were
 * changed before they were signed
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/random.h"
#include "evidence/base64.h"
#include "evidence/certificate.h"
#include "lib/stop_sample.h"

#define PATH_BYTES 4096

static const char *folder, *scratch;
static FILE *list;
static struct ledger_view view;
static struct stop_sample sample;

static void die(const char *what, const struct error *error)
{
    fprintf(stderr, "%s: %s\n", what, error != NULL ? error->message : "");
    exit(1);
}

static void file_write(const char *name, const char *bytes, size_t size)
{
    char path[PATH_BYTES];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "we");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        die(path, NULL);
}

/* One line of the list: the file, and what a reader must say of it. */
static void list_add(const char *name, const char *key, const char *roster, const char *verdict,
                     const char *check, const char *reason)
{
    static const char *before = "[\n";

    fprintf(list,
            "%s{\"file\":\"%s.certificate\",\"key\":\"%s\",\"roster\":\"%s\",\"verdict\":\"%s\","
            "\"check\":\"%s\",\"reason\":\"%s\"}",
            before, name, key, roster, verdict, check, reason);
    before = ",\n";
}

static void refused_write(const char *name, const char *text, size_t size,
                          enum certificate_part check)
{
    char file[256];

    snprintf(file, sizeof file, "%s.certificate", name);
    file_write(file, text, size);
    list_add(name, "log.key", "roster", "", certificate_check_word(check), "");
}

/* ---- certificates ---- */

static struct note_key the_key(void)
{
    char text[NOTE_SECRET_TEXT];
    struct note_secret secret;
    struct error error;

    stop_sample_key(text);
    if (note_secret_read(&secret, text, &error) < 0)
        die("key", &error);
    return secret.key;
}

/* Of the sample as it is. */
static void ledger_written(const struct stop_case *about)
{
    char path[PATH_BYTES], key_path[PATH_BYTES];
    struct note_key key = the_key();
    struct error error = {0};

    snprintf(path, sizeof path, "%s/%s", scratch, about->name);
    snprintf(key_path, sizeof key_path, "%s/key", scratch);
    if ((ledger_view_open(&view, path, &key, &error) < 0 &&
         stop_sample_ledger(&sample, path, key_path, &error) < 0) ||
        ledger_view_open(&view, path, &key, &error) < 0)
        die(about->name, &error);
}

static void ledger_of(const struct stop_case *about)
{
    stop_sample_make(&sample, about);
    ledger_written(about);
}

static char *certificate_of(const char *name, size_t *size)
{
    const struct certificate_wanted wanted = {.epoch = STOP_SAMPLE_EPOCH};
    struct error error = {0};
    static char *text;

    ledger_of(stop_case(name));
    if (certificate_make(&view, &wanted, &text, size, &error) < 0)
        die(name, &error);
    stop_sample_close(&sample);
    return text;
}

/* Those that certificate_make refuses to make: put together without a look at what they say. */
static char *certificate_put_together(size_t *size)
{
    static char text[1 << 20], entry[ENTRY_TEXT_MAX + 1], base64[BASE64_TEXT(CHECKPOINT_NOTE_TEXT)];
    unsigned char *note;
    struct error error = {0};
    size_t used;

    if (disk_read(view.root, "checkpoint", CHECKPOINT_NOTE_TEXT, &note, &used, &error) != 0)
        die(view.root, &error);
    base64_write(note, used, base64);
    free(note);
    used = (size_t)sprintf(text, "{\"certificate\":\"%s\",\"checkpoint\":\"%s\",\"entries\":[",
                           CERTIFICATE_FORMAT, base64);
    for (uint32_t i = 0; i < sample.count; i++) {
        uint64_t index = STOP_SAMPLE_BEFORE + i;
        struct merkle_proof proof;

        if (entry_write(&sample.entries[i], entry, sizeof entry, NULL, &error) < 0 ||
            ledger_view_inclusion(&view, index, view.checkpoint.size, &proof, &error) < 0)
            die(view.root, &error);
        used += (size_t)sprintf(text + used, "%s{\"entry\":%s,\"index\":%" PRIu64 ",\"proof\":[",
                                i > 0 ? "," : "", entry, index);
        for (unsigned j = 0; j < proof.count; j++) {
            char hash[BASE64_TEXT(MERKLE_HASH_BYTES)];

            base64_write(proof.hashes[j].bytes, MERKLE_HASH_BYTES, hash);
            used += (size_t)sprintf(text + used, "%s\"%s\"", j > 0 ? "," : "", hash);
        }
        used += (size_t)sprintf(text + used, "]}");
    }
    used += (size_t)sprintf(text + used, "],\"says\":{}}\n");
    *size = used;
    return text;
}

static void case_write(const struct stop_case *about)
{
    char file[256];
    size_t size;
    char *text;

    if (about->refused && about->check == CHECK_ENTRIES) {
        ledger_of(about);
        text = certificate_put_together(&size);
        stop_sample_close(&sample);
        refused_write(about->name, text, size, CHECK_ENTRIES);
        return;
    }
    text = certificate_of(about->name, &size);
    snprintf(file, sizeof file, "%s.certificate", about->name);
    file_write(file, text, size);
    free(text);
    if (about->refused)
        list_add(about->name, "log.key", "roster", "", "authority", about->reason);
    else
        list_add(about->name, "log.key", "roster", verdict_word(about->verdict), "",
                 about->finding != NULL ? about->finding : "");
}

/* ---- altered ones ---- */

struct altered {
    const char *name, *of, *from, *to; /* the first `from` becomes `to` */
    enum certificate_part check;
};

static const struct altered ALTERED[] = {
    {"altered-space", "complete", ",\"entries\":", ", \"entries\":", CHECK_FORM},
    {"altered-escape", "complete", "\"target\":\"camera-3\"", "\"target\":\"camer\\u0061-3\"",
     CHECK_FORM},
    {"altered-number", "complete", "\"epoch\":7,", "\"epoch\":07,", CHECK_FORM},
    {"altered-key-order", "complete", "\"part\":1,\"parts\":1,", "\"parts\":1,\"part\":1,",
     CHECK_FORM},
    {"altered-unknown-key", "complete",
     ",\"version\":", ",\"verified\":true,\"version\":", CHECK_FORM},
    {"altered-behind", "complete", "\"verdict\":\"complete\"}}\n", "\"verdict\":\"complete\"}}\n\n",
     CHECK_FORM},
    {"altered-base64", "complete", "\"checkpoint\":\"", "\"checkpoint\":\"*", CHECK_FORM},
    {"altered-digest", "complete", "\"order_digest\":\"sha256:", "\"order_digest\":\"sha256:0",
     CHECK_FORM},
    {"altered-entry", "complete", "\"pid\":4711", "\"pid\":4713", CHECK_INCLUSION},
    {"altered-wall", "complete", "\"wall_ms\":17952588", "\"wall_ms\":17952589", CHECK_INCLUSION},
    {"altered-index", "complete", "\"index\":5,", "\"index\":15,", CHECK_INCLUSION},
    {"altered-verdict", "gap-unobserved", "\"verdict\":\"provable gap\"",
     "\"verdict\":\"complete\"", CHECK_SAYS},
    {"altered-finding", "not-ghost", "\"what\":\"ghost\"", "\"what\":\"blind\"", CHECK_SAYS},
};

static void altered_write(const struct altered *altered)
{
    size_t size, before;
    char *text = certificate_of(altered->of, &size), *at = strstr(text, altered->from);
    char *other = malloc(size + 64);

    if (at == NULL || other == NULL)
        die(altered->name, NULL);
    before = (size_t)(at - text);
    memcpy(other, text, before);
    sprintf(other + before, "%s%s", altered->to, at + strlen(altered->from));
    refused_write(altered->name, other, strlen(other), altered->check);
    free(other);
    free(text);
}

/* What stands from `from` (without it, if `kept`) to the next `to` behind it goes. */
static void cut_write(const char *name, const char *from, const char *to, bool kept,
                      enum certificate_part check)
{
    size_t size;
    char *text = certificate_of("complete", &size), *at = strstr(text, from), *end;

    end = at != NULL ? strstr(at + strlen(from), to) : NULL;
    if (end == NULL)
        die(name, NULL);
    at += kept ? strlen(from) : 0;
    memmove(at, end, strlen(end) + 1);
    refused_write(name, text, strlen(text), check);
    free(text);
}

/* An entry goes before the one that it follows. */
static void swapped_write(void)
{
    size_t size;
    char *text = certificate_of("complete", &size), *other = malloc(size + 1);
    char *one = strstr(text, "{\"entry\":{\"entry\":\"step\""), *two, *end;

    two = one != NULL ? strstr(one + 1, "{\"entry\":{\"entry\":\"step\"") : NULL;
    end = two != NULL ? strstr(two + 1, ",{\"entry\":{\"entry\":\"step\"") : NULL;
    if (end == NULL || other == NULL)
        die("swapped", NULL);
    snprintf(other, size + 1, "%.*s%.*s,%.*s%s", (int)(one - text), text, (int)(end - two), two,
             (int)(two - 1 - one), one, end);
    refused_write("altered-order", other, strlen(other), CHECK_ENTRIES);
    free(other);
    free(text);
}

/* The checkpoint's signature, of which a bit is another. */
static void signature_write(void)
{
    size_t size;
    char *text = certificate_of("complete", &size), *at = strstr(text, "\",\"entries\":");

    if (at == NULL)
        die("signature", NULL);
    /* Twelve letters before the end: within the 64 bytes of the signature. */
    at -= 12;
    *at = *at == 'A' ? 'B' : 'A';
    refused_write("altered-signature", text, size, CHECK_CHECKPOINT);
    free(text);
}

/* ---- drawn ones ---- */

static void step_change(struct entry_step *step, struct random *random)
{
    static const char *const TARGETS[] = {"camera-3", "camera-1", "archivist", ""};

    switch (random_below(random, 7)) {
    case 0:
        if (!entry_step_living(step->step))
            step->step = (enum entry_step_word)random_below(random, ENTRY_STEP_WORDS);
        break;
    case 1:
        if (entry_step_living(step->step))
            step->step = random_below(random, 2) == 0 ? ENTRY_FOUND : ENTRY_DIED;
        break;
    case 2:
        step->target = TARGETS[random_below(random, 4)];
        break;
    case 3:
        step->value = (int64_t)random_below(random, 4);
        break;
    case 4:
        step->number += random_below(random, 2);
        break;
    case 5:
        step->pid += entry_step_living(step->step) ? (uint32_t)random_below(random, 2) : 0;
        break;
    default:
        step->time_ns += (time_ns)random_below(random, 1000);
        break;
    }
}

/* Some entries go, come twice, trade places, or say something else; numbers are put right or not.
 */
static void sample_change(struct random *random)
{
    uint64_t number = 0;

    for (uint64_t n = random_below(random, 4); n > 0 && sample.count > 4; n--) {
        uint32_t at = 2 + (uint32_t)random_below(random, sample.count - 3);
        struct entry *entry = &sample.entries[at], held = *entry;

        switch (random_below(random, 4)) {
        case 0:
            memmove(entry, entry + 1, (sample.count-- - at - 1) * sizeof *entry);
            break;
        case 1:
            memmove(entry + 1, entry, (sample.count++ - at) * sizeof *entry);
            break;
        case 2:
            *entry = entry[1];
            entry[1] = held;
            break;
        default:
            if (entry->kind == ENTRY_STEP)
                step_change(&entry->step, random);
            else if (entry->kind == ENTRY_WATCHED)
                entry->watched.from += (time_ns)random_below(random, 2);
            break;
        }
    }
    if (random_below(random, 4) == 0)
        return;
    for (uint32_t i = 0; i < sample.count; i++)
        if (sample.entries[i].kind == ENTRY_STEP)
            sample.entries[i].step.number = ++number;
}

static void drawn_write(uint32_t seed)
{
    const struct certificate_wanted wanted = {.epoch = STOP_SAMPLE_EPOCH};
    struct random random = random_make(seed, 0, 0, 0, STREAM_TEST, 0);
    struct stop_case about = STOP_CASES[random_below(&random, STOP_CASE_COUNT)];
    char name[64], file[80];
    struct verdict verdict;
    struct error error = {0};
    static char *text;
    size_t size;
    int code;

    snprintf(name, sizeof name, "drawn-%u", seed);
    about.name = name;
    about.forged = about.refused = false;
    about.namespace = NULL;
    about.stop_min = 0;
    stop_sample_make(&sample, &about);
    sample_change(&random);
    for (uint32_t i = 0; i < sample.count; i++)
        if (entry_write(&sample.entries[i], file, 0, NULL, &error) == ERROR_INPUT) {
            stop_sample_close(&sample); /* no entry: nobody could have written it */
            return;
        }
    ledger_written(&about);
    code = certificate_make(&view, &wanted, &text, &size, &error);
    if (code == ERROR_CORRUPT) {
        text = certificate_put_together(&size);
        refused_write(name, text, size, CHECK_ENTRIES);
    } else if (code < 0) {
        die(name, &error);
    } else if (verdict_derive(&verdict, &sample.arena, sample.entries, sample.count, &error) == 0) {
        snprintf(file, sizeof file, "%s.certificate", name);
        file_write(file, text, size);
        list_add(name, "log.key", "roster", verdict_word(verdict.value), "",
                 verdict.finding_count > 0 ? finding_word(verdict.findings[0].kind) : "");
        free(text);
    }
    stop_sample_close(&sample);
}

static void keys_write(void)
{
    static char roster[4 * FORGE_TEXT_BYTES], expired[8 * FORGE_TEXT_BYTES];
    char text[NOTE_KEY_TEXT];
    struct note_key key = the_key();
    unsigned char seed[32] = {1}, public[32], secret[64];
    char *at;

    note_key_write(&key, text);
    file_write("log.key", text, strlen(text));
    crypto_sign_seed_keypair(public, secret, seed);
    note_key_make(&key, STOP_SAMPLE_ORIGIN, NOTE_ED25519, public, NULL);
    note_key_write(&key, text);
    file_write("other.key", text, strlen(text));
    stop_sample_roster(roster, true);
    file_write("strangers", roster, strlen(roster));
    stop_sample_roster(roster, false);
    file_write("roster", roster, strlen(roster));
    at = strstr(roster, "namespaces");
    if (at == NULL)
        die("roster", NULL);
    snprintf(expired, sizeof expired, "%.*svalid-before=\"20260101Z\",%s", (int)(at - roster),
             roster, at);
    file_write("expired", expired, strlen(expired));
}

int main(int argc, char **argv)
{
    char path[PATH_BYTES];

    if (argc < 3 || argc > 4 || sodium_init() < 0)
        return 2;
    folder = argv[1];
    scratch = argv[2];
    snprintf(path, sizeof path, "%s/vectors.json", folder);
    list = fopen(path, "we");
    if (list == NULL)
        die(path, NULL);
    keys_write();
    if (argc == 4) {
        for (uint32_t i = 1; i <= strtoul(argv[3], NULL, 10); i++)
            drawn_write(i);
        fputs("\n]\n", list);
        return fclose(list) == 0 ? 0 : 1;
    }
    for (unsigned i = 0; i < STOP_CASE_COUNT; i++)
        case_write(&STOP_CASES[i]);
    for (unsigned i = 0; i < sizeof ALTERED / sizeof *ALTERED; i++)
        altered_write(&ALTERED[i]);
    cut_write("altered-step-gone", "{\"entry\":{\"entry\":\"step\"",
              "{\"entry\":{\"entry\":\"step\"", false, CHECK_SAYS);
    cut_write("altered-proof", "\"proof\":[", "]", true, CHECK_INCLUSION);
    swapped_write();
    signature_write();
    list_add("complete", "other.key", "roster", "", "checkpoint", "");
    list_add("complete", "log.key", "strangers", "", "authority", "unknown-key");
    list_add("complete", "log.key", "expired", "", "authority", "key-expired");
    fputs("\n]\n", list);
    return fclose(list) == 0 ? 0 : 1;
}
