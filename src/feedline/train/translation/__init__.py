"""From images to images: a conditional GAN beside L1, as pix2pix trains it (Isola et al., arXiv 1611.07004)."""

from feedline.train.translation.evaluate import TranslationJudgement, judge_translation
from feedline.train.translation.learning import TranslationLearning
from feedline.train.translation.objective import Objective, adversarial_loss
from feedline.train.translation.steps import TranslationEvents, losses_of, translation_step, translator

__all__ = [
    "Objective",
    "TranslationEvents",
    "TranslationJudgement",
    "TranslationLearning",
    "adversarial_loss",
    "judge_translation",
    "losses_of",
    "translation_step",
    "translator",
]
