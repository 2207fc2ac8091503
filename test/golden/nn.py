"""Writes nn.json: values and gradients of PyTorch's layers, and of layers written in its functions, in float64.

Run with a Python that has PyTorch: python nn.py > nn.json

Element k of parameter number i is 0.4 sin(1.7 k + i + 0.3), element k of input number i is sin(1.7 k + i + 0.9). Gradients
are those of sum(y * w) for w[k] = cos(0.9 k), with respect to the parameters and then the inputs.
"""

import json
import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call


def wave(shape, scale, shift):
    data = [scale * math.sin(1.7 * k + shift) for k in range(math.prod(shape))]
    return torch.tensor(data, dtype=torch.float64).reshape(shape)


def ours_to_attention(p, prefix, out, fused=True):
    """in_proj and out_proj of nn.MultiheadAttention from q_proj, k_proj, v_proj and out_proj."""
    names = ['q_proj', 'k_proj', 'v_proj']
    weights = [p[f'{prefix}{n}.weight'] for n in names]
    made = {f'{out}in_proj_bias': torch.cat([p[f'{prefix}{n}.bias'] for n in names])}
    if fused:
        made[f'{out}in_proj_weight'] = torch.cat(weights)
    else:
        made.update({f'{out}{n}_weight': w for n, w in zip(names, weights)})
    made[f'{out}out_proj.weight'] = p[f'{prefix}out_proj.weight']
    made[f'{out}out_proj.bias'] = p[f'{prefix}out_proj.bias']
    return made


def causal(steps):
    return torch.triu(torch.full((steps, steps), -math.inf, dtype=torch.float64), 1)


def self_attention(p, x):
    module = nn.MultiheadAttention(8, 2, batch_first=True).double().eval()
    made = ours_to_attention(p, '', '')
    return functional_call(module, made, (x, x, x), {'attn_mask': causal(x.shape[1]), 'need_weights': False})[0]


def cross_attention(p, x, context):
    module = nn.MultiheadAttention(8, 4, kdim=6, vdim=6, batch_first=True).double().eval()
    made = ours_to_attention(p, '', '', fused=False)
    return functional_call(module, made, (x, context, context), {'need_weights': False})[0]


def encoder(p, x, first, activation, mask=None):
    module = nn.TransformerEncoderLayer(8, 2, 16, 0.0, activation, 1e-5, True, first).double()
    return functional_call(module, p, (x,), {'src_mask': mask})


def renamed(p, names):
    return {new: p[old] for old, new in names.items()}


def block(p, x):
    made = {**ours_to_attention(p, 'attention.', 'self_attn.')}
    for kind in ['weight', 'bias']:
        made.update(renamed(p, {f'norm1.{kind}': f'norm1.{kind}', f'norm2.{kind}': f'norm2.{kind}',
                                f'mlp.fc1.{kind}': f'linear1.{kind}', f'mlp.fc2.{kind}': f'linear2.{kind}'}))
    return encoder(made, x, True, F.relu)


def decoder(p, x, memory):
    made = {**ours_to_attention(p, 'attention.', 'self_attn.'),
            **ours_to_attention(p, 'cross_attention.', 'multihead_attn.')}
    for kind in ['weight', 'bias']:
        made.update(renamed(p, {f'norm1.{kind}': f'norm1.{kind}', f'cross_norm.{kind}': f'norm2.{kind}',
                                f'norm2.{kind}': f'norm3.{kind}', f'mlp.fc1.{kind}': f'linear1.{kind}',
                                f'mlp.fc2.{kind}': f'linear2.{kind}'}))
    module = nn.TransformerDecoderLayer(8, 2, 16, 0.0, F.gelu, 1e-5, True, False).double()
    return functional_call(module, made, (x, memory), {'tgt_mask': causal(x.shape[1])})


