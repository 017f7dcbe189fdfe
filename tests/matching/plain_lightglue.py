"""LightGlue as its paper writes it, point by point in float64, to compare with."""

from __future__ import annotations

import math

import numpy as np

HEADS = 4


class Plain:
    """Args: weights by the published names; and the descriptors and places of two pictures."""

    def __init__(self, weights: dict[str, np.ndarray], layers: int) -> None:
        self.weights = {name: array.astype(np.float64) for name, array in weights.items()}
        self.layers = layers

    def __call__(self, one, other, places, other_places) -> np.ndarray:
        """The score of each match, [m, n]."""
        x, y = self.linear(one, "input_proj"), self.linear(other, "input_proj")
        for layer in range(self.layers):
            name = f"transformers.{layer}"
            x = self.own(x, places, f"{name}.self_attn")
            y = self.own(y, other_places, f"{name}.self_attn")
            x, y = self.across(x, y, f"{name}.cross_attn"), self.across(y, x, f"{name}.cross_attn")
        return self.scores(x, y, f"log_assignment.{self.layers - 1}")

    def linear(self, x, name):
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def own(self, x, places, name):
        n, d = x.shape
        size = d // HEADS
        looks = self.linear(x, f"{name}.Wqkv").reshape(n, HEADS, size, 3)
        found = np.zeros((n, HEADS, size))
        for head in range(HEADS):
            query, key, value = np.moveaxis(looks[:, head], -1, 0)
            query, key = self.turned(query, places), self.turned(key, places)
            found[:, head] = attend(query, key, value)
        return self.behind(x, found.reshape(n, d), name, "out_proj")

    def turned(self, x, places):
        """Each two numbers are a point of a plane, which is turned by an angle."""
        angle = places @ self.weights["posenc.Wr.weight"].T
        plane = x[:, 0::2] + 1j * x[:, 1::2]
        plane = plane * np.exp(1j * angle)
        return np.stack([plane.real, plane.imag], -1).reshape(x.shape)

    def across(self, x, y, name):
        size = x.shape[1] // HEADS
        query, key = self.linear(x, f"{name}.to_qk"), self.linear(y, f"{name}.to_qk")
        value = self.linear(y, f"{name}.to_v")
        parts = [slice(head * size, (head + 1) * size) for head in range(HEADS)]
        found = [attend(query[:, part], key[:, part], value[:, part]) for part in parts]
        return self.behind(x, np.concatenate(found, 1), name, "to_out")

    def behind(self, x, found, name, out):
        both = np.concatenate([x, self.linear(found, f"{name}.{out}")], 1)
        hidden = self.linear(both, f"{name}.ffn.0")
        hidden = hidden - hidden.mean(1, keepdims=True)
        hidden = hidden / np.sqrt((hidden**2).mean(1, keepdims=True) + 1e-5)
        hidden = hidden * self.weights[f"{name}.ffn.1.weight"]
        hidden = hidden + self.weights[f"{name}.ffn.1.bias"]
        normal = np.vectorize(lambda value: (1 + math.erf(value / math.sqrt(2))) / 2)
        return x + self.linear(hidden * normal(hidden), f"{name}.ffn.3")

    def scores(self, x, y, name):
        one, other = (self.linear(each, f"{name}.final_proj") for each in (x, y))
        alike = one @ other.T / np.sqrt(x.shape[1])
        sure, other_sure = (
            1 / (1 + np.exp(-self.linear(each, f"{name}.matchability"))) for each in (x, y)
        )
        return softmax(alike) * softmax(alike.T).T * sure * other_sure.T


def attend(query, key, value):
    return softmax(query @ key.T / np.sqrt(query.shape[1])) @ value


def softmax(x):
    x = np.exp(x - x.max(1, keepdims=True))
    return x / x.sum(1, keepdims=True)
