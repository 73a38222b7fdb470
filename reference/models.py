"""The three GANs in PyTorch, as plain as they can be written: the truth that the Rust engine is checked against.

What the variants differ in is a table:

| variant | G sees the class | D sees the class | D predicts the class |
| ------- | ---------------- | ---------------- | -------------------- |
| gan     | no               | no               | no                   |
| cgan    | yes              | yes              | no                   |
| acgan   | yes              | no               | yes                  |

Beyond the paper, D may be built otherwise (`Design`), and the losses may be others (`Losses`).

Module attribute names are the state-dict names of digitgan's files. Images are
[batch, 1, 28, 28] in [-1, 1]; discriminators answer in logits, never in probabilities.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LATENT = 100
SIDE = 28


@dataclass(frozen=True)
class Wiring:
    """Where a variant uses the class."""

    generator_sees_class: bool
    discriminator_sees_class: bool
    discriminator_predicts_class: bool


VARIANTS: dict[str, Wiring] = {
    "gan": Wiring(False, False, False),
    "cgan": Wiring(True, True, False),
    "acgan": Wiring(True, False, True),
}


@dataclass(frozen=True)
class Design:
    """How D is built; the defaults are the paper's."""

    leak: float = 0.0  # slope of the rectifiers behind D's convolutions, below zero; the class head's is a ReLU
    spectral: bool = False  # weights divided by their largest singular value, a bias in place of each BatchNorm
    projection: bool = False  # the class is an inner product with the features, no plane beside them; in ACGAN's D too
    hidden: bool = False  # a hidden layer between features and logits; a projected class meets its units
    pack: int = 1  # images that D sees together


@dataclass(frozen=True)
class Losses:
    """What D and G minimise, but for the classes; the defaults are the paper's."""

    saturating: bool = False
    hinge: bool = False
    relativistic: bool = False  # D tells which of a pair is real: softplus of differences of logits
    label_smoothing: float = 0.0  # how far below one D's target for real images is; not with hinge
    fake_class_weight: float = 1.0  # of the class of generated images, in D's loss and in G's

    def real(self, logits: Tensor) -> Tensor:
        """D's loss of real images."""
        if self.hinge:
            return F.relu(1.0 - logits).mean()
        loss = F.softplus(-logits)  # -log D(x)
        if self.label_smoothing:
            loss = (1.0 - self.label_smoothing) * loss + self.label_smoothing * F.softplus(logits)
        return loss.mean()

    def fake(self, logits: Tensor) -> Tensor:
        """D's loss of fakes."""
        return F.relu(1.0 + logits).mean() if self.hinge else F.softplus(logits).mean()

    def generator(self, logits: Tensor) -> Tensor:
        """G's loss of D's logits of its fakes."""
        if self.hinge:
            return -logits.mean()
        return -F.softplus(logits).mean() if self.saturating else F.softplus(-logits).mean()


class Spectral(nn.Module):
    """A layer whose weight W, one row per output, is divided by sigma = |W'u|, its largest singular value nearly.

    u is a buffer and v = W'u / |W'u|; both are constants to the gradient of sigma = u'Wv. Only `follow` moves u:
    torch's `spectral_norm` does so in every forward pass in training mode, digitgan once per step, after Adam.
    """

    def __init__(self, *args: int, **kwargs: int | bool) -> None:
        super().__init__(*args, **kwargs)
        outputs = self.weight.shape[0]
        self.register_buffer("weight_u", torch.full((outputs,), 1.0 / math.sqrt(outputs)))
        self.v: Tensor | None = None  # that of the last pass

    def normalised(self) -> Tensor:
        """The weight as the pass sees it."""
        matrix = self.weight.flatten(1)
        self.v = F.normalize(matrix.detach().T @ self.weight_u, dim=0)
        sigma = self.weight_u @ matrix @ self.v
        return self.weight / sigma

    @torch.no_grad()
    def follow(self) -> None:
        """One power iteration: u of the present weight, from v of the last pass."""
        self.weight_u = F.normalize(self.weight.flatten(1) @ self.v, dim=0)


class SpectralConv2d(Spectral, nn.Conv2d):
    """A convolution with such a weight."""

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.normalised(), self.bias, self.stride, self.padding)


class SpectralLinear(Spectral, nn.Linear):
    """A fully connected layer with such a weight."""

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.normalised(), self.bias)


