/* A keyed permutation of the numbers below n; the twin, and where it comes from, is feedline.samplers.permutation. */
#ifndef FEEDLINE_PERMUTE_H
#define FEEDLINE_PERMUTE_H

#include <stddef.h>
#include <stdint.h>

/* What lies at `count` positions from 0 to n - 1, by a network of an even number of rounds; n is 1 to 2**63 - 1. */
void fl_permute(const int64_t *positions, ptrdiff_t count, int64_t n, const uint64_t *keys, int rounds, int64_t *out);

#endif
