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

#endif
