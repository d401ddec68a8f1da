"""Rows of epochs: which is the best, what they say, and the table that they are in."""

import pytest

from feedline.train.rows import Row, as_table, best_row, read_rows, row_dict

ROWS = [Row(1, 2.5, 1.5, 0.25, 1234.5, 0.125), Row(2, 1.25, 1.0, 0.5, 99.0, 0.0)]


def row(epoch, accuracy, loss):
    return Row(epoch, 1.0, loss, accuracy, 1.0, 0.0)


@pytest.mark.parametrize(
    ("rows", "epoch"),
    [
        ([row(1, 0.5, 1.0)], 1),
        ([row(1, 0.5, 0.1), row(2, 0.6, 9.0)], 2),
        ([row(1, 0.5, 1.0), row(2, 0.5, 0.9), row(3, 0.4, 0.1)], 2),
        ([row(1, 0.5, 1.0), row(2, 0.5, 1.0), row(3, 0.5, 1.0)], 1),
        ([row(1, 0.5, float("nan")), row(2, 0.5, 1.0)], 2),
        ([row(1, 0.5, 1.0), row(2, 0.5, float("nan"))], 1),
    ],
)
def test_best_is_the_highest_accuracy_then_the_lowest_loss_then_the_first(rows, epoch):
    assert best_row(rows).epoch == epoch


def test_a_row_as_numbers():
    assert row_dict(ROWS[0]) == {
        "epoch": 1.0, "train_loss": 2.5, "val_loss": 1.5, "val_accuracy": 0.25,
        "images_per_second": 1234.5, "data_wait_share": 0.125,
    }  # fmt: skip


def test_a_table_comes_back_as_it_was(tmp_path):
    (tmp_path / "results.csv").write_text(as_table(Row, ROWS))
    assert read_rows(tmp_path / "results.csv", Row) == ROWS
    assert read_rows(tmp_path / "none.csv", Row) == []


def test_a_row_in_words():
    assert ROWS[0].words == "train_loss 2.5000  val_loss 1.5000  val_accuracy  25.00 %"
