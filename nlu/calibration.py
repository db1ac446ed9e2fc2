"""Makes confidences mean what they say, from margins of examples the model had not seen."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

_WANTED_RECALL = 0.97
_MOST_FALSE_ALARMS = 0.01


def fit_sharpness(margins: NDArray[np.float64], labels: NDArray[np.intp]) -> float:
    """Return the factor on the margins under which softmax fits held-out answers best.

    This is temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks").
    """
    rows = np.arange(len(labels))

    def loss(sharpness: float) -> float:
        scaled = sharpness * margins
        top = scaled.max(1, keepdims=True)
        logs = scaled - top - np.log(np.exp(scaled - top).sum(1, keepdims=True))
        return float(-logs[rows, labels].mean())

    return round(float(minimize_scalar(loss, bounds=(0.2, 20), method="bounded").x), 4)


def early_threshold(margins: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the margin above which an intent is called before all others.

    As low as catches the wanted share of its held-out examples, but never so low that more than
    one in a hundred of the other messages would be called it.
    """
    if not positive.any() or positive.all():
        return 0.0
    for_recall = float(np.quantile(margins[positive], 1 - _WANTED_RECALL))
    for_calm = float(np.quantile(margins[~positive], 1 - _MOST_FALSE_ALARMS))
    return round(max(for_recall, for_calm), 4)
