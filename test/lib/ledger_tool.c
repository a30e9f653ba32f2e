/*
 * A ledger for the end-to-end test, which has no C of its own:
 *
 *     ledger-tool create FOLDER ORIGIN KEY          makes it
 *     ledger-tool append FOLDER KEY BATCH           each line of standard input is an entry; in
 *                                                   batches of so many; published at the end
 *     ledger-tool inclusion FOLDER INDEX SIZE       the proof, a hash on a line, base64
 *     ledger-tool consistency FOLDER BEFORE AFTER
 */
#include "evidence/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error error;

static int append(const char *folder, const char *key, size_t batch)
{
    static char lines[LEDGER_BATCH_MAX][1024];
    struct ledger_entry entries[LEDGER_BATCH_MAX];
    struct ledger *ledger;
    size_t count = 0;
    int code = ledger_open(&ledger, folder, key, NULL, &error);

    while (code == 0) {
        bool more = fgets(lines[count], sizeof lines[0], stdin) != NULL;

        if (more) {
            entries[count] = (struct ledger_entry){lines[count], strcspn(lines[count], "\n")};
            count++;
        }
        if (count == batch || (!more && count > 0)) {
            code = ledger_append(ledger, entries, count, NULL, &error);
            count = 0;
        }
        if (!more)
            break;
    }
    if (ledger != NULL && code == 0)
        return ledger_close(ledger, &error);
    ledger_abandon(ledger);
    return code;
}

static int prove(const char *what, const char *folder, uint64_t one, uint64_t other)
{
    static struct ledger_view view;
    struct merkle_proof proof = {0};
    struct note_key key;
    int code = ledger_view_key(folder, &key, &error);

    if (code == 0)
        code = ledger_view_open(&view, folder, &key, &error);
    if (code == 0)
        code = strcmp(what, "inclusion") == 0
                   ? ledger_view_inclusion(&view, one, other, &proof, &error)
                   : ledger_view_consistency(&view, one, other, &proof, &error);
    for (unsigned i = 0; code == 0 && i < proof.count; i++) {
        char text[BASE64_TEXT(MERKLE_HASH_BYTES)];

        base64_write(proof.hashes[i].bytes, MERKLE_HASH_BYTES, text);
        puts(text);
    }
    return code;
}

int main(int argc, char **argv)
{
    int code;

    if (argc != 5)
        return 2;
    if (strcmp(argv[1], "create") == 0)
        code = ledger_create(argv[2], argv[3], argv[4], &error);
    else if (strcmp(argv[1], "append") == 0)
        code = append(argv[2], argv[3], strtoul(argv[4], NULL, 10));
    else
        code = prove(argv[1], argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    if (code < 0)
        fprintf(stderr, "%s\n", error.message);
    return error_exit_status(code);
}
