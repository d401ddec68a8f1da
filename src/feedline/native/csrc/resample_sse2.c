/* Resampling with SSE2, which every x86-64 has: two taps by two weights in each multiplication. */
#include "simd.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { BYTES = 16, PIXELS = 4 };

/* Two weights, four times over. */
INLINE __m128i pair(const int16_t *weight)
{
    int32_t both;
    memcpy(&both, weight, sizeof both);
    return _mm_set1_epi32(both);
}

INLINE __m128i load(const uint8_t *from)
{
    return _mm_loadu_si128((const __m128i *)from);
}

/* 16 bytes of the sums of rows, from the byte `at` on. */
INLINE __m128i down_16(const uint8_t *const *rows, const int16_t *weight, int taps, int at)
{
    const __m128i zero = _mm_setzero_si128(), half = _mm_set1_epi32(1 << 13);
    __m128i a = half, b = half, c = half, d = half;
    for (int tap = 0; tap < taps; tap += 2) {
        __m128i one = load(rows[tap] + at), other = load(rows[tap + 1] + at), shares = pair(weight + tap);
        __m128i low = _mm_unpacklo_epi8(one, other), high = _mm_unpackhi_epi8(one, other);
        a = _mm_add_epi32(a, _mm_madd_epi16(_mm_unpacklo_epi8(low, zero), shares));
        b = _mm_add_epi32(b, _mm_madd_epi16(_mm_unpackhi_epi8(low, zero), shares));
        c = _mm_add_epi32(c, _mm_madd_epi16(_mm_unpacklo_epi8(high, zero), shares));
        d = _mm_add_epi32(d, _mm_madd_epi16(_mm_unpackhi_epi8(high, zero), shares));
    }
    __m128i low = _mm_packs_epi32(_mm_srai_epi32(a, 14), _mm_srai_epi32(b, 14));
    __m128i high = _mm_packs_epi32(_mm_srai_epi32(c, 14), _mm_srai_epi32(d, 14));
    return _mm_packus_epi16(low, high);
}

INLINE void down(uint8_t *out, const uint8_t *const *rows, const int16_t *weight, int taps, int count)
{
    int at = 0;
    for (; at + BYTES <= count; at += BYTES)
        _mm_storeu_si128((__m128i *)(out + at), down_16(rows, weight, taps, at));
    if (at < count) /* the last bytes once more, rather than any beyond them */
        _mm_storeu_si128((__m128i *)(out + count - BYTES), down_16(rows, weight, taps, count - BYTES));
}

void fl_down_sse2(uint8_t *out, const uint8_t *const *rows, const int16_t *weight, int taps, int count)
{
    if (count < BYTES)
        fl_down_plain(out, rows, weight, taps, count);
    else if (taps == 2)
        down(out, rows, weight, 2, count);
    else if (taps == 4)
        down(out, rows, weight, 4, count);
    else if (taps == 6)
        down(out, rows, weight, 6, count);
    else
        down(out, rows, weight, taps, count);
}

/* The products of two neighbouring taps: 32 bits a channel. */
INLINE __m128i product(__m128i pixels, __m128i next, __m128i shares)
{
    __m128i both = _mm_unpacklo_epi8(_mm_unpacklo_epi8(pixels, next), _mm_setzero_si128());
    return _mm_madd_epi16(both, shares);
}

/* One pixel, 32 bits a channel; what lies behind the last channel is of no use. */
INLINE __m128i across_1(const uint8_t *from, const int16_t *weight, int taps, int channels)
{
    __m128i sum = _mm_set1_epi32(1 << 13);
    int tap = 0;
    for (; tap + 4 <= taps; tap += 4) {
        __m128i four = load(from + tap * channels);
        __m128i shares = _mm_loadl_epi64((const __m128i *)(weight + tap));
        sum = _mm_add_epi32(sum, product(four, _mm_bsrli_si128(four, channels), _mm_shuffle_epi32(shares, 0x00)));
        four = _mm_bsrli_si128(four, 2 * channels);
        sum = _mm_add_epi32(sum, product(four, _mm_bsrli_si128(four, channels), _mm_shuffle_epi32(shares, 0x55)));
    }
    if (tap < taps) {
        __m128i two = _mm_loadl_epi64((const __m128i *)(from + tap * channels));
        sum = _mm_add_epi32(sum, product(two, _mm_bsrli_si128(two, channels), pair(weight + tap)));
    }
    return _mm_srai_epi32(sum, 14);
}

/* PIXELS pixels to `out`, and up to 3 bytes behind them. */
INLINE void across_4(uint8_t *out, const uint8_t *row, const fl_taps *columns, int place, int taps, int channels)
{
    const int32_t *first = columns->first + place;
    const int16_t *weight = columns->weight + (ptrdiff_t)place * taps;
    __m128i sums[PIXELS];
    for (int i = 0; i < PIXELS; i++)
        sums[i] = across_1(row + (ptrdiff_t)first[i] * channels, weight + i * taps, taps, channels);
    __m128i packed = _mm_packus_epi16(_mm_packs_epi32(sums[0], sums[1]), _mm_packs_epi32(sums[2], sums[3]));
    uint32_t pixels[PIXELS];
    _mm_storeu_si128((__m128i *)pixels, packed);
    for (int i = 0; i < PIXELS; i++)
        memcpy(out + i * channels, &pixels[i], sizeof *pixels);
}

INLINE void across(uint8_t *out, const uint8_t *row, const fl_taps *columns, int taps, int channels)
{
    int place = 0, count = columns->count;
    for (; (count - place) * channels >= PIXELS * channels + 3; place += PIXELS)
        across_4(out + (ptrdiff_t)place * channels, row, columns, place, taps, channels);
    while (place < count) {
        uint8_t last[PIXELS * 4 + 3];
        int at = place + PIXELS <= count ? place : count - PIXELS;
        across_4(last, row, columns, at, taps, channels);
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
    else
        across(out, row, columns, columns->taps, channels);
}

void fl_across_sse2(uint8_t *out, const uint8_t *row, const fl_taps *columns, int channels)
{
    if (columns->count < PIXELS)
        fl_across_plain(out, row, columns, channels);
    else if (channels == 1)
        across_of(out, row, columns, 1);
    else if (channels == 2)
        across_of(out, row, columns, 2);
    else if (channels == 3)
        across_of(out, row, columns, 3);
    else
        across_of(out, row, columns, 4);
}

const fl_simd fl_simd_sse2 = {
    "sse2", fl_down_sse2, fl_across_sse2, fl_to_float_sse2, fl_affine_sse2, fl_pick_plain, 2,
};
#endif
