#include "scenario/authority.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/fields.h"
#include "scenario/file.h"
#include "scenario/reference.h"
#include "trace/record.h"

#define SECOND INT64_C(1000000000)
#define YEAR (365 * 86400 * SECOND)

struct spec_authority {
    const char *roster;
    uint32_t stop_min, permit_min;
    time_ns lifetime, ahead;
    bool pin;
    int scope;
};

static const struct field fields_authority[] = {
    PLAIN("roster", FIELD_TEXT, AT(spec_authority, roster), NULL,
          "The file of those who may sign, as ssh-keygen's allowed signers; beside this file where "
          "it does not begin with `/`. `--roster` goes before it."),
    COUNT("stop_min", AT(spec_authority, stop_min), 1, AUTHORITY_SIGNATURES_MAX, "1",
          "How many persons must sign to stop or to pause."),
    COUNT("permit_min", AT(spec_authority, permit_min), 0, AUTHORITY_SIGNATURES_MAX, "0",
          "How many must sign to let something run again; 0 is 2, and 1 where one key alone of the "
          "roster may sign orders."),
    TIME("lifetime", AT(spec_authority, lifetime), SECOND, YEAR, "24h",
         "The longest time from an order's `issued` to its `expires`."),
    TIME("ahead", AT(spec_authority, ahead), 0, 86400 * SECOND, "1min",
         "How far the clock of whoever writes an order may be ahead of the daemon's."),
    PLAIN("pin", FIELD_FLAG, AT(spec_authority, pin), "false",
          "Whether only security keys that have seen a PIN or a fingerprint may sign."),
    PLAIN("scope", FIELD_NODE, AT(spec_authority, scope), NULL,
          "Who may order what: a mapping of names, as the roster writes them, to `any` or to a "
          "list of targets: an agent's name, with `*` and `?`, or `group:NAME`. Where it is given, "
          "who is not named may nothing."),
    END_OF_FIELDS};
static const struct table table_authority = {
    .name = "an authority file", .doc = "Whose orders a daemon obeys.", .fields = fields_authority};

static int targets_read(struct reader *reader, int node, struct authority_scope *scope)
{
    const yaml_node_t *at = document_node(reader->document, node);
    const int *items = &node;
    const char **targets;
    uint32_t count = 1;

    if (at->type == YAML_SEQUENCE_NODE) {
        items = at->data.sequence.items.start;
        count = (uint32_t)(at->data.sequence.items.top - items);
    }
    if (at->type == YAML_MAPPING_NODE || count == 0 || count > AUTHORITY_TARGETS_MAX)
        return refuse(reader, node, "scope: `any`, or a list of 1 to %d targets should stand here",
                      AUTHORITY_TARGETS_MAX);
    targets = arena_take_array(reader->arena, count, sizeof *targets);
    if (targets == NULL)
        return reader_memory(reader);
    for (uint32_t i = 0; i < count; i++) {
        const char *text = document_text(reader->document, items[i]);

        if (text == NULL || text[0] == '\0')
            return refuse(reader, items[i], "scope: a target should stand here, not %s",
                          text == NULL ? document_kind(reader->document, items[i]) : "nothing");
        targets[i] = arena_text(reader->arena, text, strlen(text));
        if (targets[i] == NULL)
            return reader_memory(reader);
    }
    scope->targets = targets;
    scope->target_count = count;
    return 0;
}

static int scopes_read(struct reader *reader, int node, struct authority_rules *rules)
{
    const yaml_node_t *at = node != 0 ? document_node(reader->document, node) : NULL;
    const yaml_node_pair_t *pairs;
    struct authority_scope *scopes;
    uint32_t count;

    if (at == NULL)
        return 0;
    if (at->type != YAML_MAPPING_NODE)
        return refuse(reader, node, "scope: a mapping of names should stand here, not %s",
                      document_kind(reader->document, node));
    pairs = at->data.mapping.pairs.start;
    count = (uint32_t)(at->data.mapping.pairs.top - pairs);
    if (count == 0 || count > AUTHORITY_SCOPES_MAX)
        return refuse(reader, node, "scope: 1 to %d names; leave it out to let everybody stop all",
                      AUTHORITY_SCOPES_MAX);
    scopes = arena_take_array(reader->arena, count, sizeof *scopes);
    if (scopes == NULL)
        return reader_memory(reader);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = document_text(reader->document, pairs[i].key);
        int failed;

        if (name == NULL)
            return refuse(reader, pairs[i].key, "scope: a name should stand here, not %s",
                          document_kind(reader->document, pairs[i].key));
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(scopes[j].name, name) == 0)
                return refuse(reader, pairs[i].key, "scope: `%.60s` stands here twice", name);
        scopes[i].name = arena_text(reader->arena, name, strlen(name));
        if (scopes[i].name == NULL)
            return reader_memory(reader);
        failed = targets_read(reader, pairs[i].value, &scopes[i]);
        if (failed != 0)
            return failed;
    }
    rules->scopes = scopes;
    rules->scope_count = count;
    return 0;
}

