/* PNG for Python: what it would otherwise ask OpenCV for. */
#include "binding.h"
#include "codecs.h"

PyObject *fl_py_png_header(PyObject *module, PyObject *data)
{
    (void)module;
    fl_header header;
    fl_status status = {0};
    if (!PyBytes_Check(data))
        return PyErr_Format(PyExc_TypeError, "data must be bytes, not %s", Py_TYPE(data)->tp_name);
    if (fl_png_header((uint8_t *)PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data), &header, &status) != FL_OK)
        return fl_py_raise(&status);
    return Py_BuildValue("iiii", header.width, header.height, header.channels, header.bits);
}

/* Nothing is counted: codecs/decode.py counts what its codecs give. */
static int decode(fl_worker *worker, PyObject *data, fl_image *image, fl_status *status)
{
    int64_t before = worker->counters.pixels_decoded;
    int code;
    Py_BEGIN_ALLOW_THREADS
    code = fl_png_decode(worker, (uint8_t *)PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data), image, status);
    Py_END_ALLOW_THREADS
    worker->counters.pixels_decoded = before;
    return code;
}

PyObject *fl_py_decode_png(PyObject *module, PyObject *data)
{
    (void)module;
    fl_image image;
    fl_status status = {0};
    if (!PyBytes_Check(data)) /* others could change while they are read */
        return PyErr_Format(PyExc_TypeError, "data must be bytes, not %s", Py_TYPE(data)->tp_name);
    fl_worker *worker = fl_worker_here();
    if (worker == NULL)
        return PyErr_NoMemory();
    if (decode(worker, data, &image, &status) != FL_OK)
        return fl_py_raise(&status);
    Py_ssize_t bytes = (Py_ssize_t)image.height * image.stride;
    PyObject *pixels = PyByteArray_FromStringAndSize((const char *)image.pixels, bytes);
    return pixels == NULL ? NULL : Py_BuildValue("Niii", pixels, image.height, image.width, image.channels);
}
