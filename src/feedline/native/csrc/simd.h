/* What the files resample_*.c share. */
#ifndef FEEDLINE_SIMD_H
#define FEEDLINE_SIMD_H

#include "resample.h"

extern const fl_simd fl_simd_plain;
#if defined(__x86_64__)
extern const fl_simd fl_simd_sse2, fl_simd_avx2;
#endif
#if defined(__ARM_NEON)
extern const fl_simd fl_simd_neon;
#endif

/* For the rows that are too short for a register. */
void fl_down_plain(uint8_t *out, const uint8_t *const *rows, const int16_t *weight, int taps, int count);
void fl_down_sse2(uint8_t *out, const uint8_t *const *rows, const int16_t *weight, int taps, int count);
void fl_across_plain(uint8_t *out, const uint8_t *row, const fl_taps *columns, int channels);
void fl_across_sse2(uint8_t *out, const uint8_t *row, const fl_taps *columns, int channels);
void fl_to_float_plain(float *out, const uint8_t *in, int count, int channels, const float *levels,
                       const double *line, int passing);
void fl_to_float_sse2(float *out, const uint8_t *in, int count, int channels, const float *levels, const double *line,
                      int passing);
void fl_to_float_avx2(float *out, const uint8_t *in, int count, int channels, const float *levels, const double *line,
                      int passing);

void fl_affine_plain(float *out, const uint8_t *in, int count, const float *factor, const float *offset);
void fl_affine_sse2(float *out, const uint8_t *in, int count, const float *factor, const float *offset);
void fl_affine_avx2(float *out, const uint8_t *in, int count, const float *factor, const float *offset);
void fl_pick_plain(uint8_t *out, const uint8_t *in, int count, int channels);
void fl_pick_avx2(uint8_t *out, const uint8_t *in, int count, int channels);

/* A sum of pixels by shares of 2**14, rounded half up, as a pixel. */
static inline uint8_t fl_rounded(int32_t sum)
{
    int32_t whole = (sum + (1 << 13)) >> 14;
    return (uint8_t)(whole < 0 ? 0 : whole > 255 ? 255 : whole);
}

#endif