/* Where the roster stands: a relative path is meant from the configuration's own folder. */
static const char *path_beside(struct arena *arena, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash != NULL && name[0] != '/' ? (size_t)(slash - path) + 1 : 0;
    char text[4096];

    if ((size_t)snprintf(text, sizeof text, "%.*s%s", (int)folder, path, name) >= sizeof text)
        return NULL;
    return arena_text(arena, text, strlen(text));
}

static int spec_take(struct reader *reader, const struct spec_authority *spec, const char *path,
                     struct authority_rules *rules, const char **roster)
{
    rules->stop_min = spec->stop_min;
    rules->permit_min = spec->permit_min;
    rules->lifetime_s_max = spec->lifetime / SECOND;
    rules->ahead_s_max = spec->ahead / SECOND;
    rules->pin_required = spec->pin;
    if (*roster == NULL && spec->roster != NULL) {
        *roster = path_beside(reader->arena, path, spec->roster);
        if (*roster == NULL)
            return error_set(reader->error, ERROR_LIMIT, "%.300s: the roster's path is too long",
                             path);
    }
    return scopes_read(reader, spec->scope, rules);
}

static int configuration_read(struct authority_file *file, const char *path, const char **roster,
                              struct error *error)
{
    struct spec_authority spec = {0};
    struct document document = {0};
    struct reader reader = {.document = &document, .arena = &file->arena, .error = error};
    char *bytes = NULL;
    size_t size = 0;
    int failed = file_load(path, &bytes, &size, error);

    if (failed == 0)
        failed = document_load(&document, path, bytes, size, error);
    if (failed == 0) {
        failed = reader_table(&reader, &table_authority, document_root(&document), &spec, true);
        if (failed == 0)
            failed = spec_take(&reader, &spec, path, &file->rules, roster);
        document_close(&document);
    }
    free(bytes);
    return failed;
}

static int roster_load(struct authority_file *file, const char *path, struct error *error)
{
    char *bytes = NULL;
    size_t size = 0;
    int failed = file_load(path, &bytes, &size, error);

    if (failed == 0 && size > ROSTER_BYTES_MAX)
        failed = error_set(error, ERROR_INPUT, "%.300s: a roster has at most %d bytes", path,
                           ROSTER_BYTES_MAX);
    if (failed == 0)
        failed = roster_parse(&file->roster, bytes, size, path, error);
    if (failed == 0)
        crypto_hash_sha256(file->roster_digest, (const unsigned char *)bytes, size);
    free(bytes);
    return failed;
}

int authority_file_open(struct authority_file *file, const char *path, const char *roster_path,
                        struct error *error)
{
    const char *roster = roster_path;
    int failed = 0;

    *file = (struct authority_file){.rules = AUTHORITY_DEFAULTS};
    if (path != NULL)
        failed = configuration_read(file, path, &roster, error);
    if (failed == 0 && roster == NULL)
        failed = error_set(error, ERROR_INPUT,
                           "%.300s: `roster`, the file of those who may sign, is missing; or give "
                           "it by --roster",
                           path != NULL ? path : "authority");
    if (failed == 0)
        failed = roster_load(file, roster, error);
    if (failed == 0) {
        failed = authority_check(&file->rules, &file->roster, error);
        if (failed != 0 && path != NULL)
            error_context(error, "%.300s", path);
        if (failed != 0)
            roster_close(&file->roster);
    }
    if (failed != 0)
        arena_close(&file->arena);
    return failed;
}

void authority_file_close(struct authority_file *file)
{
    roster_close(&file->roster);
    arena_close(&file->arena);
}

void authority_reference(FILE *out)
{
    static const struct table *const tables[] = {&table_authority, NULL};

    fputs("# The authority file\n\n"
          "Whose orders a daemon obeys: `iolaus up --authority FILE`. YAML, read as strictly as "
          "scenarios\n([what is refused](scenario.md)). This page is written by `scripts/reference`"
          " from the table that reads it.\n\n"
          "```yaml\nroster: roster\nstop_min: 1\npermit_min: 2\n"
          "scope: {alice: [camera-*, 'group:cameras'], bob: any}\n```\n",
          out);
    reference_tables(out, tables);
}
