"""Writes diffusion/: a tiny folder of Stable Diffusion 1 in the layout of `diffusers`, a U-Net in the manner of version 2, and golden values.

Run with a Python that has PyTorch, safetensors and transformers (for the text encoder alone): python diffusion.py
Weights are float32, of the second U-Net float16; outputs are computed in float64 and rounded once.

`diffusers` itself is not needed: the networks are written out here, with the names and the arithmetic of its UNet2DConditionModel and
AutoencoderKL, and the schedulers as the papers and its configurations have them.
golden.safetensors holds inputs, outputs, hook values as hook:NAME, and the gradients of the mean square of output - target with
respect to three parameters, as grad:NAME. schedulers.json has every step of each scheduler for a network that is one formula.
"""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel

HERE = Path(__file__).parent / 'diffusion'
VERSION = '0.30.0'

UNET = dict(
    _class_name='UNet2DConditionModel', _diffusers_version=VERSION, act_fn='silu', attention_head_dim=2,
    block_out_channels=[4, 8], center_input_sample=False, cross_attention_dim=12,
    down_block_types=['CrossAttnDownBlock2D', 'DownBlock2D'], downsample_padding=1, flip_sin_to_cos=True, freq_shift=0,
    in_channels=4, layers_per_block=1, mid_block_scale_factor=1, norm_eps=1e-05, norm_num_groups=2, out_channels=4,
    sample_size=8, up_block_types=['UpBlock2D', 'CrossAttnUpBlock2D'])
LINEAR = {**UNET, 'attention_head_dim': [1, 2], 'cross_attention_dim': 6, 'layers_per_block': 2, 'use_linear_projection': True,
          'down_block_types': ['DownBlock2D', 'CrossAttnDownBlock2D'], 'up_block_types': ['CrossAttnUpBlock2D', 'UpBlock2D'],
          'transformer_layers_per_block': 2, 'flip_sin_to_cos': False, 'freq_shift': 1, 'class_embed_type': None}
VAE = dict(
    _class_name='AutoencoderKL', _diffusers_version=VERSION, act_fn='silu', block_out_channels=[4, 8],
    down_block_types=['DownEncoderBlock2D'] * 2, in_channels=3, latent_channels=4, layers_per_block=1,
    norm_num_groups=2, out_channels=3, sample_size=16, scaling_factor=0.18215, up_block_types=['UpDecoderBlock2D'] * 2)
PNDM = dict(_class_name='PNDMScheduler', _diffusers_version=VERSION, beta_end=0.012, beta_schedule='scaled_linear',
            beta_start=0.00085, clip_sample=False, num_train_timesteps=1000, set_alpha_to_one=False, skip_prk_steps=True,
            steps_offset=1, trained_betas=None)


class Resnet(nn.Module):
    def __init__(self, i, o, groups, eps, time=None):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(groups, i, eps), nn.Conv2d(i, o, 3, padding=1)
        if time:
            self.time_emb_proj = nn.Linear(time, o)
        self.norm2, self.conv2 = nn.GroupNorm(groups, o, eps), nn.Conv2d(o, o, 3, padding=1)
        if i != o:
            self.conv_shortcut = nn.Conv2d(i, o, 1)

    def forward(self, x, time=None):
        h = self.conv1(F.silu(self.norm1(x)))
        if time is not None:
            h = h + self.time_emb_proj(F.silu(time))[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.conv_shortcut(x) if hasattr(self, 'conv_shortcut') else x)


class Attention(nn.Module):
    def __init__(self, width, context, heads, bias=False):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(n, width, bias) for n in (width, context, context))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x, context):
        apart = lambda z: z.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        q, k, v = apart(self.to_q(x)), apart(self.to_k(context)), apart(self.to_v(context))
        self.pattern = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)
        return self.to_out[0]((self.pattern @ v).transpose(1, 2).flatten(2))


