"""What every implementation of the native interface keeps: subclass KernelContract and name the module."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from photo import WHITE, photo

from feedline.native import Grid

KINDS = ["uint8", "uint16", "float32"]
FORMS = ["nearest", "bilinear", "bicubic"]
TURNED = (0.6, -0.45, 9.5, 0.45, 0.6, -3.25, 0.0, 0.0, 1.0)
TILTED = (0.9, 0.1, 2.0, -0.05, 1.1, 1.0, 0.002, -0.001, 1.0)
STAYS = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def digest(array):
    """Of the numbers in little-endian order, and of the shape."""
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return hashlib.sha256(repr(plain.shape).encode() + plain.tobytes()).hexdigest()[:16]


def numbers(height, width, channels, dtype):
    """The same on every machine: whole numbers alone."""
    grid = np.arange(height * width * channels, dtype=np.int64) * 2654435761 % 4294967291 >> 16
    image = (grid % 65536).reshape(height, width, channels)
    if dtype == "float32":
        return (image >> 8).astype(np.float32) * np.float32(2.0**-8)
    return (image >> 8 if dtype == "uint8" else image).astype(dtype)


class KernelContract:
    """Subclasses set ``kernel``, a module with the names of :mod:`feedline.native`."""

    kernel = None

    def axis(self, count, limit, form="bilinear"):
        """Taps from edge to edge."""
        step = limit / count
        return self.kernel.taps(count, 0.0, step, max(step, 1.0), limit, form)

    def scaled(self, image, height, width, form="bilinear"):
        return self.kernel.scale(image, self.axis(height, image.shape[0], form), self.axis(width, image.shape[1], form))

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("limit", [1, 2, 3, 17, 400])
    @pytest.mark.parametrize("count", [1, 2, 5, 64])
    def test_weights_add_up_and_lie_within(self, count, limit, form):
        for start, step in ((0.0, limit / count), (limit, -limit / count), (-7.3 * limit, 1.7), (limit * 9.0, 0.01)):
            for width in (1.0, 1.5, 6.25, 2.0 * limit):
                taps = self.kernel.taps(count, start, step, width, limit, form)
                assert taps.index.shape == taps.weight.shape
                assert (len(taps.index), taps.weight.dtype) == (count, np.int16)
                assert taps.weight.sum(1, dtype=np.int64).tolist() == [1 << 14] * count
                assert taps.index.min() >= 0
                assert taps.index.max() < limit
                assert np.abs(taps.weight.astype(int)).sum(1).max() <= 1.6 * (1 << 14)

    def test_weights_of_the_triangle_are_those_of_its_formula(self):
        taps = self.kernel.taps(3, 0.0, 2.0, 2.0, 6, "bilinear")
        dense = np.zeros((3, 6), int)
        np.add.at(dense, (np.arange(3)[:, None], taps.index), taps.weight)
        eighth = (1 << 14) / 8
        np.testing.assert_allclose(dense[1], [0, eighth, 3 * eighth, 3 * eighth, eighth, 0], atol=1)
        np.testing.assert_allclose(dense[0][:4] / (1 << 14), [3 / 7, 3 / 7, 1 / 7, 0], atol=1e-4)

    def test_what_rounding_left_goes_to_the_first_of_the_largest_weights(self):
        taps = self.kernel.taps(3, 0.0, 2.0, 2.0, 6, "bilinear")
        dense = np.zeros((3, 6), int)
        np.add.at(dense, (np.arange(3)[:, None], taps.index), taps.weight)
        assert dense[0].tolist() == [7021, 7022, 2341, 0, 0, 0]  # 3/7, 3/7, 1/7, which rounded are 1 too many
        assert dense[2].tolist() == [0, 0, 0, 2341, 7021, 7022]

    @pytest.mark.parametrize(("form", "weights"), [("bilinear", [8192, 8192]), ("bicubic", [-1024, 9216, 9216, -1024])])
    def test_a_filter_narrower_than_the_step_stays_as_narrow(self, form, weights):
        for start, step, centres in ((0.0, 4.0, (2, 6, 10)), (12.0, -4.0, (10, 6, 2))):
            taps = self.kernel.taps(3, start, step, 1.0, 12, form)
            reach = len(weights) // 2
            assert taps.index.tolist() == [list(range(centre - reach, centre + reach)) for centre in centres]
            assert taps.weight.tolist() == [weights] * 3

    def test_nearest_of_a_centre_between_two_pixels_is_the_second(self):
        assert self.kernel.taps(3, 0.0, 2.0, 2.0, 6, "nearest").index.tolist() == [[1], [3], [5]]
        assert self.kernel.taps(3, 6.0, -2.0, 2.0, 6, "nearest").index.tolist() == [[5], [3], [1]]
        assert self.kernel.taps(2, -0.5, 1.0, 1.0, 2, "nearest").index.tolist() == [[0], [1]]

    @pytest.mark.parametrize("lean", [0.0, 2.0**-80], ids=["affine", "perspective"])
    def test_a_warped_place_between_two_pixels_lies_in_the_second_and_a_unit_before_it_in_the_first(self, lean):
        image = numbers(7, 8, 1, "uint16")
        for ahead, first in ((0.0, 1), (-(2.0**-24), 0), (2.0**-24, 1)):
            back = (1.0, 0.0, 0.5 + ahead, 0.0, 1.0, 0.5 + ahead, lean, lean, 1.0)
            found = self.kernel.warp(image, back, (5, 6), "nearest")
            np.testing.assert_array_equal(found, image[first : first + 5, first : first + 6])

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("dtype", KINDS)
    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    def test_constants_stay_constant_also_at_the_ends_of_their_range(self, channels, dtype, form):
        for share in (0.0, 0.3, 1.0):
            number = np.array(share * WHITE[dtype]).astype(dtype)
            image = np.full((13, 11, channels), number)
            near = {"atol": 2e-6 if dtype == "float32" else 0, "rtol": 0}
            for size in ((5, 3), (13, 40), (1, 1)):
                out = self.scaled(image, *size, form)
                assert (out.shape, out.dtype) == ((*size, channels), image.dtype)
                np.testing.assert_allclose(out, np.full_like(out, number), **near)
            for back in (TURNED, TILTED, STAYS):
                out = self.kernel.warp(image, back, (9, 14), form)
                assert (out.shape, out.dtype) == ((9, 14, channels), image.dtype)
                np.testing.assert_allclose(out, np.full_like(out, number), **near)

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("dtype", KINDS)
    def test_what_stays_in_its_place_stays_as_it_is(self, dtype, form):
        image = numbers(9, 7, 3, dtype)
        np.testing.assert_array_equal(self.scaled(image, 9, 7, form), image)
        np.testing.assert_array_equal(self.kernel.warp(image, STAYS, (9, 7), form), image)
        shifted = self.kernel.warp(image, (1.0, 0, 2.0, 0, 1.0, -3.0, 0, 0, 1.0), (9, 7), form)
        np.testing.assert_array_equal(shifted, np.pad(image, ((3, 0), (0, 2), (0, 0)), "edge")[:9, 2:])

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("dtype", KINDS)
    @pytest.mark.parametrize("size", [(1, 1), (1, 6), (6, 1), (2, 2)])
    def test_pictures_of_a_few_pixels_and_results_of_none(self, size, dtype, form):
        image = numbers(*size, 3, dtype)
        assert self.scaled(image, 4, 3, form).shape == (4, 3, 3)
        assert self.kernel.warp(image, TURNED, (4, 3), form).shape == (4, 3, 3)
        assert self.kernel.warp(image, TURNED, (0, 3), form).shape == (0, 3, 3)

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("dtype", KINDS)
    def test_far_outside_lies_the_outermost_pixel(self, dtype, form):
        image = numbers(6, 5, 3, dtype)
        far = 2.0**40
        for x, y, corner in ((-far, -far, (0, 0)), (far, -far, (0, 4)), (far, far, (5, 4)), (-9.0, 9e5, (5, 0))):
            out = self.kernel.warp(image, (1.0, 0, x, 0, 1.0, y, 0, 0, 1.0), (2, 2), form)
            np.testing.assert_array_equal(out, np.broadcast_to(image[corner], out.shape))
        grown = self.kernel.warp(image, (1e7, 3.0, 0, -2.0, 1e7, 0, 0, 0, 1.0), (3, 3), form)
        np.testing.assert_array_equal(grown, np.broadcast_to(image[5, 4], grown.shape))

    @pytest.mark.parametrize("form", FORMS)
    def test_a_horizon_in_the_picture_is_far(self, form):
        image = numbers(6, 5, 1, "uint8")
        out = self.kernel.warp(image, (1.0, 0, 0, 0, 1.0, 0, -0.25, 0, 1.0), (6, 8), form)
        np.testing.assert_array_equal(out[:, 4:], np.full((6, 4, 1), image[5, 4]))

    @pytest.mark.parametrize("dtype", KINDS)
    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    def test_odd_strides_give_the_same(self, channels, dtype):
        image = numbers(22, 26, channels, dtype)
        views = [image[::2, ::-1], image[3:17, 5:21], image.swapaxes(0, 1)]
        table = np.arange(65536 if dtype == "uint16" else 256, dtype=np.uint16)[:, None]
        for view in views:
            whole = np.ascontiguousarray(view)
            for form in FORMS:
                np.testing.assert_array_equal(self.scaled(view, 9, 31, form), self.scaled(whole, 9, 31, form))
                turned = self.kernel.warp(view, TURNED, (8, 9), form)
                np.testing.assert_array_equal(turned, self.kernel.warp(whole, TURNED, (8, 9), form))
            if dtype != "float32":
                np.testing.assert_array_equal(self.kernel.look_up(view, table), view)
            if channels >= 3:
                matrix = np.array([[0.5, 0.25, 0.25, 0], [0, 1, 0, 0], [0.1, 0.2, 0.7, 0]])
                np.testing.assert_array_equal(self.kernel.mix(view, matrix), self.kernel.mix(whole, matrix))
            one = np.ones(channels, np.float32)
            np.testing.assert_array_equal(self.kernel.scale_shift(view, one, one), whole.astype(np.float32) + 1)

    @pytest.mark.parametrize("dtype", KINDS)
    def test_inputs_are_not_written_to(self, dtype):
        image = numbers(12, 15, 4, dtype)
        before = image.copy()
        self.scaled(image, 5, 40, "bicubic")
        self.kernel.warp(image, TURNED, (9, 9), "bicubic")
        self.kernel.mix(image, np.eye(3, 4) * 0.5)
        self.kernel.scale_shift(image, np.ones(4, np.float32), np.ones(4, np.float32))
        np.testing.assert_array_equal(image, before)

    @pytest.mark.parametrize("dtype", ["uint8", "uint16"])
    def test_ramps_stay_monotonous(self, dtype):
        ramp = np.linspace(0, WHITE[dtype], 60).astype(dtype)[None, :, None].repeat(8, 0)
        for width in (7, 59, 61, 200):
            assert (np.diff(self.scaled(ramp, 8, width).astype(int), axis=1) >= 0).all()
        across = self.kernel.warp(ramp, (0.37, 0.0, 1.3, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), (8, 150), "bilinear")
        assert (np.diff(across.astype(int), axis=1) >= 0).all()

    @pytest.mark.parametrize("dtype", ["uint8", "uint16"])
    def test_overshooting_ends_at_black_and_white(self, dtype):
        edge = np.zeros((16, 16, 1), dtype)
        edge[:8, :8] = edge[8:, 8:] = WHITE[dtype]
        for out in (self.scaled(edge, 50, 50, "bicubic"), self.kernel.warp(edge, TURNED, (30, 30), "bicubic")):
            assert (out.min(), out.max()) == (0, WHITE[dtype])
        exact = self.scaled(edge.astype(np.float32) / WHITE[dtype], 50, 50, "bicubic")
        apart = np.abs(np.clip(exact, 0, 1) * 255 - self.scaled(edge, 50, 50, "bicubic") * (255 / WHITE[dtype]))
        assert np.quantile(apart, 0.9) <= 1.01  # but where an overshoot of rows was cut before columns are summed

    @pytest.mark.parametrize("form", ["bilinear", "bicubic"])
    @pytest.mark.parametrize("dtype", ["uint8", "uint16"])
    def test_whole_numbers_are_what_exact_sums_round_to(self, dtype, form):
        image = numbers(19, 23, 2, dtype)
        rows, columns = self.axis(7, 19, form), self.axis(31, 23, form)
        tall = (image[rows.index].astype(object) * rows.weight[:, :, None, None].astype(int)).sum(1)
        tall = np.clip((tall + (1 << 13)) // (1 << 14), 0, WHITE[dtype])
        wide = (tall[:, columns.index] * columns.weight[None, :, :, None].astype(int)).sum(2)
        wide = np.clip((wide + (1 << 13)) // (1 << 14), 0, WHITE[dtype])
        np.testing.assert_array_equal(self.kernel.scale(image, rows, columns), wide.astype(dtype))
        step = (19 / 7, 23 / 31)
        grids = Grid(7, 0.0, step[0], step[0]), Grid(31, 0.0, step[1], 1.0)
        np.testing.assert_array_equal(self.kernel.regrid(image, *grids, form), wide.astype(dtype))

    @pytest.mark.parametrize("dtype", ["uint8", "uint16"])
    def test_tables_are_looked_up(self, dtype):
        image = numbers(7, 9, 3, dtype)
        values = np.arange(WHITE[dtype] + 1)
        for kind in (np.uint8, np.uint16, np.float32):
            one = (values * 7 % 251).astype(kind)[:, None]
            each = np.concatenate([one, one[::-1], one * 0], 1)
            for table in (one, each, each[:, ::-1]):
                found = self.kernel.look_up(image, table)
                assert found.dtype == kind
                wide = np.broadcast_to(table, (len(table), 3))
                np.testing.assert_array_equal(found, np.stack([wide[image[:, :, c], c] for c in range(3)], -1))

    @pytest.mark.parametrize("dtype", KINDS)
    def test_colours_are_mixed_and_kept_within_their_range_and_alpha_stays(self, dtype):
        white = WHITE[dtype]
        image = numbers(8, 9, 4, dtype)
        image[0, :3] = 0
        image[1, :3] = white
        matrix = np.array([[1.5, -2.0, 0.5, 0.1 * white], [-1.0, 3.0, -1.0, 0], [0.25, 0.25, 0.5, -0.2 * white]])
        mixed = self.kernel.mix(image, matrix)
        np.testing.assert_array_equal(mixed[..., 3], image[..., 3])
        exact = np.clip(image[..., :3].astype(float) @ matrix[:, :3].T + matrix[:, 3], 0, white)
        near = 1e-5 if dtype == "float32" else 0.5 + white * 2.0**-12
        assert np.abs(mixed[..., :3] - exact).max() <= near
        wild = self.kernel.mix(image, np.full((3, 4), 900.0 * white))  # far beyond 32 bits
        np.testing.assert_array_equal(wild[..., :3], np.full((8, 9, 3), white, dtype))

    @pytest.mark.parametrize("dtype", ["uint8", "uint16"])
    def test_mixed_halves_are_rounded_up(self, dtype):
        values = np.arange(WHITE[dtype] + 1)
        image = np.stack([values, values, values], -1)[None].astype(dtype)
        matrix = np.array([[0.5, 0, 0, 0], [0.25, 0.25, 0, 0.5], [0, 0, -0.5, WHITE[dtype]]])
        mixed = self.kernel.mix(image, matrix)[0].astype(int)
        np.testing.assert_array_equal(mixed[:, 0], (values + 1) // 2)
        np.testing.assert_array_equal(mixed[:, 1], (values + 2) // 2)
        np.testing.assert_array_equal(mixed[:, 2], WHITE[dtype] - values // 2)

    @pytest.mark.parametrize("dtype", ["uint8", "uint16"])
    @pytest.mark.parametrize("large", [1.9, 127.9, 128.1, 255.9, 500.3, 2047.0, 30000.7])
    def test_mixed_whole_numbers_are_what_exact_sums_round_to_however_large_on_the_way(self, large, dtype):
        image = numbers(24, 25, 3, dtype)
        image[0, 0], image[0, 1], image[0, 2] = WHITE[dtype], (WHITE[dtype], 0, WHITE[dtype]), (0, WHITE[dtype], 0)
        matrix = large * np.array([[1, -1, 0.001, 0.9], [1, 0.9, 0.8, -0.7], [-1, 1, -0.01, 0.4]])
        shares = np.rint(matrix * (1 << 14)).astype(np.int64).astype(object)
        sums = image.astype(object) @ shares[:, :3].T + shares[:, 3]
        exact = np.clip((sums + (1 << 13)) >> 14, 0, WHITE[dtype]).astype(dtype)
        np.testing.assert_array_equal(self.kernel.mix(image, matrix), exact)

    def test_mixed_floats_are_red_and_green_and_blue_and_then_the_rest(self):
        image = (numbers(3, 2, 3, "float32") * np.float32(1 / 3) + np.float32(0.01)).astype(np.float32)
        matrix = np.array([[0.61, 0.3, 0.09, 0.004], [-0.2, 1.05, 0.1, -0.0095], [0.33, 0.33, 0.34, 0.1]])
        found = self.kernel.mix(image, matrix)
        assert found.view(np.uint32).ravel().tolist() == MIXED_FLOATS

    @pytest.mark.parametrize("dtype", KINDS)
    def test_scale_shift_is_one_multiplication_and_one_addition_of_float32(self, dtype):
        image = numbers(5, 6, 3, dtype)
        factor, offset = np.array([0.1, 3.0, -1 / 3], np.float32), np.array([0.7, -0.1, 1e4], np.float32)
        expected = (image.astype(np.float32) * factor).astype(np.float32) + offset
        np.testing.assert_array_equal(self.kernel.scale_shift(image, factor, offset), expected)

    @pytest.mark.parametrize("dtype", KINDS)
    @pytest.mark.parametrize("form", FORMS)
    def test_the_bits_are_those_written_down(self, form, dtype):
        image = numbers(53, 47, 3, dtype)
        found = [
            digest(self.scaled(image, 20, 31, form)),
            digest(self.scaled(image, 60, 99, form)),
            digest(self.kernel.warp(image, TURNED, (40, 44), form)),
            digest(self.kernel.warp(image, TILTED, (40, 44), form)),
        ]
        assert found == BITS[form, dtype]

    def test_the_bits_of_colours_are_those_written_down(self):
        matrix = np.array([[0.61, 0.3, 0.09, 4.0], [-0.2, 1.25, 0.1, -9.5], [0.33, 0.33, 0.34, 0.0]])
        found = [digest(self.kernel.mix(numbers(20, 30, 3, dtype), matrix)) for dtype in KINDS[:2]]
        assert found == BITS["mix"]

    @pytest.mark.parametrize("dtype", KINDS)
    def test_many_threads_at_once_get_what_one_gets(self, dtype):
        images = [photo(150 + 7 * number, 190, 3, dtype, number) for number in range(6)]

        def work(image):
            return self.scaled(image, 64, 80, "bicubic"), self.kernel.warp(image, TURNED, (90, 100), "bilinear")

        alone = [work(image) for image in images]
        with ThreadPoolExecutor(6) as pool:
            for _ in range(3):
                for one, other in zip(alone, pool.map(work, images), strict=True):
                    np.testing.assert_array_equal(one[0], other[0])
                    np.testing.assert_array_equal(one[1], other[1])


BITS = {
    ("nearest", "uint8"): ["1d1e4f51a14d7177", "431d74808ea1235f", "9a8ff37f21657042", "6fbb8e4eae2311b5"],
    ("nearest", "uint16"): ["3c7fd79b799d05fa", "7f97478778ed206f", "521ed3cc17da99c1", "4babceb762e5c231"],
    ("nearest", "float32"): ["28c68d6f597c541a", "1883d56750cafdaa", "3565d2a7bcd327d7", "935253ba8a18d0a0"],
    ("bilinear", "uint8"): ["44b97cb7a8cbe2ce", "092f84c20fe71a6a", "6867afb8a8fc8217", "9d428a7b06cf0063"],
    ("bilinear", "uint16"): ["80a8a1b137089b74", "6d8017c7cbdd17ce", "1c11a8acf827914e", "be915b56a23e8bdb"],
    ("bilinear", "float32"): ["189b05657d17acb4", "4a4fdc8b057940ee", "d812f622ee46ad8d", "be49832e324a38b7"],
    ("bicubic", "uint8"): ["4446172eba4db845", "50e861f16b48dd57", "7f75a57de0e1cbba", "7cfe0150d4b3b806"],
    ("bicubic", "uint16"): ["fa7e7f6e11d3172a", "868389999f8db872", "728476a9b466519b", "e00e2f4ee02bb130"],
    ("bicubic", "float32"): ["f7ade97d35054e35", "38fd05d558f1cc93", "7e0d4f7c6bb37e55", "27842b37576b8f29"],
    "mix": ["eb1b7fe5f1b2ab84", "f70b167dbfb7116e"],
}
MIXED_FLOATS = [
    *(0x3DA978D5, 0x3E653333, 0x3E515C2A, 0x3E726715, 0x3DE1DDDE, 0x3E87E4B2, 0x3E5FAB5A, 0x3DC82222, 0x3EA906D4),
    *(0x3E2D85CE, 0x3D55DDDD, 0x3E9023D7, 0x3DF79426, 0x3BA6665E, 0x3E6E81B6, 0x3E30BC6A, 0x3E9E4CCD, 0x3E96AE15),
]
"""Of which any other order of the sums gives at least one otherwise, and so do fused additions and float64."""
