/* Finished rows to floats with SSE2. */
#include "simd.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#include <string.h>

enum { LANES = 4, SOME = 256 };

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

/* So many floats past the caches, but for those at either end that do not fill a register. */
static void pass(float *out, const float *from, int count)
{
    int at = 0;
    for (; at < count && (uintptr_t)(out + at) % sizeof(__m128) != 0; at++)
        out[at] = from[at];
    for (; at + LANES <= count; at += LANES)
        _mm_stream_ps(out + at, _mm_loadu_ps(from + at));
    for (; at < count; at++)
        out[at] = from[at];
}

void fl_to_float_sse2(float *out, const uint8_t *in, int count, int channels, const float *levels, const double *line,
                      int passing)
{
    float made[SOME * 4];
    if (!passing) {
        fl_to_float_plain(out, in, count, channels, levels, line, passing);
        return;
    }
    for (int at = 0; at < count; at += SOME) {
        const int some = count - at < SOME ? count - at : SOME;
        fl_to_float_plain(made, in + (ptrdiff_t)at * channels, some, channels, levels, line, passing);
        pass(out + (ptrdiff_t)at * channels, made, some * channels);
    }
}
#endif
