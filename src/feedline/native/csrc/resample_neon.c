/* Resampling with NEON: each tap's pixels by its weight, one after the other. */
#include "simd.h"

#if defined(__ARM_NEON)
#include <arm_neon.h>
#include <string.h>

enum { BYTES = 8 };

/* 8 bytes as whole numbers of 16 bits. */
static inline int16x8_t load(const uint8_t *from)
{
    return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(from)));
}

/* 8 bytes of the sums of rows, from the byte `at` on. */
static inline uint8x8_t down_8(const uint8_t *const *rows, const int16_t *weight, int taps, int at)
{
    int32x4_t low = vdupq_n_s32(0), high = vdupq_n_s32(0);
    for (int tap = 0; tap < taps; tap++) {
        int16x8_t pixels = load(rows[tap] + at);
        low = vmlal_n_s16(low, vget_low_s16(pixels), weight[tap]);
        high = vmlal_n_s16(high, vget_high_s16(pixels), weight[tap]);
    }
    return vqmovn_u16(vcombine_u16(vqrshrun_n_s32(low, 14), vqrshrun_n_s32(high, 14)));
}

static void down(uint8_t *out, const uint8_t *const *rows, const int16_t *weight, int taps, int count)
{
    if (count < BYTES) {
        fl_down_plain(out, rows, weight, taps, count);
        return;
    }
    int at = 0;
    for (; at + BYTES <= count; at += BYTES)
        vst1_u8(out + at, down_8(rows, weight, taps, at));
    if (at < count) /* the last bytes once more, rather than any beyond them */
        vst1_u8(out + count - BYTES, down_8(rows, weight, taps, count - BYTES));
}

/* One pixel of up to 4 channels; what lies behind the last channel is of no use. */
static inline uint8x8_t across_1(const uint8_t *from, const int16_t *weight, int taps, int channels)
{
    int32x4_t sum = vdupq_n_s32(0);
    for (int tap = 0; tap < taps; tap++)
        sum = vmlal_n_s16(sum, vget_low_s16(load(from + tap * channels)), weight[tap]);
    uint16x4_t whole = vqrshrun_n_s32(sum, 14);
    return vqmovn_u16(vcombine_u16(whole, whole));
}

static void across(uint8_t *out, const uint8_t *row, const fl_taps *columns, int channels)
{
    for (int place = 0; place < columns->count; place++, out += channels) {
        uint8_t pixel[8];
        const int16_t *weight = columns->weight + (ptrdiff_t)place * columns->taps;
        vst1_u8(pixel, across_1(row + (ptrdiff_t)columns->first[place] * channels, weight, columns->taps, channels));
        memcpy(out, pixel, (size_t)channels);
    }
}

const fl_simd fl_simd_neon = {
    "neon", down, across, fl_to_float_plain, fl_affine_plain, fl_pick_plain, 2,
};
#endif
