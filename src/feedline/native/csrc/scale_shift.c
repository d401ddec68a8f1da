/* Numbers to float32. */
#include "pixels.h"

enum { TOGETHER = 12 }; /* numbers: whole pixels of 1 to 4 channels */

static inline float number(const void *in, enum fl_number kind, size_t place)
{
    if (kind == FL_UINT8)
        return ((const uint8_t *)in)[place];
    return kind == FL_UINT16 ? ((const uint16_t *)in)[place] : ((const float *)in)[place];
}

/* The factors of as many numbers, so that all channels are one loop. */
static inline void all(float *out, const void *in, enum fl_number kind, size_t count, const float factor[TOGETHER],
                       const float offset[TOGETHER])
{
    size_t first = 0;
    for (; first + TOGETHER <= count; first += TOGETHER)
        for (size_t each = 0; each < TOGETHER; each++)
            out[first + each] = number(in, kind, first + each) * factor[each] + offset[each];
    for (size_t each = 0; first + each < count; each++)
        out[first + each] = number(in, kind, first + each) * factor[each] + offset[each];
}

void fl_scale_shift(float *out, const void *in, enum fl_number kind, size_t pixels, int channels,
                    const float *factor, const float *offset)
{
    float factors[TOGETHER], offsets[TOGETHER];
    size_t count = pixels * (size_t)channels;
    for (int each = 0; each < TOGETHER; each++) {
        factors[each] = factor[each % channels];
        offsets[each] = offset[each % channels];
    }
    if (kind == FL_UINT8)
        all(out, in, FL_UINT8, count, factors, offsets);
    else if (kind == FL_UINT16)
        all(out, in, FL_UINT16, count, factors, offsets);
    else
        all(out, in, FL_FLOAT32, count, factors, offsets);
}
