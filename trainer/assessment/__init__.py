"""How well a reader of 28x28 images reads: figures, comparisons, and reports about them.

Takes arrays and returns plain values, pictures and pages. Any reader will do: the served version,
one that is still being trained, the network of `trainer/numpy_nn.py`. Knows nothing about Django,
version folders or who asks.

    answered = Answered.of(parts, logits)          # what was asked and what came back
    assessment = assess(answered, calibration)     # figures: a dataclass that becomes JSON
    html = report(assessment, answered, about)     # one page that needs nothing else
"""
