"""From images to images: a conditional GAN beside L1, as pix2pix trains it (Isola et al., arXiv 1611.07004)."""

from feedline.train.translation.engine import TranslationOutcome, TranslationTraining, fit_translator
from feedline.train.translation.evaluate import TranslationJudgement, judge_translation
from feedline.train.translation.learning import TranslationLearning
from feedline.train.translation.objective import Objective, adversarial_loss
from feedline.train.translation.preprocess import judged_pairs, learnt_pairs
from feedline.train.translation.sheets import Shown, pair_sheet
from feedline.train.translation.steps import TranslationEvents, translation_step, translator

__all__ = [
    "Objective",
    "Shown",
    "TranslationEvents",
    "TranslationJudgement",
    "TranslationLearning",
    "TranslationOutcome",
    "TranslationTraining",
    "adversarial_loss",
    "fit_translator",
    "judge_translation",
    "judged_pairs",
    "learnt_pairs",
    "pair_sheet",
    "translation_step",
    "translator",
]