class Generator(nn.Module):
    """Noise (and class) to image: three transposed convolutions, 1x1 -> 7x7 -> 14x14 -> 28x28."""

    def __init__(self, variant: str, classes: int, latent: int = LATENT) -> None:
        super().__init__()
        self.classes = classes
        self.sees_class = VARIANTS[variant].generator_sees_class
        inputs = latent + (classes if self.sees_class else 0)
        self.deconv1 = nn.ConvTranspose2d(inputs, 64, 7, bias=False)
        self.bn1 = nn.BatchNorm2d(64, eps=1e-5, momentum=0.1)
        self.deconv2 = nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(32, eps=1e-5, momentum=0.1)
        self.deconv3 = nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1, bias=True)
        initialise(self)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """[batch, latent], [batch] -> [batch, 1, 28, 28]. Labels are ignored where the variant has no use for them."""
        if self.sees_class:
            z = torch.cat([z, F.one_hot(labels, self.classes).to(z.dtype)], dim=1)
        x = z[:, :, None, None]
        x = F.relu(self.bn1(self.deconv1(x)))
        x = F.relu(self.bn2(self.deconv2(x)))
        return torch.tanh(self.deconv3(x))


class Discriminator(nn.Module):
    """Image (and class) to a source logit, and to class logits where the variant predicts the class."""

    def __init__(self, variant: str, classes: int, design: Design = Design()) -> None:
        super().__init__()
        wiring = VARIANTS[variant]
        self.design = design
        self.sees_plane = wiring.discriminator_sees_class and not design.projection
        told = wiring.discriminator_sees_class or wiring.discriminator_predicts_class
        self.sees_projection = told and design.projection
        self.predicts_class = wiring.discriminator_predicts_class
        convolution = SpectralConv2d if design.spectral else nn.Conv2d
        inputs = 64 if self.sees_plane else 32
        self.conv1 = convolution(design.pack, 32, 4, stride=2, padding=1, bias=design.spectral)
        self.bn1 = nn.Identity() if design.spectral else nn.BatchNorm2d(32, eps=1e-5, momentum=0.1)
        self.conv2 = convolution(inputs, 64, 4, stride=2, padding=1, bias=design.spectral)
        self.bn2 = nn.Identity() if design.spectral else nn.BatchNorm2d(64, eps=1e-5, momentum=0.1)
        if design.hidden:
            linear = SpectralLinear if design.spectral else nn.Linear
            self.source_hidden = linear(64 * 7 * 7, 128)
            self.source_output = linear(128, classes if self.sees_projection else 1)
        else:
            self.source = convolution(64, 1, 7, bias=True)
            if self.sees_projection:
                self.class_projection = convolution(64, classes, 7, bias=False)
        if self.sees_plane:
            self.class_embedding = nn.Embedding(classes, SIDE * SIDE)
            self.class_conv = nn.Conv2d(1, 32, 4, stride=2, padding=1, bias=True)
        if self.predicts_class:
            self.class_hidden = nn.Linear(64 * 7 * 7, 128)
            self.class_output = nn.Linear(128, classes)
        initialise(self)

    def rectify(self, x: Tensor) -> Tensor:
        """The rectifier behind D's convolutions."""
        return F.leaky_relu(x, self.design.leak) if self.design.leak else F.relu(x)

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor | None]:
        """[batch, 1, 28, 28], [batch] -> source logits [batch], class logits [batch, classes] or None.

        In packs, D sees image i with those batch / pack, twice that and so on behind it, which are of its class;
        answers are [batch / pack].
        """
        if self.design.pack > 1:
            images = images.view(self.design.pack, -1, SIDE, SIDE).transpose(0, 1)
            labels = labels[: images.shape[0]]
        x = self.rectify(self.bn1(self.conv1(images)))
        if self.sees_plane:
            plane = self.class_embedding(labels).view(-1, 1, SIDE, SIDE)
            x = torch.cat([x, self.class_conv(plane)], dim=1)  # image features first
        features = self.rectify(self.bn2(self.conv2(x)))
        source_logits = self.judge(features, labels)
        if not self.predicts_class:
            return source_logits, None
        hidden = F.relu(self.class_hidden(features.flatten(1)))  # flattened channels first: c, y, x
        return source_logits, self.class_output(hidden)

    def judge(self, features: Tensor, labels: Tensor) -> Tensor:
        """[batch, 64, 7, 7], [batch] -> source logits [batch]."""
        if self.design.hidden:
            outputs = self.source_output(F.relu(self.source_hidden(features.flatten(1))))
            return outputs.gather(1, labels[:, None]).flatten() if self.sees_projection else outputs.flatten()
        logits = self.source(features).flatten()
        if self.sees_projection:
            of_classes = self.class_projection(features).flatten(1)
            logits = logits + of_classes.gather(1, labels[:, None]).flatten()
        return logits

    def follow(self) -> None:
        """Lets what is known of the weights' singular values follow a change of the weights."""
        if self.design.spectral:
            for module in self.modules():
                if isinstance(module, Spectral):
                    module.follow()


