/* Finished rows to floats and to planes with AVX2. */
#include "simd.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))
#define INLINE static inline __attribute__((always_inline, target("avx2")))

enum { LANES = 8, BYTES = 16 };

/* 8 numbers, multiplied and added to in two steps, as everywhere. */
INLINE void affine_8(float *out, const uint8_t *in, __m256 factor, __m256 offset)
{
    __m256i whole = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)in));
    _mm256_storeu_ps(out, _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(whole), factor), offset));
}

AVX2 void fl_affine_avx2(float *out, const uint8_t *in, int count, const float *factor, const float *offset)
{
    const __m256 f0 = _mm256_loadu_ps(factor), o0 = _mm256_loadu_ps(offset);
    const __m256 f1 = _mm256_loadu_ps(factor + LANES), o1 = _mm256_loadu_ps(offset + LANES);
    const __m256 f2 = _mm256_loadu_ps(factor + 2 * LANES), o2 = _mm256_loadu_ps(offset + 2 * LANES);
    int at = 0;
    for (; at + FL_REPEAT <= count; at += FL_REPEAT) {
        affine_8(out + at, in + at, f0, o0);
        affine_8(out + at + LANES, in + at + LANES, f1, o1);
        affine_8(out + at + 2 * LANES, in + at + 2 * LANES, f2, o2);
    }
    fl_affine_plain(out + at, in + at, count - at, factor, offset);
}

/* Where, of 48 bytes of 3 channels, every third comes from that is among those from `begin` to `begin` + 15. */
INLINE __m128i thirds(int begin)
{
    int8_t from[BYTES];
    for (int i = 0; i < BYTES; i++)
        from[i] = (int8_t)(3 * i >= begin && 3 * i < begin + BYTES ? 3 * i - begin : -1);
    return _mm_loadu_si128((const __m128i *)from);
}

/* Every third of 48 bytes. */
INLINE void pick_16(uint8_t *out, const uint8_t *in)
{
    __m128i found = _mm_setzero_si128();
    for (int begin = 0; begin < 3 * BYTES; begin += BYTES) {
        __m128i part = _mm_loadu_si128((const __m128i *)(in + begin));
        found = _mm_or_si128(found, _mm_shuffle_epi8(part, thirds(begin)));
    }
    _mm_storeu_si128((__m128i *)out, found);
}

AVX2 void fl_pick_avx2(uint8_t *out, const uint8_t *in, int count, int channels)
{
    int at = 0;
    if (channels == 3)
        for (; at + BYTES < count; at += BYTES) /* one pixel is left, so that its first bytes may be read */
            pick_16(out + at, in + 3 * (ptrdiff_t)at);
    fl_pick_plain(out + at, in + (ptrdiff_t)at * channels, count - at, channels);
}

enum { FOUR = 4, ROUND = FL_ROUND }; /* numbers in a register of doubles, and after which the channels begin anew */

/* 4 numbers by their line, as float64 and then rounded to float32: as the levels were made. */
INLINE __m128 line_4(const uint8_t *in, __m256d factor, __m256d offset)
{
    int32_t four;
    memcpy(&four, in, sizeof four);
    __m256d whole = _mm256_cvtepi32_pd(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(four)));
    return _mm256_cvtpd_ps(_mm256_add_pd(_mm256_mul_pd(whole, factor), offset));
}

INLINE void lines(float *out, const uint8_t *in, int numbers, const double *line, int passing)
{
    __m256d f[3], o[3];
    for (int part = 0; part < 3; part++) {
        f[part] = _mm256_loadu_pd(line + FOUR * part);
        o[part] = _mm256_loadu_pd(line + ROUND + FOUR * part);
    }
    for (int at = 0; at < numbers; at += ROUND)
        for (int part = 0; part < 3; part++) {
            const __m128 made = line_4(in + at + FOUR * part, f[part], o[part]);
            if (passing)
                _mm_stream_ps(out + at + FOUR * part, made);
            else
                _mm_storeu_ps(out + at + FOUR * part, made);
        }
}

AVX2 void fl_to_float_avx2(float *out, const uint8_t *in, int count, int channels, const float *levels,
                           const double *line, int passing)
{
    if (line == NULL) {
        fl_to_float_sse2(out, in, count, channels, levels, line, passing);
        return;
    }
    const int numbers = count * channels, whole = numbers - numbers % ROUND;
    if (passing && (uintptr_t)out % sizeof(__m128) == 0)
        lines(out, in, whole, line, 1);
    else
        lines(out, in, whole, line, 0);
    for (int i = whole; i < numbers; i++)
        out[i] = (float)(in[i] * line[i - whole] + line[ROUND + i - whole]);
}
#endif
