/* See permute.h. */
#include "permute.h"

/* SplitMix64's mixer. */
static inline uint64_t mix(uint64_t word)
{
    word = (word ^ word >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ word >> 27) * UINT64_C(0x94D049BB133111EB);
    return word ^ word >> 31;
}

/* Of the numbers of `bits` bits, 2 to 63: halves take turns in changing each other. */
static inline uint64_t network(uint64_t value, int bits, const uint64_t *keys, int rounds)
{
    const int high = bits / 2, low = bits - high;
    uint64_t left = value >> low, right = value & ((UINT64_C(1) << low) - 1);
    for (int round = 0; round < rounds; round += 2) {
        left ^= mix(right ^ keys[round]) >> (64 - high);
        right ^= mix(left ^ keys[round + 1]) >> (64 - low);
    }
    return left << low | right;
}

static int bits_of(uint64_t number)
{
    int bits = 2;
    while (number >> bits != 0)
        bits++;
    return bits;
}

void fl_permute(const int64_t *positions, ptrdiff_t count, int64_t n, const uint64_t *keys, int rounds, int64_t *out)
{
    const int bits = bits_of((uint64_t)n - 1);
    for (ptrdiff_t place = 0; place < count; place++) /* all once, so that nothing waits for a guess of what follows */
        out[place] = (int64_t)network((uint64_t)positions[place], bits, keys, rounds);
    for (ptrdiff_t place = 0; place < count; place++)
        while (out[place] >= n) /* it comes back to the position itself at the latest */
            out[place] = (int64_t)network((uint64_t)out[place], bits, keys, rounds);
}
