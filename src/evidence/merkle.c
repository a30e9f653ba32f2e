#include "evidence/merkle.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

static const unsigned char LEAF = 0x00, NODE = 0x01;

void merkle_leaf(const void *entry, size_t size, struct merkle_hash *hash)
{
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &LEAF, 1);
    crypto_hash_sha256_update(&state, entry, size);
    crypto_hash_sha256_final(&state, hash->bytes);
}

void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
                 struct merkle_hash *hash)
{
    unsigned char bytes[1 + 2 * MERKLE_HASH_BYTES];

    bytes[0] = NODE;
    memcpy(bytes + 1, left->bytes, MERKLE_HASH_BYTES);
    memcpy(bytes + 1 + MERKLE_HASH_BYTES, right->bytes, MERKLE_HASH_BYTES);
    crypto_hash_sha256(hash->bytes, bytes, sizeof bytes);
}

static bool hash_equal(const struct merkle_hash *one, const struct merkle_hash *other)
{
    return memcmp(one->bytes, other->bytes, MERKLE_HASH_BYTES) == 0;
}

void merkle_range_begin(struct merkle_range *range)
{
    range->size = 0;
}

int merkle_range_push(struct merkle_range *range, unsigned level, const struct merkle_hash *hash)
{
    unsigned count = (unsigned)__builtin_popcountll(range->size);
    struct merkle_hash node = *hash;

    if (level > MERKLE_LEVEL_MAX || range->size > MERKLE_SIZE_MAX - (UINT64_C(1) << level))
        return ERROR_LIMIT;
    if ((range->size & ((UINT64_C(1) << level) - 1)) != 0)
        return ERROR_INPUT;
    /* As in counting: where two subtrees of one height stand side by side, they become one. */
    for (unsigned up = level; (range->size >> up & 1) != 0; up++)
        merkle_node(&range->nodes[--count], &node, &node);
    range->nodes[count] = node;
    range->size += UINT64_C(1) << level;
    return 0;
}

void merkle_range_root(const struct merkle_range *range, struct merkle_hash *root)
{
    unsigned count = (unsigned)__builtin_popcountll(range->size);

    if (count == 0) {
        crypto_hash_sha256(root->bytes, NULL, 0);
        return;
    }
    *root = range->nodes[--count];
    while (count > 0)
        merkle_node(&range->nodes[--count], root, root);
}

/* MTH(D[low:high]), where 2^level divides `low` for every bit of high - low: so it is wherever the
 * RFC cuts a tree in two. */
static int span_root(merkle_source source, void *context, uint64_t low, uint64_t high,
                     struct merkle_hash *root, struct error *error)
{
    struct merkle_range range;
    struct merkle_hash hash;

    merkle_range_begin(&range);
    for (unsigned level = MERKLE_LEVEL_MAX + 1; level-- > 0;) {
        int code;

        if (((high - low) >> level & 1) == 0)
            continue;
        code = source(context, level, (low + range.size) >> level, &hash, error);
        if (code < 0)
            return code;
        merkle_range_push(&range, level, &hash);
    }
    merkle_range_root(&range, root);
    return 0;
}

int merkle_root(merkle_source source, void *context, uint64_t size, struct merkle_hash *root,
                struct error *error)
{
    if (size > MERKLE_SIZE_MAX)
        return error_set(error, ERROR_INPUT, "a tree of %" PRIu64 " entries is too large", size);
    return span_root(source, context, 0, size, root, error);
}

/* The largest power of two smaller than `size`, which is at least 2: where the RFC cuts. */
static uint64_t cut_of(uint64_t size)
{
    return UINT64_C(1) << (63 - __builtin_clzll(size - 1));
}

/* Proofs are made from the root down, and told from the leaf up. */
static void proof_reverse(struct merkle_proof *proof)
{
    for (unsigned i = 0; i < proof->count / 2; i++) {
        struct merkle_hash hash = proof->hashes[i];

        proof->hashes[i] = proof->hashes[proof->count - 1 - i];
        proof->hashes[proof->count - 1 - i] = hash;
    }
}

static int proof_add(struct merkle_proof *proof, merkle_source source, void *context, uint64_t low,
                     uint64_t high, struct error *error)
{
    return span_root(source, context, low, high, &proof->hashes[proof->count++], error);
}

/* "PATH(m, D[n]) = PATH(m, D[0:k]) : MTH(D[k:n]) for m < k;
 *  PATH(m, D[n]) = PATH(m - k, D[k:n]) : MTH(D[0:k]) for m >= k" (RFC 6962, 2.1.1) */
int merkle_inclusion(merkle_source source, void *context, uint64_t index, uint64_t size,
                     struct merkle_proof *proof, struct error *error)
{
    uint64_t low = 0, high = size;

    proof->count = 0;
    if (size > MERKLE_SIZE_MAX || index >= size)
        return error_set(error, ERROR_INPUT,
                         "there is no entry %" PRIu64 " in a tree of %" PRIu64 " entries", index,
                         size);
    while (high - low > 1) {
        uint64_t cut = low + cut_of(high - low);
        int code;

        if (index < cut) {
            code = proof_add(proof, source, context, cut, high, error);
            high = cut;
        } else {
            code = proof_add(proof, source, context, low, cut, error);
            low = cut;
        }
        if (code < 0)
            return code;
    }
    proof_reverse(proof);
    return 0;
}