def initialise(model: nn.Module) -> None:
    """DCGAN's initialisation.

    Convolution weights ~ N(0, 0.02), their biases 0; BatchNorm scale ~ N(1, 0.02), shift 0.
    Linear weights and biases ~ U(-1/sqrt(fan_in), 1/sqrt(fan_in)) and embeddings ~ N(0, 1): PyTorch's defaults.
    """
    for module in model.modules():
        match module:
            case nn.Conv2d() | nn.ConvTranspose2d():
                nn.init.normal_(module.weight, 0.0, 0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            case nn.BatchNorm2d():
                nn.init.normal_(module.weight, 1.0, 0.02)
                nn.init.zeros_(module.bias)
            case nn.Linear():
                bound = 1.0 / math.sqrt(module.in_features)
                nn.init.uniform_(module.weight, -bound, bound)
                nn.init.uniform_(module.bias, -bound, bound)
            case nn.Embedding():
                nn.init.normal_(module.weight, 0.0, 1.0)


def parameter_count(model: nn.Module) -> int:
    """Trainable numbers in a model."""
    return sum(p.numel() for p in model.parameters())


def adam(model: nn.Module, **kwargs: object) -> torch.optim.Adam:
    """The optimiser of the protocol; keyword arguments choose PyTorch's implementation of it."""
    return torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.5, 0.999), eps=1e-8, **kwargs)


def class_loss(logits: Tensor | None, labels: Tensor, like: Tensor) -> Tensor:
    """Mean cross-entropy of the class; zero where there are no class logits. A pack's class is its first image's."""
    return like.new_zeros(()) if logits is None else F.cross_entropy(logits, labels[: logits.shape[0]])


@torch.no_grad()
def look(discriminator: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """D's source logits of a batch by the batch's own statistics; the running ones stay as they are."""
    layers = [module for module in discriminator.modules() if isinstance(module, nn.BatchNorm2d)]
    for layer in layers:
        layer.momentum = 0.0
    logits, _ = discriminator(images, labels)
    for layer in layers:
        layer.momentum = 0.1
    return logits


def train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    opt_g: torch.optim.Optimizer,
    opt_d: torch.optim.Optimizer,
    real: Tensor,
    labels: Tensor,
    z: Tensor,
    fake_labels: Tensor,
    losses: Losses = Losses(),
) -> dict[str, Tensor]:
    """One step: D on real and on fake separately, then G through the updated D with the same fakes.

    Both models stay in training mode, so D's running statistics move three times: real, fake, fake. Where D has
    spectral normalisation, its u moves once, after D's update: both of D's passes divide by the same sigma.
    No gradient reaches D's parameters in G's half. Gradients of both models are left in `.grad`.

    Returns detached tensors: scalars (losses, means of D's probabilities) and, for inspection,
    the fake images and the logits. Nothing is read back to Python, so nothing waits.
    """
    fake = generator(z, fake_labels)

    # D: maximise log D(x) + log(1 - D(G(z))) [+ both class likelihoods].
    opt_d.zero_grad(set_to_none=True)
    real_source, real_class = discriminator(real, labels)
    fake_source, fake_class = discriminator(fake.detach(), fake_labels)
    d_class_real = class_loss(real_class, labels, real)
    d_class_fake = losses.fake_class_weight * class_loss(fake_class, fake_labels, real)
    if losses.relativistic:
        d_source = F.softplus(fake_source - real_source).mean()
    else:
        d_source = losses.real(real_source) + losses.fake(fake_source)
    d_loss = d_source + d_class_real + d_class_fake
    d_loss.backward()
    opt_d.step()
    discriminator.follow()

    # G: maximise log D(G(z)), or minimise log(1 - D(G(z))) where saturating [+ the class likelihood].
    opt_g.zero_grad(set_to_none=True)
    discriminator.requires_grad_(False)
    real_after = look(discriminator, real, labels) if losses.relativistic else None
    after_source, after_class = discriminator(fake, fake_labels)
    g_class = losses.fake_class_weight * class_loss(after_class, fake_labels, real)
    if real_after is not None:
        g_loss = F.softplus(real_after - after_source).mean() + g_class
    else:
        g_loss = losses.generator(after_source) + g_class
    g_loss.backward()
    opt_g.step()
    discriminator.requires_grad_(True)

    results = {
        "d_loss": d_loss,
        "g_loss": g_loss,
        "d_class_real": d_class_real,
        "d_class_fake": d_class_fake,
        "g_class": g_class,
        "d_real_mean": real_source.sigmoid().mean(),
        "d_fake_mean_before": fake_source.sigmoid().mean(),
        "d_fake_mean_after": after_source.sigmoid().mean(),
        "fake": fake,
        "real_source_logits": real_source,
        "fake_source_logits_before": fake_source,
        "fake_source_logits_after": after_source,
    }
    if real_class is not None:
        results |= {
            "real_class_logits": real_class,
            "fake_class_logits_before": fake_class,
            "fake_class_logits_after": after_class,
        }
    return {name: value.detach() for name, value in results.items()}
