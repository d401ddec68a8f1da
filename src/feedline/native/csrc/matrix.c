/* See matrix.h. */
#include "matrix.h"

#include <math.h>

static const double TINY = 1e-9;

fl_matrix fl_after(const fl_matrix *second, const fl_matrix *first)
{
    const double *s = second->m, *f = first->m;
    fl_matrix both;
    for (int row = 0; row < 3; row++)
        for (int column = 0; column < 3; column++)
            both.m[3 * row + column] =
                s[3 * row] * f[column] + s[3 * row + 1] * f[3 + column] + s[3 * row + 2] * f[6 + column];
    return both;
}

int fl_inverse(const fl_matrix *matrix, fl_matrix *back)
{
    const double a = matrix->m[0], b = matrix->m[1], c = matrix->m[2], d = matrix->m[3], e = matrix->m[4],
                 f = matrix->m[5], g = matrix->m[6], h = matrix->m[7], i = matrix->m[8];
    const double first = e * i - f * h, second = f * g - d * i, third = d * h - e * g;
    const double size = a * first + b * second + c * third;
    if (size == 0)
        return 0;
    const double scale = 1.0 / size;
    *back = (fl_matrix){{first * scale, (c * h - b * i) * scale, (b * f - c * e) * scale, second * scale,
                         (a * i - c * g) * scale, (c * d - a * f) * scale, third * scale, (b * g - a * h) * scale,
                         (a * e - b * d) * scale}};
    return 1;
}

fl_point fl_at(const fl_matrix *matrix, fl_point point)
{
    const double *m = matrix->m, x = point.x, y = point.y;
    const double depth = m[6] * x + m[7] * y + m[8];
    return (fl_point){(m[0] * x + m[1] * y + m[2]) / depth, (m[3] * x + m[4] * y + m[5]) / depth};
}

fl_matrix fl_shift(double x, double y)
{
    return (fl_matrix){{1, 0, x, 0, 1, y, 0, 0, 1}};
}

fl_matrix fl_scaling(double x, double y)
{
    return (fl_matrix){{x, 0, 0, 0, y, 0, 0, 0, 1}};
}

static int is_unit(double number)
{
    return fabs(fabs(number) - 1) < TINY;
}

static int is_whole(double number)
{
    return fabs(number - rint(number)) < TINY * 1000;
}

int fl_whole(const fl_matrix *matrix)
{
    return is_unit(matrix->m[0]) && is_unit(matrix->m[4]) && is_whole(matrix->m[2]) && is_whole(matrix->m[5]);
}

fl_edges fl_bounds(const fl_matrix *matrix, double height, double width)
{
    const fl_point one = fl_at(matrix, (fl_point){0, 0}), other = fl_at(matrix, (fl_point){width, height});
    return (fl_edges){fmin(one.y, other.y), fmin(one.x, other.x), fmax(one.y, other.y), fmax(one.x, other.x)};
}
