"""An epoch of a translator."""

import math

from feedline.train.rows import as_table, best_row, read_rows
from feedline.train.translation.rows import TranslationRow


def row(epoch, l1, gan=0.7, ssim=0.5):
    return TranslationRow(epoch, 0.0002, gan, 0.1, 0.2, 0.3, l1, 20.0, ssim, 10.0, 0.25)


def test_the_best_is_the_lowest_l1_and_of_equals_the_first():
    assert best_row([row(1, 0.3), row(2, 0.1), row(3, 0.1), row(4, math.nan)]).epoch == 2


def test_a_table_comes_back_as_it_was(tmp_path):
    rows = [row(1, 0.25), row(2, 0.125)]
    (tmp_path / "results.csv").write_text(as_table(TranslationRow, rows))
    assert read_rows(tmp_path / "results.csv", TranslationRow) == rows


def test_words_leave_out_what_there_is_not():
    assert row(1, 0.25).words == "gan 0.700  l1 0.1000  val_l1 0.2500  psnr 20.00 dB  ssim 0.5000"
    assert row(1, 0.25, math.nan, math.nan).words == "l1 0.1000  val_l1 0.2500  psnr 20.00 dB"
