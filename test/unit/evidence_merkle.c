/*
 * The goal: the tree is RFC 6962's, by the vectors that implementations of Certificate Transparency
 * share, and by a tree built from the RFC's recursive definition; every proof verifies, and no
 * altered one does. The limit: trees of up to some thousands of entries; of larger ones only what
 * needs no whole tree.
 */
#include <criterion/criterion.h>

#include "evidence/merkle.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* The tree of eight entries of google/certificate-transparency (merkle_tree_test.cc), carried on in
 * transparency-dev/merkle (proof/verify_test.go), under the Apache License 2.0. */
static const char *const ENTRIES[8] = {"",
                                       "00",
                                       "10",
                                       "2021",
                                       "3031",
                                       "40414243",
                                       "5051525354555657",
                                       "606162636465666768696a6b6c6d6e6f"};
static const char *const ROOTS[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

struct vector {
    uint64_t first, second;
    const char *proof[4];
};
static const struct vector INCLUSIONS[] = {
    {0, 1, {NULL}},
    {0,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {5,
     8,
     {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
    {1,
     5,
     {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}}};
static const struct vector CONSISTENCIES[] = {
    {1, 1, {NULL}},
    {1,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {6,
     8,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2,
     5,
     {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
    {6,
     7,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}}};

static struct merkle_hash hash_of(const char *hex)
{
    struct merkle_hash hash;
    size_t size;

    cr_assert_eq(sodium_hex2bin(hash.bytes, sizeof hash, hex, strlen(hex), NULL, &size, NULL), 0);
    cr_assert_eq(size, sizeof hash);
    return hash;
}

static bool same(const struct merkle_hash *one, const struct merkle_hash *other)
{
    return memcmp(one, other, sizeof *one) == 0;
}

/* MTH as the RFC defines it, recursively, over leaf hashes: what everything is compared with. */
static struct merkle_hash tree_hash(const struct merkle_hash *leaves, uint64_t count)
{
    struct merkle_hash left, right;
    uint64_t cut = 1;

    if (count == 0)
        return hash_of(ROOTS[0]);
    if (count == 1)
        return leaves[0];
    while (cut * 2 < count)
        cut *= 2;
    left = tree_hash(leaves, cut);
    right = tree_hash(leaves + cut, count - cut);
    merkle_node(&left, &right, &left);
    return left;
}

/* A source over leaf hashes in memory. */
static int leaves_give(void *context, unsigned level, uint64_t index, struct merkle_hash *hash,
                       struct error *error)
{
    const struct merkle_hash *leaves = context;

    (void)error;
    *hash = tree_hash(leaves + (index << level), UINT64_C(1) << level);
    return 0;
}

static void eight_leaves(struct merkle_hash leaves[8])
{
    for (int i = 0; i < 8; i++) {
        unsigned char bytes[16];
        size_t size;

        sodium_hex2bin(bytes, sizeof bytes, ENTRIES[i], strlen(ENTRIES[i]), NULL, &size, NULL);
        merkle_leaf(bytes, size, &leaves[i]);
    }
}

Test(merkle, published_roots)
{
    struct merkle_hash leaves[8], root;
    struct merkle_range range;

    eight_leaves(leaves);
    merkle_range_begin(&range);
    for (unsigned i = 0; i <= 8; i++) {
        struct merkle_hash wanted = hash_of(ROOTS[i]), built;

        merkle_range_root(&range, &root);
        cr_assert(same(&root, &wanted), "root of %u", i);
        cr_assert_eq(merkle_root(leaves_give, leaves, i, &built, NULL), 0);
        cr_assert(same(&built, &wanted));
        if (i < 8)
            cr_assert_eq(merkle_range_push(&range, 0, &leaves[i]), 0);
    }
}

static void proof_is(const struct merkle_proof *proof, const struct vector *vector)
{
    unsigned count = 0;

    for (; count < 4 && vector->proof[count] != NULL; count++) {
        struct merkle_hash wanted = hash_of(vector->proof[count]);

        cr_assert_lt(count, proof->count);
        cr_assert(same(&proof->hashes[count], &wanted), "hash %u", count);
    }
    cr_assert_eq(count, proof->count);
}

Test(merkle, published_proofs)
{
    struct merkle_hash leaves[8], root, before;
    struct merkle_proof proof;

    eight_leaves(leaves);
    for (size_t i = 0; i < sizeof INCLUSIONS / sizeof *INCLUSIONS; i++) {
        const struct vector *v = &INCLUSIONS[i];

        root = hash_of(ROOTS[v->second]);
        cr_assert_eq(merkle_inclusion(leaves_give, leaves, v->first, v->second, &proof, NULL), 0);
        proof_is(&proof, v);
        cr_assert_eq(
            merkle_inclusion_verify(v->first, v->second, &leaves[v->first], &proof, &root, NULL),
            0);
    }
    for (size_t i = 0; i < sizeof CONSISTENCIES / sizeof *CONSISTENCIES; i++) {
        const struct vector *v = &CONSISTENCIES[i];

        before = hash_of(ROOTS[v->first]);
        root = hash_of(ROOTS[v->second]);
        cr_assert_eq(merkle_consistency(leaves_give, leaves, v->first, v->second, &proof, NULL), 0);
        proof_is(&proof, v);
        cr_assert_eq(merkle_consistency_verify(v->first, &before, v->second, &root, &proof, NULL),
                     0);
    }
}

static void hashes_are(const struct merkle_proof *proof, const struct merkle_hash *const *wanted,
                       unsigned count)
{
    cr_assert_eq(proof->count, count);
    for (unsigned n = 0; n < count; n++)
        cr_assert(same(&proof->hashes[n], wanted[n]), "hash %u", n);
}

/* The example of RFC 6962, section 2.1.3: seven entries, and the names that it gives to the nodes.
 * g is over d0 and d1, h over d2 and d3, i over d4 and d5; j is d6; k is over g and h, l over i and
 * j. */
Test(merkle, example_of_the_rfc)
{
    struct merkle_hash d[7], g, h, i, k, l, root;
    struct merkle_proof proof;

    for (unsigned char n = 0; n < 7; n++)
        merkle_leaf(&n, 1, &d[n]);
    merkle_node(&d[0], &d[1], &g);
    merkle_node(&d[2], &d[3], &h);
    merkle_node(&d[4], &d[5], &i);
    merkle_node(&g, &h, &k);
    merkle_node(&i, &d[6], &l);
    merkle_node(&k, &l, &root);
    {
        /* "The audit path for d0 is [b, h, l]", for d3 [c, g, l], for d4 [f, j, k], for d6 [i, k].
         */
        const struct merkle_hash *const PATHS[4][3] = {
            {&d[1], &h, &l}, {&d[2], &g, &l}, {&d[5], &d[6], &k}, {&i, &k, NULL}};
        const uint64_t LEAVES[4] = {0, 3, 4, 6};

        for (unsigned n = 0; n < 4; n++) {
            cr_assert_eq(merkle_inclusion(leaves_give, d, LEAVES[n], 7, &proof, NULL), 0);
            hashes_are(&proof, PATHS[n], n == 3 ? 2 : 3);
            cr_assert_eq(merkle_inclusion_verify(LEAVES[n], 7, &d[LEAVES[n]], &proof, &root, NULL),
                         0);
        }
    }
    {
        /* PROOF(3, D[7]) = [c, d, g, l]; PROOF(4, D[7]) = [l]; PROOF(6, D[7]) = [i, j, k]. */
        const struct merkle_hash *const PROOFS[3][4] = {
            {&d[2], &d[3], &g, &l}, {&l}, {&i, &d[6], &k}};
        const uint64_t SIZES[3] = {3, 4, 6};
        const unsigned COUNTS[3] = {4, 1, 3};

        for (unsigned n = 0; n < 3; n++) {
            cr_assert_eq(merkle_consistency(leaves_give, d, SIZES[n], 7, &proof, NULL), 0);
            hashes_are(&proof, PROOFS[n], COUNTS[n]);
        }
    }
}

/* ---- random trees ---- */

#define LEAVES_MAX 3000
#define TREES 60

/* Deterministic: the seed of a failing tree is printed by its number. */
static uint64_t drawn;

static uint64_t draw(uint64_t below)
{
    drawn = drawn * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (drawn >> 33) % below;
}

static void leaves_draw(struct merkle_hash *leaves, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t entry[2] = {i, draw(UINT32_MAX)};

        merkle_leaf(entry, sizeof entry, &leaves[i]);
    }
}

static struct merkle_proof proof_with(const struct merkle_proof *proof, unsigned at,
                                      const struct merkle_hash *hash)
{
    struct merkle_proof other = *proof;

    memmove(&other.hashes[at + 1], &other.hashes[at], (proof->count - at) * sizeof *other.hashes);
    other.hashes[at] = *hash;
    other.count++;
    return other;
}

static struct merkle_proof proof_without(const struct merkle_proof *proof, unsigned at)
{
    struct merkle_proof other = *proof;

    other.count--;
    memmove(&other.hashes[at], &other.hashes[at + 1], (other.count - at) * sizeof *other.hashes);
    return other;
}

/* Every proof that differs from `proof` in one place; the next one for each `number`, until none.
 */
static bool proof_altered(const struct merkle_proof *proof, unsigned number,
                          const struct merkle_hash *stranger, struct merkle_proof *other)
{
    unsigned kind = number % 3, at = number / 3;

    if (at > proof->count || (at == proof->count && kind != 0))
        return false;
    *other = *proof;
    if (kind == 0)
        *other = proof_with(proof, at, stranger);
    else if (kind == 1)
        *other = proof_without(proof, at);
    else
        other->hashes[at].bytes[draw(MERKLE_HASH_BYTES)] ^= (unsigned char)(1u << draw(8));
    return true;
}

static void inclusion_checked(struct merkle_hash *leaves, uint64_t index, uint64_t size)
{
    const struct merkle_hash root = tree_hash(leaves, size), *leaf = &leaves[index];
    const uint64_t wrong[][2] = {{index - 1, size},
                                 {index + 1, size},
                                 {index ^ 2, size},
                                 {index, size * 2},
                                 {index, size / 2}};
    struct merkle_hash stranger = *leaf;
    struct merkle_proof proof, other;

    stranger.bytes[7] ^= 4;
    cr_assert_eq(merkle_inclusion(leaves_give, leaves, index, size, &proof, NULL), 0);
    cr_assert_eq(merkle_inclusion_verify(index, size, leaf, &proof, &root, NULL), 0,
                 "entry %" PRIu64 " of %" PRIu64, index, size);
    cr_assert_lt(merkle_inclusion_verify(index, size, &stranger, &proof, &root, NULL), 0);
    cr_assert_lt(merkle_inclusion_verify(index, size, leaf, &proof, &stranger, NULL), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_lt(merkle_inclusion_verify(wrong[i][0], wrong[i][1], leaf, &proof, &root, NULL),
                     0, "entry %" PRIu64 " of %" PRIu64 " as case %zu", index, size, i);
    for (unsigned n = 0; proof_altered(&proof, n, n % 2 ? &root : &stranger, &other); n++)
        cr_assert_lt(merkle_inclusion_verify(index, size, leaf, &other, &root, NULL), 0,
                     "entry %" PRIu64 " of %" PRIu64 ", alteration %u", index, size, n);
}

static void consistency_checked(struct merkle_hash *leaves, uint64_t before, uint64_t after)
{
    const struct merkle_hash old = tree_hash(leaves, before), new = tree_hash(leaves, after);
    const uint64_t wrong[][2] = {{before - 1, after},
                                 {before + 1, after},
                                 {before ^ 2, after},
                                 {before, after * 2},
                                 {before, after / 2}};
    struct merkle_hash stranger = new;
    struct merkle_proof proof, other;

    stranger.bytes[31] ^= 128;
    cr_assert_eq(merkle_consistency(leaves_give, leaves, before, after, &proof, NULL), 0);
    cr_assert_eq(merkle_consistency_verify(before, &old, after, &new, &proof, NULL), 0,
                 "%" PRIu64 " in %" PRIu64, before, after);
    cr_assert_lt(merkle_consistency_verify(before, &stranger, after, &new, &proof, NULL), 0);
    if (before == 0)
        return;
    cr_assert_lt(merkle_consistency_verify(before, &old, after, &stranger, &proof, NULL), 0);
    if (before == after)
        return;
    cr_assert_lt(merkle_consistency_verify(before, &new, after, &old, &proof, NULL), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_lt(merkle_consistency_verify(wrong[i][0], &old, wrong[i][1], &new, &proof, NULL),
                     0, "%" PRIu64 " in %" PRIu64 " as case %zu", before, after, i);
    for (unsigned n = 0; proof_altered(&proof, n, n % 2 ? &old : &stranger, &other); n++)
        cr_assert_lt(merkle_consistency_verify(before, &old, after, &new, &other, NULL), 0,
                     "%" PRIu64 " in %" PRIu64 ", alteration %u", before, after, n);
}

/* Small trees whole: every entry, and every pair of sizes. */
Test(merkle, all_small_trees)
{
    struct merkle_hash leaves[40];

    drawn = 1;
    leaves_draw(leaves, 40);
    for (uint64_t size = 1; size <= 40; size++) {
        for (uint64_t i = 0; i < size; i++)
            inclusion_checked(leaves, i, size);
        for (uint64_t before = 0; before <= size; before++)
            consistency_checked(leaves, before, size);
    }
}

Test(merkle, random_trees)
{
    struct merkle_hash *leaves = malloc(LEAVES_MAX * sizeof *leaves);

    drawn = 2;
    leaves_draw(leaves, LEAVES_MAX);
    for (int tree = 0; tree < TREES; tree++) {
        uint64_t size = 1 + draw(LEAVES_MAX);

        inclusion_checked(leaves, draw(size), size);
        inclusion_checked(leaves, size - 1, size);
        consistency_checked(leaves, draw(size + 1), size);
        consistency_checked(leaves, size & (~size + 1), size);
    }
    free(leaves);
}

/* A range is the same whatever subtrees it was put together from. */
Test(merkle, ranges_of_subtrees)
{
    struct merkle_hash leaves[700], root, wanted = {{0}};

    drawn = 3;
    leaves_draw(leaves, 700);
    for (int tree = 0; tree < TREES; tree++) {
        uint64_t size = draw(700);
        struct merkle_range range;

        merkle_range_begin(&range);
        while (range.size < size) {
            unsigned level = 0;

            while (draw(2) == 1 && (range.size & ((UINT64_C(2) << level) - 1)) == 0 &&
                   range.size + (UINT64_C(2) << level) <= size)
                level++;
            wanted = tree_hash(leaves + range.size, UINT64_C(1) << level);
            cr_assert_eq(merkle_range_push(&range, level, &wanted), 0);
        }
        merkle_range_root(&range, &root);
        wanted = tree_hash(leaves, size);
        cr_assert(same(&root, &wanted), "size %" PRIu64, size);
    }
}

/* ---- input that is wrong ---- */

static int nothing_gives(void *context, unsigned level, uint64_t index, struct merkle_hash *hash,
                         struct error *error)
{
    unsigned *calls = context;

    memset(hash, (int)(level + index), sizeof *hash);
    return --*calls == 0 ? error_set(error, ERROR_IO, "no disk") : 0;
}

Test(merkle, wrong_input)
{
    struct merkle_hash hash = {{0}};
    struct merkle_range range;
    struct merkle_proof proof = {.count = MERKLE_PROOF_MAX + 1};
    struct error error;
    unsigned calls = 3;

    merkle_range_begin(&range);
    cr_assert_eq(merkle_range_push(&range, MERKLE_LEVEL_MAX + 1, &hash), ERROR_LIMIT);
    cr_assert_eq(merkle_range_push(&range, MERKLE_LEVEL_MAX, &hash), 0);
    cr_assert_eq(merkle_range_push(&range, 0, &hash), ERROR_LIMIT);
    merkle_range_begin(&range);
    cr_assert_eq(merkle_range_push(&range, 0, &hash), 0);
    cr_assert_eq(merkle_range_push(&range, 1, &hash), ERROR_INPUT);
    cr_assert_eq(range.size, 1);

    cr_assert_lt(merkle_inclusion_verify(1, MERKLE_SIZE_MAX, &hash, &proof, &hash, &error), 0);
    cr_assert_lt(merkle_consistency_verify(1, &hash, MERKLE_SIZE_MAX, &hash, &proof, &error), 0);
    cr_assert_eq(merkle_inclusion(nothing_gives, &calls, 5, 5, &proof, &error), ERROR_INPUT);
    cr_assert_eq(merkle_inclusion(nothing_gives, &calls, 0, UINT64_MAX, &proof, &error),
                 ERROR_INPUT);
    cr_assert_eq(merkle_consistency(nothing_gives, &calls, 6, 5, &proof, &error), ERROR_INPUT);
    cr_assert_eq(merkle_root(nothing_gives, &calls, UINT64_MAX, &hash, &error), ERROR_INPUT);
    cr_assert_eq(calls, 3);
    cr_assert_eq(merkle_inclusion(nothing_gives, &calls, 1, 1000, &proof, &error), ERROR_IO);
    calls = 3;
    cr_assert_eq(merkle_consistency(nothing_gives, &calls, 500, 1000, &proof, &error), ERROR_IO);
}

/* The largest tree has the longest proofs, and they fit. */
Test(merkle, largest_tree)
{
    struct merkle_proof proof;
    unsigned calls = UINT32_MAX;

    cr_assert_eq(merkle_inclusion(nothing_gives, &calls, 12345, MERKLE_SIZE_MAX, &proof, NULL), 0);
    cr_assert_eq(proof.count, MERKLE_LEVEL_MAX);
    cr_assert_eq(merkle_consistency(nothing_gives, &calls, MERKLE_SIZE_MAX / 2 + 1, MERKLE_SIZE_MAX,
                                    &proof, NULL),
                 0);
    cr_assert_eq(proof.count, MERKLE_PROOF_MAX);
    cr_assert_eq(merkle_consistency(nothing_gives, &calls, 1, MERKLE_SIZE_MAX - 1, &proof, NULL),
                 0);
    cr_assert_leq(proof.count, MERKLE_PROOF_MAX);
}
