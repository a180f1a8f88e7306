"""How the process of a run takes the request to stop."""

from __future__ import annotations

import signal

import pytest

from swiftprep.train import worker


@pytest.fixture(autouse=True)
def _clean():
    worker._stop.clear()
    worker._training.clear()
    yield
    worker._stop.clear()
    worker._training.clear()


def test_before_training_it_stops_at_once_and_the_request_outlives_a_library_that_swallows_it():
    with pytest.raises(KeyboardInterrupt):
        worker._ask_to_stop(signal.SIGINT, None)
    assert worker._stop.is_set()


def test_in_training_the_first_request_waits_and_the_second_does_not():
    worker._training.set()
    worker._ask_to_stop(signal.SIGINT, None)
    assert worker._stop.is_set()
    with pytest.raises(KeyboardInterrupt):
        worker._ask_to_stop(signal.SIGINT, None)
