"""Writes optimizers.json: trajectories of PyTorch's optimisers and schedules in float64.

Run with a Python that has PyTorch: python optimizers.py > optimizers.json
"""

import json

import torch

STEPS = 6
SHAPES = [(3,), (2, 2)]

CASES = [
    ('sgd', {'learningRate': 0.1}, lambda p: torch.optim.SGD(p, lr=0.1)),
    (
        'sgd',
        {'learningRate': 0.1, 'momentum': 0.9, 'weightDecay': 0.05},
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.05),
    ),
    (
        'sgd',
        {'learningRate': 0.1, 'momentum': 0.8, 'nesterov': True},
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True),
    ),
    ('adam', {}, lambda p: torch.optim.Adam(p)),
    (
        'adam',
        {'learningRate': 0.02, 'beta1': 0.8, 'beta2': 0.95, 'eps': 1e-6, 'weightDecay': 0.1},
        lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1),
    ),
    ('adamw', {}, lambda p: torch.optim.AdamW(p)),
    (
        'adamw',
        {'learningRate': 0.02, 'weightDecay': 0.3},
        lambda p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.3),
    ),
    ('adafactor', {}, lambda p: torch.optim.Adafactor(p)),
    (
        'adafactor',
        {
            'learningRate': 0.3,
            'beta2Decay': -0.5,
            'eps1': 1e-3,
            'eps2': 0.5,
            'clipThreshold': 1.1,
            'weightDecay': 0.1,
        },
        lambda p: torch.optim.Adafactor(
            p, lr=0.3, beta2_decay=-0.5, eps=(1e-3, 0.5), d=1.1, weight_decay=0.1
        ),
    ),
]

SCHEDULES = [
    (
        'cosineDecay',
        {'from': 0.5, 'to': 0.01, 'steps': 8},
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=8, eta_min=0.01),
    ),
    (
        'linearDecay',
        {'from': 0.5, 'to': 0.1, 'steps': 8},
        lambda o: torch.optim.lr_scheduler.LinearLR(o, start_factor=1.0, end_factor=0.2, total_iters=8),
    ),
    (
        'stepDecay',
        {'from': 0.5, 'factor': 0.3, 'every': 3},
        lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=3, gamma=0.3),
    ),
]


def flat(tensors):
    return [tensor.detach().flatten().tolist() for tensor in tensors]


def trajectory(optimizer_of, start, gradients):
    parameters = [torch.nn.Parameter(tensor.clone()) for tensor in start]
    optimizer = optimizer_of(parameters)
    visited = []
    for step in gradients:
        for parameter, gradient in zip(parameters, step):
            parameter.grad = gradient.clone()
        optimizer.step()
        visited.append(flat(parameters))
    return visited


def rates(scheduler_of, count):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    scheduler = scheduler_of(optimizer)
    seen = []
    for _ in range(count):
        seen.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return seen


def main():
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float64)
    start = [torch.randn(shape) for shape in SHAPES]
    gradients = [[torch.randn(shape) for shape in SHAPES] for _ in range(STEPS)]
    result = {
        'version': torch.__version__.split('+')[0],
        'shapes': SHAPES,
        'start': flat(start),
        'gradients': [flat(step) for step in gradients],
        'cases': [
            {'optimizer': name, 'options': options, 'after': trajectory(optimizer_of, start, gradients)}
            for name, options, optimizer_of in CASES
        ],
        'schedules': [
            {'schedule': name, 'options': options, 'rates': rates(scheduler_of, 9)}
            for name, options, scheduler_of in SCHEDULES
        ],
    }
    print(json.dumps(result, indent=1))


main()