def gpt2(p, x):
    made = {'self_attn.in_proj_weight': p['attn.c_attn.weight'].T, 'self_attn.in_proj_bias': p['attn.c_attn.bias'],
            'self_attn.out_proj.weight': p['attn.c_proj.weight'].T, 'self_attn.out_proj.bias': p['attn.c_proj.bias'],
            'linear1.weight': p['mlp.c_fc.weight'].T, 'linear1.bias': p['mlp.c_fc.bias'],
            'linear2.weight': p['mlp.c_proj.weight'].T, 'linear2.bias': p['mlp.c_proj.bias']}
    for kind in ['weight', 'bias']:
        made.update({f'norm1.{kind}': p[f'ln_1.{kind}'], f'norm2.{kind}': p[f'ln_2.{kind}']})
    return encoder(made, x, True, lambda h: F.gelu(h, approximate='tanh'), causal(x.shape[1]))


def bert(p, x):
    made = {'self_attn.out_proj.weight': p['attention.output.dense.weight'],
            'self_attn.out_proj.bias': p['attention.output.dense.bias']}
    for kind in ['weight', 'bias']:
        own = [p[f'attention.self.{n}.{kind}'] for n in ['query', 'key', 'value']]
        made.update({f'self_attn.in_proj_{kind}': torch.cat(own),
                     f'norm1.{kind}': p[f'attention.output.LayerNorm.{kind}'],
                     f'norm2.{kind}': p[f'output.LayerNorm.{kind}'],
                     f'linear1.{kind}': p[f'intermediate.dense.{kind}'], f'linear2.{kind}': p[f'output.dense.{kind}']})
    return encoder(made, x, False, F.gelu)


def turned(x):
    """Pairs (i, i + D / 2) as complex numbers times e^(i t base^(-2 i / D))."""
    half = x.shape[-1] // 2
    frequencies = 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    angles = torch.outer(torch.arange(x.shape[-2], dtype=torch.float64), frequencies)
    z = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([z.real, z.imag], -1)


def llama(p, x):
    def heads(h, count):
        return h.unflatten(-1, (count, -1)).transpose(1, 2)

    n = F.rms_norm(x, (8,), p['input_layernorm.weight'], 1e-6)
    q, k, v = (heads(n @ p[f'self_attn.{name}_proj.weight'].T, count) for name, count in [('q', 4), ('k', 2), ('v', 2)])
    y = F.scaled_dot_product_attention(turned(q), turned(k), v, is_causal=True, enable_gqa=True)
    h = x + y.transpose(1, 2).flatten(2) @ p['self_attn.o_proj.weight'].T
    m = F.rms_norm(h, (8,), p['post_attention_layernorm.weight'], 1e-6)
    gate = F.silu(m @ p['mlp.gate_proj.weight'].T) * (m @ p['mlp.up_proj.weight'].T)
    return h + gate @ p['mlp.down_proj.weight'].T


def residual(p, x, time):
    h = F.conv2d(F.silu(F.group_norm(x, 2, p['norm1.weight'], p['norm1.bias'])), p['conv1.weight'], p['conv1.bias'],
                 padding=1)
    h = h + F.linear(F.silu(time), p['time_emb_proj.weight'], p['time_emb_proj.bias'])[:, :, None, None]
    h = F.conv2d(F.silu(F.group_norm(h, 2, p['norm2.weight'], p['norm2.bias'])), p['conv2.weight'], p['conv2.bias'],
                 padding=1)
    return h + F.conv2d(x, p['conv_shortcut.weight'], p['conv_shortcut.bias'])


def named_attention(p, prefix, x, context, heads):
    def split(h):
        return h.unflatten(-1, (heads, -1)).transpose(1, 2)

    q, k, v = (F.linear(h, p[f'{prefix}to_{n}.weight'], p.get(f'{prefix}to_{n}.bias'))
               for n, h in [('q', x), ('k', context), ('v', context)])
    y = F.scaled_dot_product_attention(split(q), split(k), split(v)).transpose(1, 2).flatten(2)
    return F.linear(y, p[f'{prefix}to_out.0.weight'], p[f'{prefix}to_out.0.bias'])


def spatial(p, x):
    steps = F.group_norm(x, 2, p['group_norm.weight'], p['group_norm.bias'], 1e-6).flatten(2).transpose(1, 2)
    return x + named_attention(p, '', steps, steps, 2).transpose(1, 2).reshape(x.shape)


