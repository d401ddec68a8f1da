/* Encoded bytes to pixels; the twin is OpenCV's decoding of the whole. */
#ifndef FEEDLINE_CODECS_H
#define FEEDLINE_CODECS_H

#include "kernel.h"

/* Size, channels, bits and orientation as feedline.codecs.jpeg.read_header finds them. FL_DECLINED: no JPEG, damaged,
   or anything unusual that the twin shall look at. */
int fl_jpeg_header(const uint8_t *data, size_t size, fl_header *header, fl_status *status);

/* A region of the picture as stored, in pixels of the size that it has at 1/`reduce`: equal to decoding all of it and
   cropping. Requires the end-of-image marker near the end. `channels`: 1 (luma) or 3 (RGB). The image lies in the
   worker's memory until the next call. Declined: CMYK, other than 8 bits, lossless, arithmetic, and whatever makes
   libjpeg warn. `fast`: the fast DCT. */
int fl_jpeg_decode(fl_worker *worker, const uint8_t *data, size_t size, const fl_window *region, int channels,
                   int reduce, int fast, fl_image *image, fl_status *status);

/* As stored: 1 to 4 channels, the even ones with alpha, or a palette's colours. Taken are 8 bits, not interlaced, no
   tRNS, nothing that could state an orientation (the header's is 1), and every CRC right; the rest is declined. The
   image lies in the worker's memory until the next call. */
int fl_png_header(const uint8_t *data, size_t size, fl_header *header, fl_status *status);
int fl_png_decode(fl_worker *worker, const uint8_t *data, size_t size, fl_image *image, fl_status *status);

/* The picture upright as EXIF's orientation says, in the worker's block FL_UPRIGHT (or as it is, where it is 1).
   The image lies in another of the worker's blocks: a byte behind its last pixel is read. */
int fl_turn(fl_worker *worker, const fl_image *image, int orientation, fl_image *upright, fl_status *status);

/* The window of the upright picture, as a window of the stored one. */
fl_window fl_stored(const fl_window *upright, int orientation, int stored_height, int stored_width);

/* A whole file into the worker's block FL_FILE. `path` ends with a 0. */
int fl_read(fl_worker *worker, const char *path, const uint8_t **data, size_t *size, fl_status *status);

#endif
