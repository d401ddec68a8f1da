/* JPEGs written again with restart markers, coefficient by coefficient. */
#ifndef FEEDLINE_JPEG_REWRITE_H
#define FEEDLINE_JPEG_REWRITE_H

#include "kernel.h"

/* `offsets` as fl_jpeg_decode_tiles takes them. Both pieces of memory are free()'s. */
typedef struct {
    uint8_t *bytes;
    size_t size;
    uint32_t *offsets;
    int count;
    int interval; /* units between two markers */
} fl_rewritten;

/* One baseline scan with a marker every so many units: the smallest divisor of the units in a row that is `every` (at
   least 1) or more. Every APPn and COM segment stays as it is, in order, and so does what lies behind the end.
   Declined: what fl_jpeg_decode declines, more than 2**26 pixels, segments of these kinds between scans, and files that
   say where other pictures lie in them (MPF). */
int fl_jpeg_rewrite(fl_worker *worker, const uint8_t *data, size_t size, int every, fl_rewritten *made,
                    fl_status *status);
void fl_jpeg_forget(fl_rewritten *made);

#endif