def spatial_transformer(p, x, context):
    h = F.group_norm(x, 2, p['norm.weight'], p['norm.bias'], 1e-6)
    h = F.conv2d(h, p['proj_in.weight'], p['proj_in.bias']).flatten(2).transpose(1, 2)
    own = 'transformer_blocks.0.'

    def norm(name, steps):
        return F.layer_norm(steps, (4,), p[f'{own}{name}.weight'], p[f'{own}{name}.bias'])

    n = norm('norm1', h)
    h = h + named_attention(p, f'{own}attn1.', n, n, 2)
    h = h + named_attention(p, f'{own}attn2.', norm('norm2', h), context, 2)
    wide = F.linear(norm('norm3', h), p[f'{own}ff.net.0.proj.weight'], p[f'{own}ff.net.0.proj.bias'])
    value, gate = wide.chunk(2, -1)
    h = h + F.linear(value * F.gelu(gate), p[f'{own}ff.net.2.weight'], p[f'{own}ff.net.2.bias'])
    h = h.transpose(1, 2).reshape(x.shape)
    return x + F.conv2d(h, p['proj_out.weight'], p['proj_out.bias'])


def sampled(p, x):
    down = F.conv2d(x, p['0.conv.weight'], p['0.conv.bias'], stride=2, padding=1)
    return F.conv2d(F.interpolate(down, scale_factor=2), p['1.conv.weight'], p['1.conv.bias'], padding=1)


def linears(prefixes, rows, columns, bias=True):
    return [(f'{n}.{kind}', shape) for n in prefixes
            for kind, shape in [('weight', (rows, columns)), ('bias', (rows,))] if bias or kind == 'weight']


def norms(names, width):
    return [(f'{n}.{kind}', (width,)) for n in names for kind in ['weight', 'bias']]


def convolution(name, out, into, kernel):
    return [(f'{name}.weight', (out, into, kernel, kernel)), (f'{name}.bias', (out,))]


def attention_parts(prefix, context=8):
    return [*linears([f'{prefix}q_proj'], 8, 8), *linears([f'{prefix}k_proj', f'{prefix}v_proj'], 8, context),
            *linears([f'{prefix}out_proj'], 8, 8)]


def named_parts(prefix, width, context, bias):
    return [*linears([f'{prefix}to_q'], width, width, bias), *linears([f'{prefix}to_k', f'{prefix}to_v'], width, context, bias),
            *linears([f'{prefix}to_out.0'], width, width)]


MLP = [*linears(['mlp.fc1'], 16, 8), *linears(['mlp.fc2'], 8, 16)]
X = (2, 5, 8)

