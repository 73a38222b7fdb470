"""Pickles, forks, spawned processes and threads."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import threading
import time

import numpy as np
import pytest

import digitgan

METHODS = [method for method in ("fork", "spawn", "forkserver") if method in multiprocessing.get_all_start_methods()]


def draw(generator: digitgan.Generator, seed: int) -> np.ndarray:
    return generator.sample(count=3, seed=seed)


def everything(generator: digitgan.Generator, evaluation: digitgan.Evaluation, queue) -> None:
    """All that computes, in a process that was forked from one that did the same."""
    images = generator.sample(count=2)
    evaluation.reset()
    evaluation.update(images, list(range(10)) * 2)
    found = evaluation.compute()
    line = digitgan.write("2026")
    latents = generator.latents(1000)
    run = digitgan.train((images, list(range(10)) * 2), model="cgan", batch_size=10, max_steps=2, progress=False)
    queue.put((images, found, line, latents, run.generator.sample()))


def test_a_pickle_is_the_generator(acgan):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(acgan, protocol))
        np.testing.assert_array_equal(draw(again, 5), draw(acgan, 5))
        assert (again.source, again.card, again.metrics) == (acgan.source, acgan.card, acgan.metrics)
    np.testing.assert_array_equal(draw(copy.deepcopy(acgan), 5), draw(acgan, 5))


def test_exceptions_can_be_pickled():
    for error in (digitgan.InputError("x"), digitgan.FileError("x"), digitgan.ComputeError("x")):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error) and str(again) == "x"


@pytest.mark.parametrize("method", METHODS)
def test_workers_draw_the_same(acgan, method):
    expected = [draw(acgan, seed) for seed in range(8)]
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.starmap_async(draw, [(acgan, seed) for seed in range(8)]).get(timeout=100)
    for ours, theirs in zip(expected, found):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.skipif("fork" not in METHODS, reason="there are no forks here")
def test_a_fork_computes_although_its_parent_did(acgan):
    context = multiprocessing.get_context("fork")
    evaluation = digitgan.Evaluation(against=acgan.sample(count=5))
    here, there = context.Queue(), context.Queue()
    everything(acgan, evaluation, here)
    expected = here.get(timeout=60)
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            acgan.sample(count=20)

    # Forked while another thread draws, too.
    drawing = threading.Thread(target=busy)
    drawing.start()
    try:
        for _ in range(3):
            process = context.Process(target=everything, args=(acgan, evaluation, there))
            process.start()
            found = there.get(timeout=60)
            process.join(timeout=60)
            assert process.exitcode == 0
            for ours, theirs in zip(expected, found):
                np.testing.assert_equal(theirs, ours)
    finally:
        stop.set()
        drawing.join()
    np.testing.assert_array_equal(acgan.sample(count=2), expected[0])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_fork_that_ends_at_once_ends(acgan):
    acgan.sample()
    child = os.fork()
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_threads_draw_at_once(acgan):
    expected = [draw(acgan, seed) for seed in range(8)]
    found: dict[int, np.ndarray] = {}
    threads = [threading.Thread(target=lambda seed=seed: found.update({seed: draw(acgan, seed)})) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for seed, ours in enumerate(expected):
        np.testing.assert_array_equal(found[seed], ours)


def test_other_threads_run_while_digits_are_drawn(acgan):
    counted = 0
    done = threading.Event()

    def work() -> None:
        acgan.sample(count=2000)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    started = time.perf_counter()
    while not done.is_set() and time.perf_counter() - started < 60:
        counted += 1
    thread.join()
    # Were Python's lock held, this thread would have come round a handful of times.
    assert done.is_set() and counted > 1000
