/* One libjpeg decompressor for each thread, which never writes to stderr and never ends the process. */
#ifndef FEEDLINE_JPEG_SESSION_H
#define FEEDLINE_JPEG_SESSION_H

#include "codecs.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

struct fl_jpeg {
    struct jpeg_decompress_struct decompress;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf back;      /* where errors lead; set it before each call of libjpeg's */
    fl_status *status; /* what they say */
};

/* The thread's, made where it has none; NULL: no memory, which is in `status`. */
struct fl_jpeg *fl_jpeg_session(fl_worker *worker, fl_status *status);

/* Makes ready to read a file, as if the decompressor were new. */
void fl_jpeg_begin(struct fl_jpeg *jpeg, const uint8_t *data, size_t size, fl_status *status);

/* As an error of libjpeg's: FL_DECLINED, and back to `back`. */
_Noreturn void fl_jpeg_leave(struct fl_jpeg *jpeg, const char *why);

#endif
