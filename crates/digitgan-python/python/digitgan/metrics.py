"""How near two sets of features are, whoever's features they are.

`features` gives those by which `digitgan.evaluate` compares images; the others take any.
"""

from ._digitgan import features, frechet, kernel, manifold

__all__ = ["features", "frechet", "kernel", "manifold"]
