"""Writes vision/<case>/: tiny networks of images with random weights as `transformers` saves them, and golden.safetensors beside each.

Run with a Python that has PyTorch and transformers: python vision.py [case ...]

golden.safetensors holds the inputs (pixel_values; input_ids and attention_mask for CLIP), labels, the outputs in float32 (logits, or
hidden and pooled; the embeddings of CLIP), and the gradients of the loss with respect to three parameters, as grad:NAME. The loss is the mean
cross-entropy of the labels; without logits the mean square of the hidden states and that of what is pooled.
"""

import shutil
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig

HERE = Path(__file__).parent / 'vision'

VIT = dict(hidden_size=12, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, image_size=8, patch_size=4, num_labels=3)
RESNET = dict(embedding_size=4, hidden_sizes=[8, 12], depths=[1, 2], num_labels=3)
TEXT = dict(hidden_size=12, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, vocab_size=20,
            max_position_embeddings=8, bos_token_id=18, eos_token_id=19, pad_token_id=0)
VISION = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12, image_size=8, patch_size=4)
CLIP_NAMES = ['text_model.encoder.layers.0.self_attn.q_proj.weight', 'vision_model.embeddings.class_embedding', 'logit_scale']

# Case: class, model_type, configuration, the three parameters whose gradients are kept.
CASES = {
    'vit': ('ViTForImageClassification', 'vit', VIT, 3),
    'vit-bare': ('ViTModel', 'vit', dict(VIT, qkv_bias=False, hidden_act='gelu_new'), 3),
    'deit': ('DeiTForImageClassification', 'deit', VIT, 3),
    'deit-teacher': ('DeiTForImageClassificationWithTeacher', 'deit', VIT, 3),
    'resnet-basic': ('ResNetForImageClassification', 'resnet', dict(RESNET, layer_type='basic'), 3),
    'resnet-bottleneck': ('ResNetForImageClassification', 'resnet', dict(RESNET, layer_type='bottleneck'), 3),
    'resnet-bare': ('ResNetModel', 'resnet', dict(RESNET, layer_type='bottleneck', downsample_in_bottleneck=True,
                                                  downsample_in_first_stage=True), 3),
    'clip': ('CLIPModel', 'clip', dict(text_config=TEXT, vision_config=VISION, projection_dim=6), CLIP_NAMES),
    # The id 2 stands for the highest id of a text, wherever that is.
    'clip-text': ('CLIPTextModel', 'clip_text_model', dict(TEXT, eos_token_id=2), 3),
    'clip-text-projected': ('CLIPTextModelWithProjection', 'clip_text_model', dict(TEXT, projection_dim=6), 3),
    'clip-vision': ('CLIPVisionModel', 'clip_vision_model', VISION, 3),
    'clip-vision-projected': ('CLIPVisionModelWithProjection', 'clip_vision_model', dict(VISION, projection_dim=6), 3),
}


def randomized(model):
    """Weights far from zero, so that every part of the network has a say."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            is_gain = parameter.ndim == 1 and name.endswith('weight')
            parameter.copy_((1 if is_gain or name == 'logit_scale' else 0) + 0.3 * noise)
        for name, buffer in model.named_buffers():
            if name.endswith('running_mean'):
                buffer.copy_(0.3 * torch.randn(buffer.shape, generator=generator))
            if name.endswith('running_var'):
                buffer.copy_(0.5 + torch.rand(buffer.shape, generator=generator))


def write(case):
    name, model_type, settings, kept = CASES[case]
    folder = HERE / case
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(0)
    config = AutoConfig.for_model(model_type, **settings)
    model = getattr(transformers, name)._from_config(config, attn_implementation=None if model_type == 'resnet' else 'eager')
    model.eval()
    randomized(model)
    model.save_pretrained(folder)
    generator = torch.Generator().manual_seed(11)
    given = {}
    if 'text' not in model_type:
        size = (19, 16) if model_type == 'resnet' else (8, 8)
        given['pixel_values'] = torch.randn((2, 3, *size), generator=generator)
    if model_type in ('clip', 'clip_text_model'):
        ids = torch.randint(3, 17, (2, 6), generator=generator)
        ids[:, 0], ids[0, 5], ids[1, 3] = 18, 19, 19
        mask = torch.ones_like(ids)
        ids[1, 4:], mask[1, 4:] = 0, 0
        given.update(input_ids=ids, attention_mask=mask)
    out = model(**given)
    golden = {key: value.int() if key != 'pixel_values' else value for key, value in given.items()}
    outputs = {}
    if 'logits_per_image' in out:
        outputs = dict(logits=out.logits_per_image, image_embeds=out.image_embeds, text_embeds=out.text_embeds)
        labels = torch.tensor([1, 0])
    elif 'logits' in out:
        outputs = dict(logits=out.logits)
        labels = torch.randint(0, 3, (2,), generator=generator)
    else:
        outputs = dict(hidden=out.last_hidden_state)
        for ours, theirs in [('pooled', 'pooler_output'), ('image_embeds', 'image_embeds'), ('text_embeds', 'text_embeds')]:
            if out.get(theirs) is not None:
                outputs[ours] = out[theirs].flatten(1)
    if 'logits' in outputs:
        loss = F.cross_entropy(outputs['logits'], labels)
        golden['labels'] = labels.int()
    else:
        loss = sum(value.square().mean() for value in outputs.values())
    loss.backward()
    parameters = {key: value for key, value in model.named_parameters() if value.grad is not None}
    stored = list(parameters)
    chosen = kept if kept != 3 else [stored[0], stored[len(stored) // 2], stored[-2]]
    golden.update({key: value.detach().contiguous() for key, value in outputs.items()}, loss=loss.detach())
    # Names in files may differ from those in memory.
    from safetensors import safe_open
    with safe_open(folder / 'model.safetensors', 'pt') as file:
        held = {key: file.get_tensor(key) for key in file.keys()}
    for one in chosen:
        same = [key for key, value in held.items() if value.shape == parameters[one].shape and torch.equal(value, parameters[one])]
        golden[f'grad:{same[0]}'] = parameters[one].grad.contiguous()
    save_file(golden, folder / 'golden.safetensors')
    print(case, f'{sum(f.stat().st_size for f in folder.iterdir()) / 1024:.0f} KiB', [k for k in golden if k.startswith('grad')])


for one in sys.argv[1:] or CASES:
    write(one)
