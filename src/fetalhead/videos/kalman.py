"""A Kalman filter and the Rauch-Tung-Striebel smoother for values that move with an acceleration which changes slowly.

State of each value: place, speed and acceleration; the acceleration takes a random walk of density q (unit^2 / s^5).
Values of one group share q and the noise of their measurements, so that they share one covariance and one gain
(Bar-Shalom 2001, 6.2.3; Rauch, Tung and Striebel 1965).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

LONGEST_S = 10.0
"""After so long nothing is known of a value any more: longer steps are taken for this one, whose covariance numbers of
64 bits still hold beside that of a measurement."""


@dataclass(slots=True)
class Filter:
    """The filter of one group of values, step by step."""

    density: float
    """q."""
    mean: FloatArray
    """(3, D) places, speeds and accelerations."""
    covariance: FloatArray
    """(3, 3)."""

    @classmethod
    def start(cls, values: FloatArray, variance: float, speed: float, acceleration: float, density: float) -> Filter:
        """From a first measurement of (D,) values; `speed` and `acceleration` are the SDs of what is not yet known."""
        mean = np.zeros((3, len(values)))
        mean[0] = values
        return cls(density, mean, np.diag([variance, speed**2, acceleration**2]))

    def predict(self, seconds: float) -> None:
        step, grown = _step(seconds), _grown(seconds)
        self.mean = step @ self.mean
        self.covariance = step @ self.covariance @ step.T + self.density * grown

    def update(self, values: FloatArray, variance: float) -> None:
        """Take in a measurement of (D,) values."""
        gain = self.covariance[:, 0] / (self.covariance[0, 0] + variance)
        self.mean = self.mean + np.outer(gain, values - self.mean[0])
        self.covariance = self.covariance - np.outer(gain, self.covariance[0])


def smooth(
    times: FloatArray, values: FloatArray, variances: FloatArray, first: Filter
) -> tuple[FloatArray, FloatArray]:
    """Smoothed (N, D) values at (N,) rising `times`, and their (N,) variance, from measurements before and after.

    A measurement of infinite variance is none: what is there is what its neighbours tell. `first` has taken in the
    first one.
    """
    count, width = values.shape
    means, covariances = np.empty((count, 3, width)), np.empty((count, 3, 3))
    ahead_means, ahead_covariances = np.empty((count, 3, width)), np.empty((count, 3, 3))
    for number in range(count):
        if number:
            first.predict(float(times[number] - times[number - 1]))
            ahead_means[number], ahead_covariances[number] = first.mean, first.covariance
            if np.isfinite(variances[number]):
                first.update(values[number], float(variances[number]))
        means[number], covariances[number] = first.mean, first.covariance
    for number in range(count - 2, -1, -1):
        step = _step(float(times[number + 1] - times[number]))
        gain = np.linalg.solve(ahead_covariances[number + 1], step @ covariances[number]).T
        means[number] += gain @ (means[number + 1] - ahead_means[number + 1])
        covariances[number] += gain @ (covariances[number + 1] - ahead_covariances[number + 1]) @ gain.T
    return means[:, 0], covariances[:, 0, 0]


def _step(seconds: float) -> FloatArray:
    seconds = min(seconds, LONGEST_S)
    return np.array([[1.0, seconds, seconds**2 / 2], [0.0, 1.0, seconds], [0.0, 0.0, 1.0]])


def _grown(seconds: float) -> FloatArray:
    """Covariance that the random walk adds, for q = 1."""
    s = min(seconds, LONGEST_S)
    return np.array(
        [[s**5 / 20, s**4 / 8, s**3 / 6], [s**4 / 8, s**3 / 3, s**2 / 2], [s**3 / 6, s**2 / 2, s]]
    )
