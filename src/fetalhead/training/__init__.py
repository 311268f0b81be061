"""Training: augmentation, losses, one file a strategy, and one `fit()`. Needs the extra `train`."""

import fetalhead.models  # noqa: F401 - lets torchvision import before lightning does
