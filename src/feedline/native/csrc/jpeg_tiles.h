/* Regions of JPEGs with restart markers whose places are known. */
#ifndef FEEDLINE_JPEG_TILES_H
#define FEEDLINE_JPEG_TILES_H

#include "codecs.h"

/* As fl_jpeg_decode, and equal to it, but that the codes of those tiles alone are read which the region needs.
   `offsets`, aligned: where each restart interval begins in the file, and where the end-of-image marker behind the last
   one ends, `count` numbers in all. Where they do not fit the file, or where nothing would be saved, fl_jpeg_decode
   does it. */
int fl_jpeg_decode_tiles(fl_worker *worker, const uint8_t *data, size_t size, const uint32_t *offsets, int count,
                         const fl_window *region, int channels, int reduce, int fast, fl_image *image,
                         fl_status *status);

#endif