/* "SUBPROOF(m, D[m], true) = {}; SUBPROOF(m, D[m], false) = {MTH(D[m])};
 *  m <= k: SUBPROOF(m, D[0:k], b) : MTH(D[k:n]);
 *  m > k: SUBPROOF(m - k, D[k:n], false) : MTH(D[0:k])" (RFC 6962, 2.1.2) */
int merkle_consistency(merkle_source source, void *context, uint64_t before, uint64_t after,
                       struct merkle_proof *proof, struct error *error)
{
    uint64_t low = 0, high = after;
    int code = 0;

    proof->count = 0;
    if (after > MERKLE_SIZE_MAX || before > after)
        return error_set(error, ERROR_INPUT,
                         "a tree of %" PRIu64 " entries does not begin with one of %" PRIu64, after,
                         before);
    if (before == 0)
        return 0;
    while (code == 0 && before < high) {
        uint64_t cut = low + cut_of(high - low);

        if (before <= cut) {
            code = proof_add(proof, source, context, cut, high, error);
            high = cut;
        } else {
            code = proof_add(proof, source, context, low, cut, error);
            low = cut;
        }
    }
    /* Without a step to the right the subtree that is left is the whole tree of before. */
    if (code == 0 && low != 0)
        code = proof_add(proof, source, context, low, high, error);
    proof_reverse(proof);
    return code;
}

/* RFC 9162, 2.1.3.2: fn is the node's index at the level reached, sn that of the last node. */
int merkle_inclusion_verify(uint64_t index, uint64_t size, const struct merkle_hash *leaf,
                            const struct merkle_proof *proof, const struct merkle_hash *root,
                            struct error *error)
{
    uint64_t fn = index, sn = size - 1;
    struct merkle_hash r = *leaf;

    if (index >= size || size > MERKLE_SIZE_MAX)
        return error_set(error, ERROR_AUDIT,
                         "there is no entry %" PRIu64 " in a tree of %" PRIu64 " entries", index,
                         size);
    for (unsigned i = 0; i < proof->count && i < MERKLE_PROOF_MAX; i++) {
        if (sn == 0)
            return error_set(error, ERROR_AUDIT, "the proof of inclusion is too long");
        if ((fn & 1) != 0 || fn == sn) {
            merkle_node(&proof->hashes[i], &r, &r);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            merkle_node(&r, &proof->hashes[i], &r);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn != 0 || proof->count > MERKLE_PROOF_MAX)
        return error_set(error, ERROR_AUDIT, "the proof of inclusion has the wrong length");
    if (!hash_equal(&r, root))
        return error_set(error, ERROR_AUDIT, "the proof of inclusion leads to another root");
    return 0;
}

/* What needs no hashing: equal sizes, and the empty tree. Returns 1 if neither is the case. */
static int consistency_plain(uint64_t before, const struct merkle_hash *root_before, uint64_t after,
                             const struct merkle_hash *root_after, const struct merkle_proof *proof,
                             struct error *error)
{
    struct merkle_range nothing;
    struct merkle_hash empty;

    if (before > after || after > MERKLE_SIZE_MAX || proof->count > MERKLE_PROOF_MAX)
        return error_set(error, ERROR_AUDIT,
                         "a tree of %" PRIu64 " entries does not begin with one of %" PRIu64, after,
                         before);
    if (before != 0 && before != after)
        return proof->count > 0
                   ? 1
                   : error_set(error, ERROR_AUDIT, "the proof of consistency is empty");
    if (proof->count > 0)
        return error_set(error, ERROR_AUDIT, "the proof of consistency should be empty");
    merkle_range_begin(&nothing);
    merkle_range_root(&nothing, &empty);
    if (before == 0 && !hash_equal(root_before, &empty))
        return error_set(error, ERROR_AUDIT, "that is not the root of an empty tree");
    if (before == after && !hash_equal(root_before, root_after))
        return error_set(error, ERROR_AUDIT, "two trees of %" PRIu64 " entries have other roots",
                         after);
    return 0;
}

/* RFC 9162, 2.1.4.2. */
int merkle_consistency_verify(uint64_t before, const struct merkle_hash *root_before,
                              uint64_t after, const struct merkle_hash *root_after,
                              const struct merkle_proof *proof, struct error *error)
{
    uint64_t fn = before - 1, sn = after - 1;
    struct merkle_hash fr, sr;
    unsigned i = 0;
    int code = consistency_plain(before, root_before, after, root_after, proof, error);

    if (code <= 0)
        return code;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    /* "If first is an exact power of 2, then prepend first_hash to the consistency_path array." */
    fr = (before & (before - 1)) == 0 ? *root_before : proof->hashes[i++];
    sr = fr;
    for (; i < proof->count; i++) {
        const struct merkle_hash *c = &proof->hashes[i];

        if (sn == 0)
            return error_set(error, ERROR_AUDIT, "the proof of consistency is too long");
        if ((fn & 1) != 0 || fn == sn) {
            merkle_node(c, &fr, &fr);
            merkle_node(c, &sr, &sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            merkle_node(&sr, c, &sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn != 0)
        return error_set(error, ERROR_AUDIT, "the proof of consistency has the wrong length");
    if (!hash_equal(&fr, root_before) || !hash_equal(&sr, root_after))
        return error_set(error, ERROR_AUDIT, "the proof of consistency leads to other roots");
    return 0;
}
