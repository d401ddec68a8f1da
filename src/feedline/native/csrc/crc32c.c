/* See crc32c.h. All numbers are reflected: the lowest bit is the highest power. */
#include "crc32c.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

#define POLYNOMIAL UINT32_C(0x82F63B78)
enum { SLICES = 8 };

static uint32_t table[SLICES][256]; /* of a byte, and of that byte and 1 to 7 zeros behind it */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill_table(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t rest = byte;
        for (int bit = 0; bit < 8; bit++)
            rest = rest >> 1 ^ (rest & 1 ? POLYNOMIAL : 0);
        table[0][byte] = rest;
    }
    for (int slice = 1; slice < SLICES; slice++)
        for (int byte = 0; byte < 256; byte++)
            table[slice][byte] = table[slice - 1][byte] >> 8 ^ table[0][table[slice - 1][byte] & 255];
}

static uint32_t plain(uint32_t value, const uint8_t *data, size_t size)
{
    uint32_t rest = ~value;
    pthread_once(&once, fill_table);
    for (; size >= SLICES; size -= SLICES, data += SLICES)
        rest = table[7][(rest ^ data[0]) & 255] ^ table[6][(rest >> 8 ^ data[1]) & 255] ^
               table[5][(rest >> 16 ^ data[2]) & 255] ^ table[4][rest >> 24 ^ data[3]] ^ table[3][data[4]] ^
               table[2][data[5]] ^ table[1][data[6]] ^ table[0][data[7]];
    while (size-- > 0)
        rest = rest >> 8 ^ table[0][(rest ^ *data++) & 255];
    return ~rest;
}

#if defined(__x86_64__) || defined(__ARM_FEATURE_CRC32)
static inline uint64_t word_at(const uint8_t *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}
#endif

#if defined(__x86_64__)
enum { LANE = 256 };                           /* bytes: of 28 x 28, three lanes leave 16 */
#define OVER_ONE_LANE UINT32_C(0xB9E02B86)     /* x ** (8 * LANE - 33) modulo the polynomial */
#define OVER_TWO_LANES UINT32_C(0xDD7E3B0C)    /* x ** (16 * LANE - 33) */
#define FOR_SSE42 __attribute__((target("sse4.2,pclmul")))

/* A remainder times a power of x; reflected, the product is one bit short, and the CRC of 64 bits shifts by 32. */
FOR_SSE42 static inline __m128i times(uint64_t rest, uint32_t power)
{
    return _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)rest), _mm_cvtsi32_si128((int)power), 0);
}

/* Three lanes at once, for the instruction takes three cycles and can begin in each of them. */
FOR_SSE42 static uint64_t three_lanes(uint64_t rest, const uint8_t *data)
{
    uint64_t second = 0, third = 0;
    for (int at = 0; at < LANE; at += 8) {
        rest = _mm_crc32_u64(rest, word_at(data + at));
        second = _mm_crc32_u64(second, word_at(data + LANE + at));
        third = _mm_crc32_u64(third, word_at(data + 2 * LANE + at));
    }
    const __m128i ahead = _mm_xor_si128(times(rest, OVER_TWO_LANES), times(second, OVER_ONE_LANE));
    return third ^ _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(ahead));
}

FOR_SSE42 static uint32_t sse42(uint32_t value, const uint8_t *data, size_t size)
{
    uint64_t rest = ~value;
    for (; size >= 3 * LANE; size -= 3 * LANE, data += 3 * LANE)
        rest = three_lanes(rest, data);
    for (; size >= 8; size -= 8, data += 8)
        rest = _mm_crc32_u64(rest, word_at(data));
    while (size-- > 0)
        rest = _mm_crc32_u8((uint32_t)rest, *data++);
    return ~(uint32_t)rest;
}
#elif defined(__ARM_FEATURE_CRC32)
static uint32_t arm(uint32_t value, const uint8_t *data, size_t size)
{
    uint32_t rest = ~value;
    for (; size >= 8; size -= 8, data += 8)
        rest = __crc32cd(rest, word_at(data));
    while (size-- > 0)
        rest = __crc32cb(rest, *data++);
    return ~rest;
}
#endif

static const char *const names[] = {
#if defined(__x86_64__)
    "sse4.2",
#elif defined(__ARM_FEATURE_CRC32)
    "arm",
#endif
    "plain", NULL,
};

static fl_crc32c_way *const ways[] = {
#if defined(__x86_64__)
    sse42,
#elif defined(__ARM_FEATURE_CRC32)
    arm,
#endif
    plain,
};

/* How many of the ways this processor has no instructions for. */
static int skipped(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    return !__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("pclmul");
#else
    return 0;
#endif
}

const char *const *fl_crc32c_names(void)
{
    return names + skipped();
}

fl_crc32c_way *fl_crc32c_named(const char *name)
{
    for (int way = skipped(); names[way] != NULL; way++)
        if (strcmp(names[way], name) == 0)
            return ways[way];
    return NULL;
}

fl_crc32c_way *fl_crc32c_here(void)
{
    static _Atomic(fl_crc32c_way *) best;
    fl_crc32c_way *found = atomic_load_explicit(&best, memory_order_relaxed);
    if (found == NULL)
        atomic_store_explicit(&best, found = ways[skipped()], memory_order_relaxed);
    return found;
}
