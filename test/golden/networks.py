"""Writes networks.json: values and gradients of PyTorch's functions for networks in float64.

Run with a Python that has PyTorch: python networks.py > networks.json

Element k of input number i is sin(1.7 k + i + 0.3); labels are given. Gradients are those of sum(y * w) for
w[k] = cos(0.9 k).
"""

import json
import math

import torch
import torch.nn.functional as F


def values(shape, which, scale=1.0, shift=0.0):
    count = math.prod(shape)
    data = [scale * math.sin(1.7 * k + which + 0.3) + shift for k in range(count)]
    return torch.tensor(data, dtype=torch.float64).reshape(shape)


LABELS = torch.tensor([2, -100, 0, 1])

# op, options as ours, input shapes (with scale and shift), the function in PyTorch
CASES = [
    ('conv2d', {'padding': 'same', 'dilation': 2}, [(2, 4, 5, 4), (6, 2, 3, 2)],
     lambda x, w: F.conv2d(x, w, padding='same', dilation=2, groups=2), {'groups': 2}),
    ('conv2d', {'stride': [2, 1], 'padding': [1, 2], 'groups': 3}, [(2, 3, 5, 4), (6, 1, 3, 3)],
     lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=(1, 2), groups=3)),
    ('convTranspose2d', {'stride': 2, 'padding': 1, 'outputPadding': 1, 'groups': 2}, [(2, 4, 3, 2), (4, 3, 3, 3)],
     lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1, groups=2)),
    ('convTranspose2d', {'stride': [3, 1], 'dilation': [1, 2], 'outputPadding': [2, 0]}, [(1, 2, 3, 3), (2, 1, 2, 3)],
     lambda x, w: F.conv_transpose2d(x, w, stride=(3, 1), dilation=(1, 2), output_padding=(2, 0))),
    ('conv1d', {'stride': 2, 'padding': 'valid', 'dilation': 2}, [(2, 3, 9), (4, 3, 3)],
     lambda x, w: F.conv1d(x, w, stride=2, dilation=2)),
    ('maxPool2d', {'kernel': 3, 'stride': 2, 'padding': 1, 'ceilMode': True}, [(1, 2, 6, 5)],
     lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True)),
    ('maxPool2d', {'kernel': 2, 'stride': 3, 'padding': 1, 'ceilMode': True}, [(1, 2, 5, 7)],
     lambda x: F.max_pool2d(x, 2, 3, 1, ceil_mode=True)),
    ('avgPool2d', {'kernel': 3, 'stride': 2, 'padding': 1, 'ceilMode': True}, [(1, 2, 6, 5)],
     lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True)),
    ('avgPool2d', {'kernel': 3, 'stride': 2, 'padding': 1, 'ceilMode': True, 'countIncludePad': False},
     [(1, 2, 6, 5)], lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False)),
    ('adaptiveAvgPool', [3, 4], [(2, 2, 7, 6)], lambda x: F.adaptive_avg_pool2d(x, (3, 4))),
    ('adaptiveMaxPool', [3, 4], [(2, 2, 7, 6)], lambda x: F.adaptive_max_pool2d(x, (3, 4))),
    ('resize', {'size': [5, 3]}, [(1, 2, 3, 4)], lambda x: F.interpolate(x, size=(5, 3))),
    ('resize', {'scale': 1.7}, [(1, 2, 3, 4)], lambda x: F.interpolate(x, scale_factor=1.7)),
    ('resize', {'size': [5, 3], 'mode': 'linear'}, [(1, 2, 3, 4)],
     lambda x: F.interpolate(x, size=(5, 3), mode='bilinear')),
    ('resize', {'scale': 1.7, 'mode': 'linear'}, [(1, 2, 3, 4)],
     lambda x: F.interpolate(x, scale_factor=1.7, mode='bilinear')),
    ('resize', {'size': [5, 3], 'mode': 'linear', 'alignCorners': True}, [(1, 2, 3, 4)],
     lambda x: F.interpolate(x, size=(5, 3), mode='bilinear', align_corners=True)),
    ('resize', {'size': [7, 3], 'mode': 'cubic'}, [(1, 2, 3, 5)],
     lambda x: F.interpolate(x, size=(7, 3), mode='bicubic')),
    ('resize', {'size': [7, 3], 'mode': 'cubic', 'alignCorners': True}, [(1, 2, 3, 5)],
     lambda x: F.interpolate(x, size=(7, 3), mode='bicubic', align_corners=True)),
    ('resize', {'size': 8, 'mode': 'linear'}, [(2, 2, 5)], lambda x: F.interpolate(x, size=8, mode='linear')),
    ('pixelShuffle', 2, [(1, 8, 2, 3)], lambda x: F.pixel_shuffle(x, 2)),
    ('pixelUnshuffle', 2, [(1, 2, 4, 6)], lambda x: F.pixel_unshuffle(x, 2)),
    ('batchNorm', {}, [(3, 2, 2, 2), (2,), (2,)], lambda x, a, b: F.batch_norm(x, None, None, a, b, training=True)),
    ('instanceNorm', {}, [(3, 2, 2, 3), (2,), (2,)], lambda x, a, b: F.instance_norm(x, weight=a, bias=b)),
    ('groupNorm', {'groups': 2}, [(2, 4, 3), (4,), (4,)], lambda x, a, b: F.group_norm(x, 2, a, b)),
    ('rmsNorm', {'eps': 1e-5}, [(3, 5), (5,)], lambda x, a: F.rms_norm(x, (5,), a, eps=1e-5)),
    ('mseLoss', {'reduction': 'mean'}, [(3, 4), (3, 4)], lambda x, y: F.mse_loss(x, y)),
    ('l1Loss', {'reduction': 'sum'}, [(3, 4), (3, 4)], lambda x, y: F.l1_loss(x, y, reduction='sum')),
    ('huberLoss', {'delta': 0.7}, [(3, 4), (3, 4)], lambda x, y: F.huber_loss(x, y, delta=0.7, reduction='none')),
    ('smoothL1Loss', {'beta': 0.7}, [(3, 4), (3, 4)],
     lambda x, y: F.smooth_l1_loss(x, y, beta=0.7, reduction='none')),
    ('binaryCrossEntropyWithLogits', {'positiveWeight': 3}, [(3, 4), ((3, 4), 0.5, 0.5)],
     lambda x, y: F.binary_cross_entropy_with_logits(
         x, y, pos_weight=torch.tensor(3.0, dtype=torch.float64), reduction='none')),
    ('binaryCrossEntropy', {}, [((3, 4), 0.4, 0.5), ((3, 4), 0.5, 0.5)],
     lambda x, y: F.binary_cross_entropy(x, y, reduction='none')),
    ('klDivergence', {'reduction': 'mean'}, [(3, 4), ((3, 4), 0.4, 0.5)],
     lambda x, y: F.kl_div(x, y, reduction='batchmean')),
    ('klDivergence', {'reduction': 'sum', 'logTargets': True}, [(3, 4), (3, 4)],
     lambda x, y: F.kl_div(x, y, reduction='sum', log_target=True)),
    ('cosineSimilarity', {'axis': 1}, [(3, 4), (3, 4)], lambda x, y: F.cosine_similarity(x, y, dim=1)),
    ('softmaxCrossEntropy', {'labelSmoothing': 0.2, 'reduction': 'mean'}, [(4, 3)],
     lambda x: F.cross_entropy(x, LABELS, label_smoothing=0.2)),
    ('softmaxCrossEntropy', {'labelSmoothing': 0.2}, [(4, 3)],
     lambda x: F.cross_entropy(x, LABELS, label_smoothing=0.2, reduction='none')),
    ('softmaxCrossEntropy soft', {'labelSmoothing': 0.2, 'reduction': 'mean'}, [(4, 3), ((4, 3), 0.4, 0.5)],
     lambda x, y: F.cross_entropy(x, y, label_smoothing=0.2)),
    ('nllLoss', {'reduction': 'mean'}, [(4, 3)], lambda x: F.nll_loss(x, LABELS)),
    ('rfft', {'norm': 'ortho'}, [(2, 9)], lambda x: torch.view_as_real(torch.fft.rfft(x, norm='ortho'))),
    ('irfft', {'n': 9}, [(2, 5, 2)], lambda x: torch.fft.irfft(torch.view_as_complex(x), n=9)),
    ('irfft', {}, [(2, 5, 2)], lambda x: torch.fft.irfft(torch.view_as_complex(x))),
    ('fft', {'n': 6, 'axis': 0}, [(4, 3, 2)],
     lambda x: torch.view_as_real(torch.fft.fft(torch.view_as_complex(x), n=6, dim=0))),
    ('ifft2', {'norm': 'forward'}, [(4, 3, 2)],
     lambda x: torch.view_as_real(torch.fft.ifft2(torch.view_as_complex(x), norm='forward'))),
    ('irfft2', {'size': [4, 5]}, [(4, 3, 2)], lambda x: torch.fft.irfft2(torch.view_as_complex(x), s=(4, 5))),
]
for mode in ['bilinear', 'nearest']:
    for padding in ['zeros', 'border', 'reflection']:
        for corners in [False, True]:
            CASES.append((
                'gridSample', {'mode': mode, 'padding': padding, 'alignCorners': corners},
                [(2, 2, 3, 4), ((2, 3, 2, 2), 1.9, 0.05)],
                lambda x, g, m=mode, p=padding, c=corners: F.grid_sample(
                    x, g, mode=m, padding_mode=p, align_corners=c)))


def entry(op, options, inputs, function, more=None):
    given = [spec if isinstance(spec[0], tuple) else (spec, 1.0, 0.0) for spec in inputs]
    tensors = [values(shape, i, scale, shift).requires_grad_() for i, (shape, scale, shift) in enumerate(given)]
    y = function(*tensors)
    weight = torch.cos(0.9 * torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape)
    (y * weight).sum().backward()
    listed = lambda x: [round(v, 14) for v in x.reshape(-1).tolist()]
    return {
        'op': op,
        'options': {**options, **more} if more else options,
        'inputs': [{'shape': list(s), 'scale': a, 'shift': b} for s, a, b in given],
        'shape': list(y.shape),
        'value': listed(y.detach()),
        'gradients': [listed(t.grad) for t in tensors],
    }


print(json.dumps([entry(*case) for case in CASES], separators=(',', ':')))
