/* 3x3 matrices on points: transforms/matrix.py, operation by operation, so that plans equal the twin's to the bit. */
#ifndef FEEDLINE_MATRIX_H
#define FEEDLINE_MATRIX_H

typedef struct {
    double m[9]; /* row by row */
} fl_matrix;

typedef struct {
    double x, y;
} fl_point;

/* Top, left, bottom and right. */
typedef struct {
    double top, left, bottom, right;
} fl_edges;

#define FL_IDENTITY ((fl_matrix){{1, 0, 0, 0, 1, 0, 0, 0, 1}})

fl_matrix fl_after(const fl_matrix *second, const fl_matrix *first);
/* 0 where there is no way back. */
int fl_inverse(const fl_matrix *matrix, fl_matrix *back);
fl_point fl_at(const fl_matrix *matrix, fl_point point);
fl_matrix fl_shift(double x, double y);
fl_matrix fl_scaling(double x, double y);
/* Whether pixels stay pixels, of a matrix along the axes. */
int fl_whole(const fl_matrix *matrix);
/* Where the frame of a picture goes. */
fl_edges fl_bounds(const fl_matrix *matrix, double height, double width);

#endif
