/* One libjpeg decompressor for each thread, which never writes to stderr and never ends the process. */
#ifndef FEEDLINE_JPEG_SESSION_H
#define FEEDLINE_JPEG_SESSION_H

#include "codecs.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

/* Columns that libjpeg has to see, so that it interpolates colours as it does in a larger picture. */
enum { FL_JPEG_LEAST_WIDTH = 8 };

struct fl_jpeg {
    struct jpeg_decompress_struct decompress;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf back;      /* where errors lead; set it before each call of libjpeg's */
    fl_status *status; /* what they say */
};

/* Pixels of a block's side after scaling, of one colour and of the one with fewest: the same down and across in
   libjpeg-turbo, which takes the names of the libjpeg that it stands in for. */
static inline int fl_jpeg_block(const jpeg_component_info *part)
{
#if JPEG_LIB_VERSION >= 70
    return part->DCT_h_scaled_size;
#else
    return part->DCT_scaled_size;
#endif
}

static inline int fl_jpeg_least_block(const struct jpeg_decompress_struct *decompress)
{
#if JPEG_LIB_VERSION >= 70
    return decompress->min_DCT_h_scaled_size;
#else
    return decompress->min_DCT_scaled_size;
#endif
}

/* Units of all colours (MCUs) in a row. */
static inline int fl_jpeg_units(const struct jpeg_decompress_struct *decompress)
{
    JDIMENSION side = DCTSIZE * (decompress->num_components == 1 ? 1 : (JDIMENSION)decompress->max_h_samp_factor);
    return (int)((decompress->image_width + side - 1) / side);
}

/* The thread's, made where it has none; NULL: no memory, which is in `status`. */
struct fl_jpeg *fl_jpeg_session(fl_worker *worker, fl_status *status);

/* Makes ready to read a file, as if the decompressor were new. */
void fl_jpeg_begin(struct fl_jpeg *jpeg, const uint8_t *data, size_t size, fl_status *status);

/* As an error of libjpeg's: FL_DECLINED, and back to `back`. */
_Noreturn void fl_jpeg_leave(struct fl_jpeg *jpeg, const char *why);

/* Leaves where libjpeg, having begun to decode, would guess what the file does not say. */
void fl_jpeg_leave_unless_whole(struct fl_jpeg *jpeg);

#endif
