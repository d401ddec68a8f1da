"""Loss, accuracy and confusion of one pass."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from feedline.train.evaluate import Judgement, judge

CPU = torch.device("cpu")


class Says(torch.nn.Module):
    """Takes an image for the class that its first pixel names; notes in which mode it was asked."""

    def __init__(self):
        super().__init__()
        self.modes = set()

    def forward(self, images):
        self.modes.add(self.training)
        return 3.0 * torch.nn.functional.one_hot(images[:, 0].long(), 3)


def batches(said, true, size):
    images = torch.tensor(said, dtype=torch.float32)[:, None]
    labels = torch.tensor(true)
    return list(zip(images.split(size), labels.split(size), strict=True))


def test_rows_are_true_and_columns_predicted():
    judgement = judge(Says(), batches([0, 1, 1, 2, 0], [0, 0, 0, 2, 2], 2), 3, CPU)
    assert judgement.confusion.tolist() == [[1, 2, 0], [0, 0, 0], [1, 0, 1]]
    assert judgement.accuracy == pytest.approx(2 / 5)
    assert judgement.per_class() == [pytest.approx(1 / 3), None, 0.5]


def test_the_loss_is_the_mean_over_samples_whatever_the_batches():
    said, true = [0, 1, 1, 2, 0], [0, 0, 0, 2, 2]
    logits = Says()(torch.tensor(said)[:, None])
    for size in (1, 2, 4, 5):
        loss = judge(Says(), batches(said, true, size), 3, CPU).loss
        assert loss == pytest.approx(float(cross_entropy(logits, torch.tensor(true))), abs=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_judges_in_evaluation_mode_and_puts_the_mode_back(training):
    model = Says().train(training)
    judge(model, batches([0], [0], 1), 3, CPU)
    assert model.modes == {False}
    assert model.training is training


def test_puts_the_mode_back_after_an_error():
    model = Says()
    with pytest.raises(ZeroDivisionError):
        judge(model, (1 / 0 for _ in range(1)), 3, CPU)
    assert model.training


def test_per_class_of_counts():
    assert Judgement(0.0, 0.5, torch.tensor([[1, 3], [0, 4]])).per_class() == [0.25, 1.0]
