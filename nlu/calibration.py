"""Makes confidences mean what they say, from margins of examples the model had not seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

# How much the lead over the second intent, and knowing the words at all, count beside the margin.
# Chosen on the public CLINC150 set by leaving whole intents out of training.
_LEAD, _FAMILIAR = 0.3, 0.4
_WANTED_RECALL = 0.97
# Of the training messages, many of which were written to mislead: a third of this in real life.
_MOST_FALSE_ALARMS = 0.026


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns margins into confidences.

    The first intent's confidence is the share of right answers among held-out messages like it;
    `sharpness` divides what is left among the others.
    """

    slope: float
    intercept: float
    sharpness: float

    def confidences(self, margins: Doubles, familiarity: float) -> Doubles:
        """Return confidences from 0 to 1 that sum to 1, in the order of `margins`.

        `familiarity` is the share of the message's words that training has seen, 0..1.
        """
        shares: Doubles = np.exp(self.sharpness * (margins - margins.max()))
        shares /= shares.sum()
        first = int(shares.argmax())
        evidence = float(_evidence(margins[None, :], np.array([familiarity]))[0])
        sure = 1 / (1 + np.exp(-(self.slope * evidence + self.intercept)))
        sure = max(float(sure), 1 / len(margins))
        rest = 1 - float(shares[first])
        out = shares * ((1 - sure) / rest) if rest > 1e-9 else np.zeros_like(shares)
        out = np.minimum(out, sure)  # the first stays first
        out[first] = sure
        return out


def fit(margins: Doubles, labels: NDArray[np.intp], familiarity: Doubles) -> Calibration:
    """Fit to held-out margins: Platt's sigmoid for the first, temperature for the others."""
    right = (margins.argmax(1) == labels).astype(np.float64)
    evidence = _evidence(margins, familiarity)

    def loss(parameters: Doubles) -> float:
        logits = parameters[0] * evidence + parameters[1]
        return float(np.mean(np.logaddexp(0, logits) - right * logits))

    from scipy.optimize import minimize  # only training pays for its half second

    slope, intercept = minimize(loss, np.array([2.0, 0.0]), method="Nelder-Mead").x
    return Calibration(
        round(max(float(slope), 0.1), 4),
        round(float(intercept), 4),
        _fit_sharpness(margins, labels),
    )


def _evidence(margins: Doubles, familiarity: Doubles) -> Doubles:
    top = np.sort(margins, axis=1)[:, -2:]
    out: Doubles = top[:, 1] + _LEAD * (top[:, 1] - top[:, 0]) + _FAMILIAR * familiarity
    return out


def _fit_sharpness(margins: Doubles, labels: NDArray[np.intp]) -> float:
    """Return the factor on the margins under which softmax fits held-out answers best.

    This is temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks").
    """
    rows = np.arange(len(labels))

    def loss(sharpness: float) -> float:
        scaled = sharpness * margins
        top = scaled.max(1, keepdims=True)
        logs = scaled - top - np.log(np.exp(scaled - top).sum(1, keepdims=True))
        return float(-logs[rows, labels].mean())

    from scipy.optimize import minimize_scalar  # only training pays for its half second

    return round(float(minimize_scalar(loss, bounds=(0.2, 20), method="bounded").x), 4)


def lead(margins: Doubles, column: int) -> Doubles:
    """Return how far an intent lies ahead, for rows of margins: its own less half the best other's.

    Half, because a message that is surely a lamp's fault is less surely a fire's, and no more.
    """
    others: Doubles = np.delete(margins, column, axis=-1).max(axis=-1)
    out: Doubles = margins[..., column] - others / 2
    return out


def early_threshold(margins: Doubles, positive: NDArray[np.bool_]) -> float:
    """Return the lead above which an intent is called before all others.

    As low as catches the wanted share of its held-out examples, but never so low that more than
    the bearable share of the others would be called it.
    """
    if not positive.any() or positive.all():
        return 0.0
    for_recall = float(np.quantile(margins[positive], 1 - _WANTED_RECALL))
    for_calm = float(np.quantile(margins[~positive], 1 - _MOST_FALSE_ALARMS))
    return round(max(for_recall, for_calm), 4)


def calibration_error(confidences: Doubles, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the expected calibration error: how far confidence and share of hits lie apart."""
    edges = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = [
        (edges == b).mean() * abs(confidences[edges == b].mean() - right[edges == b].mean())
        for b in np.unique(edges)
    ]
    return round(float(np.sum(gaps)), 4)
