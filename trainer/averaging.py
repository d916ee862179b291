"""An exponential moving average of a network's weights: steadier than the last step's weights."""

import copy

import torch

from trainer.network import Network


class AveragedNetwork:
    """Follows a network; `network` holds the average and is what gets validated and released."""

    def __init__(self, network: Network, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def follow(self, network: Network, step: int) -> None:
        """Move the average towards `network` after training step `step` (0, 1, …)."""
        decay = min(self._decay, (1 + step) / (10 + step))  # early weights are soon forgotten
        averages, values = self.network.state_dict(), network.state_dict()
        for name, average in averages.items():
            if average.dtype.is_floating_point:
                average.lerp_(values[name], 1 - decay)
            else:
                average.copy_(values[name])
