/* Resampling with AVX2: as with SSE2, two pixels to a register, and taps brought together by one shuffle. */
#include "simd.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))
#define INLINE static inline __attribute__((always_inline, target("avx2")))

enum { BYTES = 32, PIXELS = 8 };

INLINE __m256i pair(const int16_t *weight)
{
    int32_t both;
    memcpy(&both, weight, sizeof both);
    return _mm256_set1_epi32(both);
}

INLINE __m256i load(const uint8_t *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

/* 16 bytes each of two places as one register. */
INLINE __m256i load_two(const void *one, const void *other)
{
    __m256i low = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)one));
    return _mm256_inserti128_si256(low, _mm_loadu_si128((const __m128i *)other), 1);
}

/* 32 bytes of the sums of rows, from the byte `at` on. */
INLINE __m256i down_32(const uint8_t *const *rows, const int16_t *weight, int taps, int at)
{
    const __m256i zero = _mm256_setzero_si256(), half = _mm256_set1_epi32(1 << 13);
    __m256i a = half, b = half, c = half, d = half;
    for (int tap = 0; tap < taps; tap += 2) {
        __m256i one = load(rows[tap] + at), other = load(rows[tap + 1] + at), shares = pair(weight + tap);
        __m256i low = _mm256_unpacklo_epi8(one, other), high = _mm256_unpackhi_epi8(one, other);
        a = _mm256_add_epi32(a, _mm256_madd_epi16(_mm256_unpacklo_epi8(low, zero), shares));
        b = _mm256_add_epi32(b, _mm256_madd_epi16(_mm256_unpackhi_epi8(low, zero), shares));
        c = _mm256_add_epi32(c, _mm256_madd_epi16(_mm256_unpacklo_epi8(high, zero), shares));
        d = _mm256_add_epi32(d, _mm256_madd_epi16(_mm256_unpackhi_epi8(high, zero), shares));
    }
    __m256i low = _mm256_packs_epi32(_mm256_srai_epi32(a, 14), _mm256_srai_epi32(b, 14));
    __m256i high = _mm256_packs_epi32(_mm256_srai_epi32(c, 14), _mm256_srai_epi32(d, 14));
    return _mm256_packus_epi16(low, high);
}

INLINE void down(uint8_t *out, const uint8_t *const *rows, const int16_t *weight, int taps, int count)
{
    int at = 0;
    for (; at + BYTES <= count; at += BYTES)
        _mm256_storeu_si256((__m256i *)(out + at), down_32(rows, weight, taps, at));
    if (at < count) /* the last bytes once more, rather than any beyond them */
        _mm256_storeu_si256((__m256i *)(out + count - BYTES), down_32(rows, weight, taps, count - BYTES));
}

AVX2 static void down_avx2(uint8_t *out, const uint8_t *const *rows, const int16_t *weight, int taps, int count)
{
    if (count < BYTES)
        fl_down_sse2(out, rows, weight, taps, count);
    else if (taps == 2)
        down(out, rows, weight, 2, count);
    else if (taps == 4)
        down(out, rows, weight, 4, count);
    else if (taps == 6)
        down(out, rows, weight, 6, count);
    else
        down(out, rows, weight, taps, count);
}

/* Where the 16-bit numbers of two taps come from, channel by channel: the tap at `byte` and the one behind it. */
INLINE __m256i spread(int channels, int byte)
{
    int8_t from[16];
    for (int channel = 0; channel < 4; channel++) {
        from[4 * channel] = (int8_t)(channel < channels ? byte + channel : -1);
        from[4 * channel + 1] = -1;
        from[4 * channel + 2] = (int8_t)(channel < channels ? byte + channels + channel : -1);
        from[4 * channel + 3] = -1;
    }
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)from));
}

/* How 4 pixels of 4 bytes become as many of `channels`. */
INLINE __m256i closed(int channels)
{
    int8_t from[16];
    for (int byte = 0; byte < 16; byte++)
        from[byte] = (int8_t)(byte < 4 * channels ? byte / channels * 4 + byte % channels : -1);
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)from));
}