class Gate(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.proj = nn.Linear(width, 8 * width)

    def forward(self, x):
        value, gate = self.proj(x).chunk(2, -1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.net = nn.ModuleList([Gate(width), nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, x):
        return self.net[2](self.net[0](x))


class Block(nn.Module):
    def __init__(self, width, context, heads):
        super().__init__()
        self.norm1, self.attn1 = nn.LayerNorm(width), Attention(width, width, heads)
        self.norm2, self.attn2 = nn.LayerNorm(width), Attention(width, context, heads)
        self.norm3, self.ff = nn.LayerNorm(width), FeedForward(width)

    def forward(self, x, context):
        h = self.norm1(x)
        x = x + self.attn1(h, h)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class Transformer(nn.Module):
    def __init__(self, width, context, heads, groups, layers, linear):
        super().__init__()
        self.linear = linear
        self.norm = nn.GroupNorm(groups, width, 1e-6)
        self.proj_in, self.proj_out = ((nn.Linear(width, width) if linear else nn.Conv2d(width, width, 1)) for _ in range(2))
        self.transformer_blocks = nn.ModuleList(Block(width, context, heads) for _ in range(layers))

    def forward(self, x, context):
        steps = lambda z: z.flatten(2).transpose(1, 2)
        image = lambda z: z.transpose(1, 2).unflatten(2, x.shape[2:])
        h = self.norm(x)
        h = self.proj_in(steps(h)) if self.linear else steps(self.proj_in(h))
        for block in self.transformer_blocks:
            h = block(h, context)
        return x + (image(self.proj_out(h)) if self.linear else self.proj_out(image(h)))


class Sampler(nn.Module):
    def __init__(self, width, stride, padding=1):
        super().__init__()
        self.stride, self.padding = stride, padding
        self.conv = nn.Conv2d(width, width, 3, stride, padding if isinstance(padding, int) else 0)

    def forward(self, x):
        if self.stride == 1:
            x = F.interpolate(x, scale_factor=2.0, mode='nearest')
        if self.padding == 'after':
            x = F.pad(x, (0, 1, 0, 1))
        return self.conv(x)


class TimeEmbedding(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(i, o), nn.Linear(o, o)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)))


class Stage(nn.Module):
    pass


class UNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        widths, layers, groups, eps = c['block_out_channels'], c['layers_per_block'], c['norm_num_groups'], c['norm_eps']
        heads = c['attention_head_dim']
        heads = heads if isinstance(heads, list) else [heads] * len(widths)
        time, last = 4 * widths[0], len(widths) - 1
        self.c = c
        res = lambda i, o: Resnet(i, o, groups, eps, time)
        see = lambda i: Transformer(widths[i], c['cross_attention_dim'], heads[i], groups, c.get('transformer_layers_per_block', 1),
                                    c.get('use_linear_projection', False))
        self.conv_in = nn.Conv2d(c['in_channels'], widths[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(widths[0], time)
        skips = [widths[0]]
        self.down_blocks, self.up_blocks = nn.ModuleList(), nn.ModuleList()
        h = widths[0]
        for i, width in enumerate(widths):
            stage = Stage()
            stage.resnets = nn.ModuleList()
            if c['down_block_types'][i].startswith('Cross'):
                stage.attentions = nn.ModuleList(see(i) for _ in range(layers))
            for _ in range(layers):
                stage.resnets.append(res(h, width))
                h = width
                skips.append(h)
            if i < last:
                stage.downsamplers = nn.ModuleList([Sampler(width, 2, c['downsample_padding'])])
                skips.append(h)
            self.down_blocks.append(stage)
        self.mid_block = Stage()
        self.mid_block.resnets = nn.ModuleList([res(h, h), res(h, h)])
        self.mid_block.attentions = nn.ModuleList([see(last)])
        for k in range(len(widths)):
            i = last - k
            stage = Stage()
            stage.resnets = nn.ModuleList()
            if c['up_block_types'][k].startswith('Cross'):
                stage.attentions = nn.ModuleList(see(i) for _ in range(layers + 1))
            for _ in range(layers + 1):
                stage.resnets.append(res(h + skips.pop(), widths[i]))
                h = widths[i]
            if i > 0:
                stage.upsamplers = nn.ModuleList([Sampler(h, 1)])
            self.up_blocks.append(stage)
        self.conv_norm_out = nn.GroupNorm(groups, widths[0], eps)
        self.conv_out = nn.Conv2d(widths[0], c['out_channels'], 3, padding=1)

    def forward(self, x, t, context):
        half = self.c['block_out_channels'][0] // 2
        angles = t[:, None].double() * torch.exp(-math.log(10000) * torch.arange(half).double() / (half - self.c['freq_shift']))
        parts = [angles.cos(), angles.sin()] if self.c['flip_sin_to_cos'] else [angles.sin(), angles.cos()]
        time = self.time_embedding(torch.cat(parts, 1))
        h = self.conv_in(x)
        left = [h]
        for stage in self.down_blocks:
            for j, resnet in enumerate(stage.resnets):
                h = resnet(h, time)
                if hasattr(stage, 'attentions'):
                    h = stage.attentions[j](h, context)
                left.append(h)
            if hasattr(stage, 'downsamplers'):
                h = stage.downsamplers[0](h)
                left.append(h)
        h = self.mid_block.resnets[0](h, time)
        h = self.mid_block.resnets[1](self.mid_block.attentions[0](h, context), time)
        for stage in self.up_blocks:
            for j, resnet in enumerate(stage.resnets):
                h = resnet(torch.cat([h, left.pop()], 1), time)
                if hasattr(stage, 'attentions'):
                    h = stage.attentions[j](h, context)
            if hasattr(stage, 'upsamplers'):
                h = stage.upsamplers[0](h)
        return self.conv_out(F.silu(self.conv_norm_out(h)))


class CellAttention(Attention):
    def __init__(self, width, groups):
        super().__init__(width, width, 1, True)
        self.group_norm = nn.GroupNorm(groups, width, 1e-6)

    def forward(self, x):
        h = self.group_norm(x).flatten(2).transpose(1, 2)
        return x + super().forward(h, h).transpose(1, 2).unflatten(2, x.shape[2:])


def middle(width, groups):
    stage = Stage()
    stage.resnets = nn.ModuleList([Resnet(width, width, groups, 1e-6), Resnet(width, width, groups, 1e-6)])
    stage.attentions = nn.ModuleList([CellAttention(width, groups)])
    return stage


def through_middle(stage, x):
    return stage.resnets[1](stage.attentions[0](stage.resnets[0](x)))


class Encoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        widths, groups = c['block_out_channels'], c['norm_num_groups']
        self.conv_in = nn.Conv2d(c['in_channels'], widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList()
        h = widths[0]
        for i, width in enumerate(widths):
            stage = Stage()
            stage.resnets = nn.ModuleList()
            for _ in range(c['layers_per_block']):
                stage.resnets.append(Resnet(h, width, groups, 1e-6))
                h = width
            if i < len(widths) - 1:
                stage.downsamplers = nn.ModuleList([Sampler(width, 2, 'after')])
            self.down_blocks.append(stage)
        self.mid_block = middle(h, groups)
        self.conv_norm_out = nn.GroupNorm(groups, h, 1e-6)
        self.conv_out = nn.Conv2d(h, 2 * c['latent_channels'], 3, padding=1)

    def forward(self, x):
        h = self.conv_in(x)
        for stage in self.down_blocks:
            for resnet in stage.resnets:
                h = resnet(h)
            if hasattr(stage, 'downsamplers'):
                h = stage.downsamplers[0](h)
        return self.conv_out(F.silu(self.conv_norm_out(through_middle(self.mid_block, h))))


class Decoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        widths, groups = c['block_out_channels'][::-1], c['norm_num_groups']
        h = widths[0]
        self.conv_in = nn.Conv2d(c['latent_channels'], h, 3, padding=1)
        self.mid_block = middle(h, groups)
        self.up_blocks = nn.ModuleList()
        for i, width in enumerate(widths):
            stage = Stage()
            stage.resnets = nn.ModuleList()
            for _ in range(c['layers_per_block'] + 1):
                stage.resnets.append(Resnet(h, width, groups, 1e-6))
                h = width
            if i < len(widths) - 1:
                stage.upsamplers = nn.ModuleList([Sampler(width, 1)])
            self.up_blocks.append(stage)
        self.conv_norm_out = nn.GroupNorm(groups, h, 1e-6)
        self.conv_out = nn.Conv2d(h, c['out_channels'], 3, padding=1)

    def forward(self, z):
        h = through_middle(self.mid_block, self.conv_in(z))
        for stage in self.up_blocks:
            for resnet in stage.resnets:
                h = resnet(h)
            if hasattr(stage, 'upsamplers'):
                h = stage.upsamplers[0](h)
        return self.conv_out(F.silu(self.conv_norm_out(h)))


class Autoencoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        n = c['latent_channels']
        self.encoder, self.decoder = Encoder(c), Decoder(c)
        self.quant_conv, self.post_quant_conv = nn.Conv2d(2 * n, 2 * n, 1), nn.Conv2d(n, n, 1)

    def encode(self, x):
        mean, log_variance = self.quant_conv(self.encoder(x)).chunk(2, 1)
        return mean, log_variance.clamp(-30, 20)

    def decode(self, z):
        return self.decoder(self.post_quant_conv(z))


def randomized(model):
    """Weights far from zero, so that every part of the network has a say."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            is_gain = p.ndim == 1 and name.endswith('weight')
            p.copy_(1 + 0.2 * noise if is_gain else noise * (0.2 if p.ndim == 1 else (1.5 / p[0].numel()) ** 0.5))
    return model


def save(folder, config, model):
    folder.mkdir(parents=True)
    (folder / 'config.json').write_text(json.dumps(config, indent=2, sort_keys=True) + '\n')
    save_file(model.state_dict(), folder / 'diffusion_pytorch_model.safetensors', metadata={'format': 'pt'})
    model.double()


def rounded(tensors):
    return {name: (x.detach().float() if x.is_floating_point() else x).contiguous() for name, x in tensors.items()}


def rows(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def gradients(model, output, target, names):
    model.zero_grad()
    (output - target).square().mean().backward()
    parameters = dict(model.named_parameters())
    return {f'grad:{name}': parameters[name].grad for name in names}


def unet_golden(folder, config, names, attention, side=8, dtype=torch.float32):
    model = randomized(UNet(config)).to(dtype)
    save(folder, config, model)
    x, context, target = rows(1, 2, 4, side, side), rows(2, 2, 5, config['cross_attention_dim']), rows(3, 2, 4, side, side)
    t = torch.tensor([981, 7])
    output = model(x, t, context)
    keys = model.get_submodule(attention).to_k(context)
    golden = dict(sample=x, timestep=t.int(), encoder_hidden_states=context, target=target, output=output.detach(),
                  **{f'hook:{attention}.to_k': keys.detach(), f'hook:{attention}.pattern': model.get_submodule(attention).pattern.detach()},
                  **gradients(model, output, target, names))
    save_file(rounded(golden), folder / 'golden.safetensors')
    return model


def vae_golden(folder):
    model = randomized(Autoencoder(VAE))
    save(folder, VAE, model)
    x, z, target = rows(4, 2, 3, 16, 16), rows(5, 2, 4, 4, 4), rows(6, 2, 3, 16, 16)
    mean, log_variance = model.encode(x)
    output = model.decode(mean)
    golden = dict(pixel_values=x, mean=mean.detach(), log_variance=log_variance.detach(), latents=z, decoded=model.decode(z).detach(),
                  target=target, output=output.detach(),
                  **gradients(model, output, target, ['encoder.down_blocks.0.downsamplers.0.conv.weight',
                                                      'encoder.mid_block.attentions.0.to_q.weight',
                                                      'decoder.up_blocks.0.resnets.0.norm1.weight']))
    save_file(rounded(golden), folder / 'golden.safetensors')
    return model


# Schedulers, in float64.

def cumulative(c):
    T = c.get('num_train_timesteps', 1000)
    start, end = c.get('beta_start', 0.0001), c.get('beta_end', 0.02)
    betas = np.linspace(start ** 0.5, end ** 0.5, T) ** 2 if c.get('beta_schedule', 'linear') == 'scaled_linear' else np.linspace(start, end, T)
    return np.cumprod(1 - betas)


def spaced(c, n, default='leading'):
    T = c.get('num_train_timesteps', 1000)
    spacing = c.get('timestep_spacing', default)
    if spacing == 'linspace':
        return np.linspace(0, T - 1, n).round()
    if spacing == 'leading':
        return (np.arange(n) * (T // n)).round() + c.get('steps_offset', 0)
    return np.arange(T, 0, -T / n).round()[::-1] - 1


def parts(c, a, x, out):
    """The clean sample and the noise that an output means."""
    kind = c.get('prediction_type', 'epsilon')
    if kind == 'epsilon':
        return (x - (1 - a) ** 0.5 * out) / a ** 0.5, out
    if kind == 'sample':
        return out, (x - a ** 0.5 * out) / (1 - a) ** 0.5
    return a ** 0.5 * x - (1 - a) ** 0.5 * out, a ** 0.5 * out + (1 - a) ** 0.5 * x


def clipped(c, x0, default=True):
    r = c.get('clip_sample_range', 1.0)
    return np.clip(x0, -r, r) if c.get('clip_sample', default) else x0


def ddim(c, n, x, net, eta=0.0, useClippedOutput=False):
    ac, T = cumulative(c), c.get('num_train_timesteps', 1000)
    final = 1.0 if c.get('set_alpha_to_one', True) else ac[0]
    for i, t in enumerate(spaced(c, n)[::-1]):
        before = int(t) - T // n
        a, b = ac[int(t)], ac[before] if before >= 0 else final
        x0, eps = parts(c, a, x, net(x, t))
        x0 = clipped(c, x0)
        eps = (x - a ** 0.5 * x0) / (1 - a) ** 0.5 if useClippedOutput else eps
        s = eta * ((1 - b) / (1 - a) * (1 - a / b)) ** 0.5
        x = b ** 0.5 * x0 + (1 - b - s ** 2) ** 0.5 * eps + s * noise(i, x)
        yield t, x


def ddpm(c, n, x, net):
    ac = cumulative(c)
    ts = spaced(c, n)[::-1]
    for i, t in enumerate(ts):
        a, b = ac[int(t)], ac[int(ts[i + 1])] if i + 1 < n else 1.0
        x0, _ = parts(c, a, x, net(x, t))
        x0 = clipped(c, x0)
        step = a / b
        mean = b ** 0.5 * (1 - step) / (1 - a) * x0 + step ** 0.5 * (1 - b) / (1 - a) * x
        variance = 1 - step if c.get('variance_type', 'fixed_small') == 'fixed_large' else max((1 - b) / (1 - a) * (1 - step), 1e-20)
        x = mean + (variance ** 0.5 * noise(i, x) if t > 0 else 0)
        yield t, x


def pndm(c, n, x, net):
    """Linear multistep of Liu et al. 2022; the second step is taken again with the mean of two slopes."""
    ac, T = cumulative(c), c.get('num_train_timesteps', 1000)
    final = ac[0] if not c.get('set_alpha_to_one', False) else 1.0
    ts = spaced(c, n)
    ts = np.concatenate([ts[:-1], ts[-2:-1], ts[-1:]])[::-1]
    old, start = [], None
    for i, t in enumerate(ts):
        out = net(x, t)
        now, before = int(t), int(t) - T // n
        if i == 1:
            now, before = int(t) + T // n, int(t)
            slope, x = (out + old[-1]) / 2, start
        else:
            old.append(out)
            e = old[::-1]
            if len(old) == 1:
                slope, start = out, x
            elif len(old) == 2:
                slope = (3 * e[0] - e[1]) / 2
            elif len(old) == 3:
                slope = (23 * e[0] - 16 * e[1] + 5 * e[2]) / 12
            else:
                slope = (55 * e[0] - 59 * e[1] + 37 * e[2] - 9 * e[3]) / 24
        a, b = ac[now], ac[before] if before >= 0 else final
        if c.get('prediction_type', 'epsilon') == 'v_prediction':
            slope = a ** 0.5 * slope + (1 - a) ** 0.5 * x
        x = (b / a) ** 0.5 * x - (b - a) * slope / (a * (1 - b) ** 0.5 + (a * (1 - a) * b) ** 0.5)
        yield t, x


def euler(c, n, x, net):
    ac = cumulative(c)
    ts = spaced(c, n, 'linspace')[::-1] if c.get('timestep_spacing', 'linspace') != 'linspace' else np.linspace(0, len(ac) - 1, n)[::-1]
    sigmas = np.append(np.interp(ts, np.arange(len(ac)), ((1 - ac) / ac) ** 0.5), 0)
    for i, t in enumerate(ts):
        s = sigmas[i]
        out = net(x / (s ** 2 + 1) ** 0.5, t)
        x0 = x - s * out if c.get('prediction_type', 'epsilon') == 'epsilon' else x / (s ** 2 + 1) - out * s / (s ** 2 + 1) ** 0.5
        x = x + (x - x0) / s * (sigmas[i + 1] - s)
        yield t, x


def noise(i, x):
    return np.sin((i + 1) * np.arange(1, x.size + 1))


def formula(x, t):
    """A network that is one formula."""
    return np.cos(2 * x + t / 300)


RUNS = [
    (pndm, PNDM, 6, {}),
    (pndm, {**PNDM, 'prediction_type': 'v_prediction', 'set_alpha_to_one': True, 'timestep_spacing': 'linspace'}, 5, {}),
    (ddim, dict(_class_name='DDIMScheduler', beta_schedule='scaled_linear', beta_start=0.00085, beta_end=0.012, clip_sample=False,
                set_alpha_to_one=False, steps_offset=1), 5, {}),
    (ddim, dict(_class_name='DDIMScheduler', timestep_spacing='trailing', prediction_type='v_prediction', clip_sample_range=1.5), 7, {'eta': 0.6}),
    (ddim, dict(_class_name='DDIMScheduler', prediction_type='sample', num_train_timesteps=100), 4, {}),
    (ddim, dict(_class_name='DDIMScheduler', timestep_spacing='trailing'), 5, {'useClippedOutput': True}),
    (ddpm, dict(_class_name='DDPMScheduler'), 6, {}),
    (ddpm, dict(_class_name='DDPMScheduler', variance_type='fixed_large', clip_sample=False, timestep_spacing='linspace',
                prediction_type='v_prediction', num_train_timesteps=50), 50, {}),
    (euler, dict(_class_name='EulerDiscreteScheduler', beta_schedule='scaled_linear', beta_start=0.00085, beta_end=0.012), 5, {}),
    (euler, dict(_class_name='EulerDiscreteScheduler', timestep_spacing='leading', steps_offset=1, prediction_type='v_prediction'), 4, {}),
]


def schedulers():
    cases = []
    for run, config, n, options in RUNS:
        x = np.linspace(-1.2, 1.4, 6) * (10 if run is euler else 1)
        steps = list(run(config, n, x, formula, **options))
        cases.append(dict(config=config, steps=n, options=options, start=x.tolist(), timesteps=[float(t) for t, _ in steps],
                          samples=[[float(f'{v:.9g}') for v in s] for _, s in steps]))
    (HERE / 'schedulers.json').write_text(json.dumps(cases, indent=1) + '\n')


def pipeline(unet, vae):
    """Five steps of PNDM with guidance 3, and the picture."""
    x, text, empty = rows(8, 1, 4, 8, 8), rows(9, 1, 5, 12), rows(10, 1, 5, 12)

    def net(z, t):
        z = torch.from_numpy(z).reshape(x.shape)
        at = torch.tensor([int(t)])
        with torch.no_grad():
            e, u = unet(z, at, text), unet(z, at, empty)
        return (u + 3 * (e - u)).numpy().ravel()

    for _, latents in pndm(PNDM, 5, x.numpy().ravel(), net):
        pass
    latents = torch.from_numpy(latents).reshape(x.shape)
    with torch.no_grad():
        image = (vae.decode(latents / VAE['scaling_factor']) / 2 + 0.5).clamp(0, 1)
    save_file(rounded(dict(start=x, text=text, empty=empty, latents=latents, image=image)), HERE / 'pipeline.safetensors')


def text_encoder(folder):
    torch.manual_seed(0)
    model = CLIPTextModel(CLIPTextConfig(vocab_size=24, hidden_size=12, intermediate_size=16, num_hidden_layers=1,
                                         num_attention_heads=2, max_position_embeddings=5, bos_token_id=0, eos_token_id=1, pad_token_id=1))
    model.eval()
    model.save_pretrained(folder)
    ids = torch.tensor([[0, 5, 9, 1, 1]])
    with torch.no_grad():
        states = model(input_ids=ids).last_hidden_state
    save_file(dict(input_ids=ids.int(), states=states), folder / 'golden.safetensors')


shutil.rmtree(HERE, ignore_errors=True)
SD = HERE / 'stable-diffusion'
unet = unet_golden(SD / 'unet', UNET, ['down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight',
                                       'mid_block.resnets.1.time_emb_proj.weight', 'up_blocks.1.resnets.1.conv_shortcut.weight'],
                   'down_blocks.0.attentions.0.transformer_blocks.0.attn2')
unet_golden(HERE / 'unet-linear', LINEAR, ['down_blocks.1.attentions.1.proj_in.weight', 'time_embedding.linear_1.weight',
                                           'up_blocks.0.attentions.2.transformer_blocks.1.ff.net.0.proj.weight'],
            'up_blocks.0.attentions.0.transformer_blocks.1.attn2', side=16, dtype=torch.float16)
vae = vae_golden(SD / 'vae')
text_encoder(SD / 'text_encoder')
(SD / 'scheduler').mkdir()
(SD / 'scheduler' / 'scheduler_config.json').write_text(json.dumps(PNDM, indent=2, sort_keys=True) + '\n')
(SD / 'model_index.json').write_text(json.dumps({
    '_class_name': 'StableDiffusionPipeline', '_diffusers_version': VERSION, 'feature_extractor': [None, None],
    'requires_safety_checker': False, 'safety_checker': [None, None], 'scheduler': ['diffusers', 'PNDMScheduler'],
    'text_encoder': ['transformers', 'CLIPTextModel'], 'tokenizer': [None, None],
    'unet': ['diffusers', 'UNet2DConditionModel'], 'vae': ['diffusers', 'AutoencoderKL']}, indent=2) + '\n')
schedulers()
pipeline(unet, vae)
