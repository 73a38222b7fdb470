"""How many floating-point operations a training step and a picture take, from the layers' shapes.

Counted as direct convolutions, a multiply and an add apart, with nothing skipped at the borders and nothing but
convolutions and matrix products. An engine that needs fewer operations for the same result (cGAN's class picture, once a
class instead of once per image, say) shows more GFLOP/s by this count than it executes: they are *effective* GFLOP/s.
"""

from __future__ import annotations

from dataclasses import dataclass

LATENT, CLASSES, CLASS_HIDDEN = 100, 10, 128
FILTER_TAPS = 4 * 4
FEATURES = 64 * 7 * 7
OUTER = 14 * 14 * 32 * FILTER_TAPS  # 28x28x1 <-> 14x14x32
MODELS = ("gan", "cgan", "acgan")


@dataclass(frozen=True)
class Layer:
    """A layer's work on one image."""

    multiply_adds: int  # of one pass; a gradient of the inputs or of the weights takes as many
    forward: int  # passes a step
    input_gradients: float
    weight_gradients: int

    def in_a_step(self) -> float:
        """Multiply-adds of a training step."""
        return self.multiply_adds * (self.forward + self.input_gradients + self.weight_gradients)


def inner(channels: int) -> int:
    """14x14 with so many channels <-> 7x7x64."""
    return 7 * 7 * 64 * channels * FILTER_TAPS


def generator(model: str) -> list[Layer]:
    """G draws once and learns once; nobody asks for the gradient of its noise."""
    inputs = LATENT + (0 if model == "gan" else CLASSES)
    return [
        Layer(inputs * FEATURES, forward=1, input_gradients=0, weight_gradients=1),
        Layer(inner(32), forward=1, input_gradients=1, weight_gradients=1),
        Layer(OUTER, forward=1, input_gradients=1, weight_gradients=1),
    ]


def discriminator(model: str) -> list[Layer]:
    """D judges real images, fakes, and fakes again for G; it learns from the first two, and G from the third."""
    def judged(multiply_adds: int, input_gradients: float = 3) -> Layer:
        return Layer(multiply_adds, forward=3, input_gradients=input_gradients, weight_gradients=2)

    sees_class, predicts_class = model == "cgan", model == "acgan"
    layers = [
        judged(OUTER, input_gradients=1),  # its inputs are images: only G wants their gradient
        # Of the 64 channels, G wants the gradient of the image's half.
        judged(inner(64), input_gradients=2.5) if sees_class else judged(inner(32)),
        judged(FEATURES),
    ]
    if sees_class:
        layers.append(judged(OUTER, input_gradients=2))  # the class's picture: G does not learn through it
    if predicts_class:
        layers += [judged(FEATURES * CLASS_HIDDEN), judged(CLASS_HIDDEN * CLASSES)]
    return layers


def step_gflop(model: str, batch: int) -> float:
    """Billions of operations of a training step."""
    multiply_adds = sum(layer.in_a_step() for layer in generator(model) + discriminator(model))
    return 2 * multiply_adds * batch / 1e9


def picture_gflop(model: str) -> float:
    """Billions of operations that draw one picture."""
    return 2 * sum(layer.multiply_adds for layer in generator(model)) / 1e9
