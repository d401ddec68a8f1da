/* Warps of 3 or 4 channels with SSE2, which every x86-64 has: all channels of a pixel at once, equal to the bit. */
#ifndef FEEDLINE_WARP_SSE2_H
#define FEEDLINE_WARP_SSE2_H

#include "warp.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#include <string.h>

/* Two shares of 16 bits in each of four lanes. */
static inline __m128i fl_shares(int first, int second)
{
    return _mm_set1_epi32((int)((uint32_t)(uint16_t)first | (uint32_t)second << 16));
}

/* Of each channel, a pixel's number and the next one's, as 16 bits. */
static inline __m128i fl_pairs(__m128i pixels, int channels)
{
    __m128i next = channels == 3 ? _mm_srli_si128(pixels, 3) : _mm_srli_si128(pixels, 4);
    return _mm_unpacklo_epi8(_mm_unpacklo_epi8(pixels, next), _mm_setzero_si128());
}

/* first * the first share + second * the second, where the sum fits 32 bits and a number >> 8 fits 16. */
static inline __m128i fl_two_weighed(__m128i first, __m128i second, __m128i shares)
{
    const __m128i low = _mm_set1_epi32(255), half = _mm_set1_epi32(0xffff);
    __m128i high_parts = _mm_or_si128(_mm_and_si128(_mm_srai_epi32(first, 8), half),
                                      _mm_slli_epi32(_mm_srai_epi32(second, 8), 16));
    __m128i low_parts = _mm_or_si128(_mm_and_si128(first, low), _mm_slli_epi32(_mm_and_si128(second, low), 16));
    return _mm_add_epi32(_mm_slli_epi32(_mm_madd_epi16(high_parts, shares), 8), _mm_madd_epi16(low_parts, shares));
}

/* Sums of shares of 2**22 as bytes, rounded and kept in 0..255. */
static inline void fl_store_pixel(uint8_t *out, __m128i sum, int bytes)
{
    const __m128i half = _mm_set1_epi32(1 << (2 * FL_WARP_FRACTION - 1));
    __m128i number = _mm_srai_epi32(_mm_add_epi32(sum, half), 2 * FL_WARP_FRACTION);
    number = _mm_packs_epi32(number, number);
    int32_t packed = _mm_cvtsi128_si32(_mm_packus_epi16(number, number));
    memcpy(out, &packed, (size_t)bytes);
}
#endif

#endif
