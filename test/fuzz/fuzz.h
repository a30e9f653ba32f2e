/* The readers of untrusted files and messages, each as a function of any bytes. */
#ifndef IOLAUS_TEST_FUZZ_H
#define IOLAUS_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * X(name, reads): fuzz_NAME gives 1 where the bytes were taken and 0 where they were refused, and
 * ends the process where something is wrong. Its seeds stand in corpus/NAME, its words in
 * dictionary/NAME. The names stand in meson.build too.
 */
#define FUZZ_TARGETS(X)                                                                            \
    X(order, "an order")                                                                           \
    X(sshsig, "a signature's envelope")                                                            \
    X(sshsig_blob, "what a signature's envelope holds")                                            \
    X(roster, "a roster")                                                                          \
    X(note, "a signed note, a checkpoint, a verifier key")                                         \
    X(note_text, "the text of a note, signed by a known key")                                      \
    X(ledger_entry, "an entry of a range's ledger")                                                \
    X(trace, "a trace file, also with checksums made right")                                       \
    X(trace_tools, "records, by all that is asked of a trace")                                     \
    X(scenario, "a scenario file")                                                                 \
    X(study, "a study file")                                                                       \
    X(rpc, "an agent's request, and what the platform delivers")                                   \
    X(link, "a message on a link")

#define X(name, reads) int fuzz_##name(const uint8_t *data, size_t size);
FUZZ_TARGETS(X)
#undef X

/* ---- what several of them need ---- */

/* The bytes as a file without a name: a path that can be opened, which lasts until the next call
 * with this `place` (0 or 1). */
const char *fuzz_file(unsigned place, const uint8_t *data, size_t size);

/* Whether a message begins with PATH:LINE:COLUMN, a line that the bytes have. */
int fuzz_placed(const char *message, const char *path, const uint8_t *data, size_t size);

/* Whether every whole number in the text is at most `most`, but for durations, sizes and parts of
 * fractions: a scenario may ask for a hundred million agents, and rightly takes as long. */
int fuzz_modest(const uint8_t *data, size_t size, unsigned most);

/* Where tools write that nobody reads; static. */
FILE *fuzz_nowhere(void);

/* The bytes of a trace with its lengths, checksums and end mark made right, so that what lies below
 * them is reached: malloc'ed, of `size` bytes, which is changed. */
unsigned char *fuzz_trace_mend(const uint8_t *data, size_t *size);

#endif