# layer, its arguments as ours, parameters in our order, shapes of inputs, the function in PyTorch
CASES = [
    ('multiHeadAttention', [8, {'heads': 2, 'causal': True}], attention_parts(''), [X], self_attention),
    ('multiHeadAttention', [8, {'heads': 4, 'contextWidth': 6}], attention_parts('', 6), [X, (2, 3, 6)], cross_attention),
    ('transformerBlock', [8, {'heads': 2, 'feedForward': {'hidden': 16, 'activation': 'relu'}}],
     [*norms(['norm1'], 8), *attention_parts('attention.'), *norms(['norm2'], 8), *MLP], [X], block),
    ('transformerBlock',
     [8, {'heads': 2, 'order': 'post', 'causal': True, 'crossAttention': 8, 'feedForward': {'hidden': 16}}],
     [*norms(['norm1'], 8), *attention_parts('attention.'), *norms(['cross_norm'], 8),
      *attention_parts('cross_attention.'), *norms(['norm2'], 8), *MLP], [X, (2, 3, 8)], decoder),
    ('gpt2Block', [8, {'heads': 2, 'hidden': 16}],
     [*norms(['ln_1'], 8), ('attn.c_attn.weight', (8, 24)), ('attn.c_attn.bias', (24,)), ('attn.c_proj.weight', (8, 8)),
      ('attn.c_proj.bias', (8,)), *norms(['ln_2'], 8), ('mlp.c_fc.weight', (8, 16)), ('mlp.c_fc.bias', (16,)),
      ('mlp.c_proj.weight', (16, 8)), ('mlp.c_proj.bias', (8,))], [X], gpt2),
    ('bertBlock', [8, {'heads': 2, 'hidden': 16, 'eps': 1e-5}],
     [*linears([f'attention.self.{n}' for n in ['query', 'key', 'value']], 8, 8),
      *linears(['attention.output.dense'], 8, 8), *norms(['attention.output.LayerNorm'], 8),
      *linears(['intermediate.dense'], 16, 8), *linears(['output.dense'], 8, 16), *norms(['output.LayerNorm'], 8)],
     [X], bert),
    ('llamaBlock', [8, {'heads': 4, 'keyHeads': 2, 'hidden': 12}],
     [('input_layernorm.weight', (8,)), *linears(['self_attn.q_proj'], 8, 8, False),
      *linears(['self_attn.k_proj', 'self_attn.v_proj'], 4, 8, False), *linears(['self_attn.o_proj'], 8, 8, False),
      ('post_attention_layernorm.weight', (8,)), *linears(['mlp.gate_proj', 'mlp.up_proj'], 12, 8, False),
      *linears(['mlp.down_proj'], 8, 12, False)], [X], llama),
    ('residualBlock', [4, 6, {'timeWidth': 5, 'groups': 2}],
     [*norms(['norm1'], 4), *convolution('conv1', 6, 4, 3), *linears(['time_emb_proj'], 6, 5), *norms(['norm2'], 6),
      *convolution('conv2', 6, 6, 3), *convolution('conv_shortcut', 6, 4, 1)], [(2, 4, 3, 4), (2, 5)], residual),
    ('spatialAttention', [4, {'heads': 2, 'groups': 2}], [*norms(['group_norm'], 4), *named_parts('', 4, 4, True)],
     [(2, 4, 3, 2)], spatial),
    ('spatialTransformer', [4, {'heads': 2, 'groups': 2, 'contextWidth': 3}],
     [*norms(['norm'], 4), *convolution('proj_in', 4, 4, 1), *norms(['transformer_blocks.0.norm1'], 4),
      *named_parts('transformer_blocks.0.attn1.', 4, 4, False), *norms(['transformer_blocks.0.norm2'], 4),
      *named_parts('transformer_blocks.0.attn2.', 4, 3, False), *norms(['transformer_blocks.0.norm3'], 4),
      *linears(['transformer_blocks.0.ff.net.0.proj'], 32, 4), *linears(['transformer_blocks.0.ff.net.2'], 4, 16),
      *convolution('proj_out', 4, 4, 1)], [(2, 4, 3, 2), (2, 5, 3)], spatial_transformer),
    ('downsample and upsample', [3, 2], [*convolution('0.conv', 2, 3, 3), *convolution('1.conv', 3, 2, 3)], [(2, 3, 4, 6)],
     sampled),
]

results = []
for name, arguments, parameters, inputs, run in CASES:
    p = {n: wave(shape, 0.4, i + 0.3).requires_grad_() for i, (n, shape) in enumerate(parameters)}
    xs = [wave(shape, 1.0, i + 0.9).requires_grad_() for i, shape in enumerate(inputs)]
    y = run(p, *xs)
    weights = torch.tensor([math.cos(0.9 * k) for k in range(y.numel())], dtype=torch.float64).reshape(y.shape)
    gradients = torch.autograd.grad((y * weights).sum(), [*p.values(), *xs])
    results.append({
        'layer': name, 'arguments': arguments,
        'parameters': [{'name': n, 'shape': list(shape)} for n, shape in parameters],
        'inputs': [list(shape) for shape in inputs],
        'shape': list(y.shape),
        'value': [float(f'{v:.13g}') for v in y.flatten().tolist()],
        'gradients': [[float(f'{v:.13g}') for v in g.flatten().tolist()] for g in gradients],
    })
print(json.dumps(results))