/* Two pixels, 32 bits a channel. */
INLINE __m256i across_2(const uint8_t *one, const uint8_t *other, const int16_t *weight, int taps, int channels)
{
    const __m256i near = spread(channels, 0), far = spread(channels, 2 * channels);
    __m256i sum = _mm256_set1_epi32(1 << 13);
    int tap = 0;
    for (; tap + 4 <= taps; tap += 4) {
        __m256i four = load_two(one + tap * channels, other + tap * channels);
        __m256i shares = load_two(weight + tap, weight + taps + tap);
        __m256i first = _mm256_madd_epi16(_mm256_shuffle_epi8(four, near), _mm256_shuffle_epi32(shares, 0x00));
        __m256i second = _mm256_madd_epi16(_mm256_shuffle_epi8(four, far), _mm256_shuffle_epi32(shares, 0x55));
        sum = _mm256_add_epi32(sum, _mm256_add_epi32(first, second));
    }
    if (tap < taps) {
        __m256i two = load_two(one + tap * channels, other + tap * channels);
        __m256i shares = _mm256_shuffle_epi32(load_two(weight + tap, weight + taps + tap), 0x00);
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_shuffle_epi8(two, near), shares));
    }
    return _mm256_srai_epi32(sum, 14);
}

/* PIXELS pixels to `out`, and up to 12 bytes behind them. */
INLINE void across_8(uint8_t *out, const uint8_t *row, const fl_taps *columns, int place, int taps, int channels)
{
    const int32_t *first = columns->first + place;
    const int16_t *weight = columns->weight + (ptrdiff_t)place * taps;
    __m256i sums[PIXELS / 2];
    for (int i = 0; i < PIXELS; i += 2)
        sums[i / 2] = across_2(row + (ptrdiff_t)first[i] * channels, row + (ptrdiff_t)first[i + 1] * channels,
                               weight + i * taps, taps, channels);
    __m256i packed = _mm256_packus_epi16(_mm256_packs_epi32(sums[0], sums[1]), _mm256_packs_epi32(sums[2], sums[3]));
    packed = _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    packed = _mm256_shuffle_epi8(packed, closed(channels));
    _mm_storeu_si128((__m128i *)out, _mm256_castsi256_si128(packed));
    _mm_storeu_si128((__m128i *)(out + 4 * channels), _mm256_extracti128_si256(packed, 1));
}

INLINE void across(uint8_t *out, const uint8_t *row, const fl_taps *columns, int taps, int channels)
{
    int place = 0, count = columns->count;
    for (; (ptrdiff_t)(count - place) * channels >= 4 * channels + 16; place += PIXELS)
        across_8(out + (ptrdiff_t)place * channels, row, columns, place, taps, channels);
    while (place < count) {
        uint8_t last[4 * 4 + 16];
        int at = place + PIXELS <= count ? place : count - PIXELS;
        across_8(last, row, columns, at, taps, channels);
        memcpy(out + (ptrdiff_t)at * channels, last, (size_t)PIXELS * channels);
        place = at + PIXELS;
    }
}

INLINE void across_of(uint8_t *out, const uint8_t *row, const fl_taps *columns, int channels)
{
    if (columns->taps == 2)
        across(out, row, columns, 2, channels);
    else if (columns->taps == 4)
        across(out, row, columns, 4, channels);
    else if (columns->taps == 6)
        across(out, row, columns, 6, channels);
    else
        across(out, row, columns, columns->taps, channels);
}

AVX2 static void across_avx2(uint8_t *out, const uint8_t *row, const fl_taps *columns, int channels)
{
    if (columns->count < PIXELS)
        fl_across_sse2(out, row, columns, channels);
    else if (channels == 1)
        across_of(out, row, columns, 1);
    else if (channels == 2)
        across_of(out, row, columns, 2);
    else if (channels == 3)
        across_of(out, row, columns, 3);
    else
        across_of(out, row, columns, 4);
}

const fl_simd fl_simd_avx2 = {
    "avx2", down_avx2, across_avx2, fl_to_float_avx2, fl_affine_avx2, fl_pick_avx2, 4,
};
#endif
