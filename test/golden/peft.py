"""Writes peft/<case>/: adapters in the layout of PEFT, and logits.safetensors: what the model computes with each.

Run with a Python that has PyTorch and transformers: python peft.py. The change of a weight W [out, in] is alpha / r B A by the formula
of LoRA (alpha / sqrt(r) where it is rank-stabilised); PEFT itself is not needed.
"""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

HERE = Path(__file__).parent
IDS = torch.tensor([[5, 17, 3, 40, 9], [9, 31, 2, 7, 1]])
CASES = {
    'gpt2': dict(target_modules=['c_attn', 'mlp.c_proj'], r=2, lora_alpha=6, fan_in_fan_out=True, use_rslora=False),
    'llama': dict(target_modules=r'.*\.1\..*(q|v)_proj', r=4, lora_alpha=3, fan_in_fan_out=False, use_rslora=True),
}

torch.manual_seed(5)
for name, config in CASES.items():
    model = AutoModelForCausalLM.from_pretrained(HERE / 'checkpoints' / name, dtype=torch.float32).eval()
    ends = {'gpt2': ('attn.c_attn', 'mlp.c_proj'), 'llama': ('1.self_attn.q_proj', '1.self_attn.v_proj')}[name]
    r, factors = config['r'], {}
    scale = config['lora_alpha'] / (math.sqrt(r) if config['use_rslora'] else r)
    for layer, module in model.named_modules():
        if not layer.endswith(ends):
            continue
        weight = module.weight.data
        out, into = weight.T.shape if config['fan_in_fan_out'] else weight.shape
        a, b = torch.randn(r, into) * 0.3, torch.randn(out, r) * 0.3
        change = scale * b @ a
        weight += change.T if config['fan_in_fan_out'] else change
        factors[f'base_model.model.{layer}.lora_A.weight'] = a
        factors[f'base_model.model.{layer}.lora_B.weight'] = b
    folder = HERE / 'peft' / name
    folder.mkdir(parents=True, exist_ok=True)
    whole = {'peft_type': 'LORA', 'task_type': 'CAUSAL_LM', 'bias': 'none', 'lora_dropout': 0.0, 'use_dora': False,
             'modules_to_save': None, 'rank_pattern': {}, 'alpha_pattern': {}, 'inference_mode': True, **config}
    (folder / 'adapter_config.json').write_text(json.dumps(whole, indent=2) + '\n')
    save_file(factors, folder / 'adapter_model.safetensors', metadata={'format': 'pt'})
    with torch.no_grad():
        save_file({'input_ids': IDS.int(), 'logits': model(IDS).logits}, folder / 'logits.safetensors')
