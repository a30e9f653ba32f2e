/*
 * The Merkle tree of RFC 6962, section 2.1 (the same as in RFC 9162, section 2.1): SHA-256, a zero
 * byte before an entry, a one byte before two children.
 *
 *     struct merkle_range range;
 *     merkle_range_begin(&range);
 *     merkle_leaf(entry, size, &hash);
 *     merkle_range_push(&range, 0, &hash);         one entry more
 *     merkle_range_root(&range, &root);            the root of what was pushed so far
 *
 * A range keeps one hash for each bit of its size, and no more: a tree of 2^40 entries takes
 * 1.3 kB. Proofs are made from the hashes of complete subtrees, which the caller gives through a
 * callback (from tiles, or from memory), and are checked with the algorithms of RFC 9162,
 * sections 2.1.3.2 and 2.1.4.2, which share no code with those that make them.
 *
 * Nothing here allocates, keeps anything, or does input and output; sizes go up to
 * MERKLE_SIZE_MAX, and wrong sizes, indexes or proofs give an error, never an assertion.
 */
#ifndef IOLAUS_EVIDENCE_MERKLE_H
#define IOLAUS_EVIDENCE_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MERKLE_HASH_BYTES 32
#define MERKLE_LEVEL_MAX 40
#define MERKLE_SIZE_MAX (UINT64_C(1) << MERKLE_LEVEL_MAX) /* entries */
/* A proof of inclusion has at most 40 hashes, one of consistency at most 41. */
#define MERKLE_PROOF_MAX (MERKLE_LEVEL_MAX + 1)

struct merkle_hash {
    unsigned char bytes[MERKLE_HASH_BYTES];
};

/* MTH({entry}): the hash of one entry of `size` bytes. */
void merkle_leaf(const void *entry, size_t size, struct merkle_hash *hash);
/* The hash of an inner node. `hash` may be one of the children. */
void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
                 struct merkle_hash *hash);

/* The compact range [0, size): the roots of its complete subtrees, the largest first. */
struct merkle_range {
    uint64_t size; /* entries */
    struct merkle_hash nodes[MERKLE_LEVEL_MAX + 1];
};

void merkle_range_begin(struct merkle_range *range);
/* Appends a complete subtree of 2^level entries. ERROR_INPUT if the size is no multiple of
 * 2^level, ERROR_LIMIT if it would pass MERKLE_SIZE_MAX; the range is unchanged then. */
int merkle_range_push(struct merkle_range *range, unsigned level, const struct merkle_hash *hash);
/* MTH of everything pushed; SHA-256 of nothing for an empty range. */
void merkle_range_root(const struct merkle_range *range, struct merkle_hash *root);

/* Gives the hash of the complete subtree of the entries [index * 2^level, (index + 1) * 2^level).
 * Returns 0, or a negative error code, which ends the making of the proof. */
typedef int (*merkle_source)(void *context, unsigned level, uint64_t index,
                             struct merkle_hash *hash, struct error *error);

/* The root of the first `size` entries, from subtrees. */
int merkle_root(merkle_source source, void *context, uint64_t size, struct merkle_hash *root,
                struct error *error);

struct merkle_proof {
    unsigned count;
    struct merkle_hash hashes[MERKLE_PROOF_MAX]; /* in the order of the RFC: from the leaf up */
};

/* PATH(index, D[size]): that the entry `index` is in the tree of `size` entries. ERROR_INPUT if
 * index >= size or size > MERKLE_SIZE_MAX, otherwise what the source gives. */
int merkle_inclusion(merkle_source source, void *context, uint64_t index, uint64_t size,
                     struct merkle_proof *proof, struct error *error);
/* PROOF(before, D[after]): that the tree of `after` entries begins with that of `before`. Empty
 * for before = 0 and for before = after. ERROR_INPUT if before > after. */
int merkle_consistency(merkle_source source, void *context, uint64_t before, uint64_t after,
                       struct merkle_proof *proof, struct error *error);

/* Both return 0, or ERROR_AUDIT with the reason. `leaf` is the entry's merkle_leaf. A tree of no
 * entries has one root, SHA-256 of nothing, and is consistent with every other by an empty proof
 * (the RFC leaves it out). */
int merkle_inclusion_verify(uint64_t index, uint64_t size, const struct merkle_hash *leaf,
                            const struct merkle_proof *proof, const struct merkle_hash *root,
                            struct error *error);
int merkle_consistency_verify(uint64_t before, const struct merkle_hash *root_before,
                              uint64_t after, const struct merkle_hash *root_after,
                              const struct merkle_proof *proof, struct error *error);

#endif
