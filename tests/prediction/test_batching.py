"""The network behind a queue."""

from concurrent.futures import Future

import numpy as np

from tests.prediction.fakes import Network
from tfgenre.prediction.batching import batched


def images(count: int, value: int = 255) -> np.ndarray:
    return np.full((count, 128, 128), value, np.uint8)


def test_slices_of_several_songs_share_batches():
    network = Network(step_s=0.3)
    found: list[Future[np.ndarray]] = []
    with batched(network, batch_size=10) as submit:
        for number in range(8):
            found.append(submit(images(4, number)))
        found.append(submit(images(23, 255)))
        assert found[8].result().shape == (23, 2)
    assert network.sizes[0] in (4, 8)
    assert max(network.sizes) <= 10
    assert sum(network.sizes) == 8 * 4 + 23
    assert len(network.sizes) <= 9
    for number, future in enumerate(found[:8]):
        np.testing.assert_allclose(future.result()[:, 0], np.full(4, number / 255))


def test_pending_slices_are_cancelled_at_the_end():
    network = Network(step_s=0.3)
    with batched(network, batch_size=1) as submit:
        found = [submit(images(1)) for _ in range(9)]
        found[0].result()
    assert found[-1].cancelled()
    assert len(network.sizes) <= 2
