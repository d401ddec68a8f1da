/* Finished rows to floats and to planes with AVX2. */
#include "simd.h"

#if defined(__x86_64__)
#include <immintrin.h>

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
#endif
