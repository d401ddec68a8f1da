/* Finished rows to floats with SSE2. */
#include "simd.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#include <string.h>

enum { LANES = 4 };

/* 4 numbers, multiplied and added to in two steps, as everywhere. */
static inline void affine_4(float *out, const uint8_t *in, const float *factor, const float *offset)
{
    const __m128i zero = _mm_setzero_si128();
    int32_t four;
    memcpy(&four, in, sizeof four);
    __m128i whole = _mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(four), zero), zero);
    __m128 product = _mm_mul_ps(_mm_cvtepi32_ps(whole), _mm_loadu_ps(factor));
    _mm_storeu_ps(out, _mm_add_ps(product, _mm_loadu_ps(offset)));
}

void fl_affine_sse2(float *out, const uint8_t *in, int count, const float *factor, const float *offset)
{
    int at = 0;
    for (; at + FL_REPEAT <= count; at += FL_REPEAT)
        for (int i = 0; i < FL_REPEAT; i += LANES)
            affine_4(out + at + i, in + at + i, factor + i, offset + i);
    fl_affine_plain(out + at, in + at, count - at, factor, offset);
}
#endif
