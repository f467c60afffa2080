"""Which models of torchvision and timm are tried."""

#: Kind of model -> torchvision's module of it.
KINDS = {"classification": "", "segmentation": "segmentation", "detection": "detection", "video": "video"}
TIMM = ["resnet18", "vit_tiny_patch16_224", "convnext_atto", "mixer_s32_224"]
