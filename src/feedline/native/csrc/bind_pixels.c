/* feedline.native._kernel.look_up, mix and scale_shift */
#include "binding.h"
#include "pixels.h"

static size_t pixels_of(const Py_buffer *view)
{
    return (size_t)view->shape[0] * (size_t)view->shape[1];
}

static PyObject *wrong(const char *what, Py_ssize_t found)
{
    return PyErr_Format(PyExc_ValueError, "%s, found %zd", what, found);
}

/* image, table, out */
static PyObject *look_up(const Py_buffer *views)
{
    const Py_buffer *image = views, *table = views + 1, *out = views + 2;
    Py_ssize_t channels = image->shape[2], columns = table->shape[1], rows = image->itemsize == 1 ? 256 : 65536;
    if (channels > 1 << 16)
        return wrong("image has to have at most 2**16 channels", channels);
    if (table->shape[0] != rows || (columns != 1 && columns != channels))
        return wrong("table has to have a row for each number, and one column or one for each channel", columns);
    if (fl_py_shape(out, image->shape, "out"))
        return NULL;
    if (*out->format != *table->format)
        return wrong("out has to be of the type of the table", out->itemsize);
    Py_BEGIN_ALLOW_THREADS
    fl_look_up(out->buf, (int)out->itemsize, image->buf, (int)image->itemsize, pixels_of(image), (int)channels,
               table->buf, (int)columns);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

PyObject *fl_py_look_up(PyObject *module, PyObject *given)
{
    (void)module;
    PyObject *image, *table, *out;
    if (!PyArg_ParseTuple(given, "OOO:look_up", &image, &table, &out))
        return NULL;
    fl_py_argument arguments[] = {
        {image, 0, 3, "BH", "image"}, {table, 0, 2, "BHf", "table"}, {out, 1, 3, "BHf", "out"}};
    Py_buffer views[3];
    if (fl_py_arrays(arguments, views, 3))
        return NULL;
    PyObject *done = look_up(views);
    fl_py_release(views, 3);
    return done;
}

/* image, matrix, out */
static PyObject *mix(const Py_buffer *views)
{
    const Py_buffer *image = views, *matrix = views + 1, *out = views + 2;
    Py_ssize_t channels = image->shape[2], rows = matrix->shape[0];
    fl_status status = {FL_OK, ""};
    if (channels != 3 && channels != 4)
        return wrong("image has to have 3 or 4 channels", channels);
    if ((rows != 1 && rows != 3) || matrix->shape[1] != 4)
        return wrong("matrix has to be 1x4 or 3x4", rows);
    Py_ssize_t shape[] = {image->shape[0], image->shape[1], rows + channels - 3};
    if (fl_py_shape(out, shape, "out"))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    fl_mix(out->buf, image->buf, pixels_of(image), (int)channels, matrix->buf, (int)rows, &status);
    Py_END_ALLOW_THREADS
    if (status.code != FL_OK)
        return fl_py_raise(&status);
    Py_RETURN_NONE;
}

PyObject *fl_py_mix(PyObject *module, PyObject *given)
{
    (void)module;
    PyObject *image, *matrix, *out;
    if (!PyArg_ParseTuple(given, "OOO:mix", &image, &matrix, &out))
        return NULL;
    fl_py_argument arguments[] = {
        {image, 0, 3, "B", "image"}, {matrix, 0, 2, "d", "matrix"}, {out, 1, 3, "B", "out"}};
    Py_buffer views[3];
    if (fl_py_arrays(arguments, views, 3))
        return NULL;
    PyObject *done = mix(views);
    fl_py_release(views, 3);
    return done;
}

/* image, factor, offset, out */
static PyObject *scale_shift(const Py_buffer *views)
{
    const Py_buffer *image = views, *factor = views + 1, *offset = views + 2, *out = views + 3;
    Py_ssize_t channels = image->shape[2];
    if (channels < 1 || channels > 4)
        return wrong("image has to have 1 to 4 channels", channels);
    if (fl_py_shape(factor, &channels, "factor") || fl_py_shape(offset, &channels, "offset") ||
        fl_py_shape(out, image->shape, "out"))
        return NULL;
    enum fl_number number = *image->format == 'B' ? FL_UINT8 : *image->format == 'H' ? FL_UINT16 : FL_FLOAT32;
    Py_BEGIN_ALLOW_THREADS
    fl_scale_shift(out->buf, image->buf, number, pixels_of(image), (int)channels, factor->buf, offset->buf);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

PyObject *fl_py_scale_shift(PyObject *module, PyObject *given)
{
    (void)module;
    PyObject *image, *factor, *offset, *out;
    if (!PyArg_ParseTuple(given, "OOOO:scale_shift", &image, &factor, &offset, &out))
        return NULL;
    fl_py_argument arguments[] = {{image, 0, 3, "BHf", "image"}, {factor, 0, 1, "f", "factor"},
                                  {offset, 0, 1, "f", "offset"}, {out, 1, 3, "f", "out"}};
    Py_buffer views[4];
    if (fl_py_arrays(arguments, views, 4))
        return NULL;
    PyObject *done = scale_shift(views);
    fl_py_release(views, 4);
    return done;
}
