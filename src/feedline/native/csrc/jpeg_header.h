/* What the markers before a JPEG's first scan say. */
#ifndef FEEDLINE_JPEG_HEADER_H
#define FEEDLINE_JPEG_HEADER_H

#include "codecs.h"

/* `orientation` of the header is 0 where no EXIF states one. */
typedef struct {
    fl_header header;
    size_t scan;    /* where the marker of the first scan begins */
    int xmp_states; /* XMP speaks of an orientation, which the kernel does not read */
} fl_jpeg_markers;

/* FL_DECLINED where anything but segments with lengths (and fill bytes) stands before the scan. */
int fl_jpeg_walk(const uint8_t *data, size_t size, fl_jpeg_markers *markers, fl_status *status);

/* FL_DECLINED unless it is of 1 or 3 channels of 8 bits and of no more pixels than are decoded. */
int fl_jpeg_check(const fl_header *header, fl_status *status);

/* Whether there is an end-of-image marker near the end. */
int fl_jpeg_ends(const uint8_t *data, size_t size, size_t scan);

/* A marker before the scan, with its body: all but the marker and the two bytes of the length. */
typedef struct {
    int marker;
    size_t begin, body, end;
} fl_jpeg_segment;

/* The one behind `segment`, which is {0} at first; 0 where the scan follows. Of a file that fl_jpeg_walk went
   through. */
int fl_jpeg_next(const uint8_t *data, const fl_jpeg_markers *markers, fl_jpeg_segment *segment);

/* A number of two bytes, the higher first. */
static inline unsigned fl_jpeg_two(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

#endif
