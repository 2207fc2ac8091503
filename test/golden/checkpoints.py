"""Writes checkpoints/<case>/: tiny models with random weights as `transformers` saves them, and golden.safetensors beside each.

Run with a Python that has PyTorch and transformers: python checkpoints.py [case ...]

golden.safetensors holds the inputs (input_ids, attention_mask, position_ids, labels), the logits in float32, and the gradients of
the loss with respect to three parameters, as grad:NAME under the names in the checkpoint. The loss is the mean cross-entropy of every
step's next label, where that is not -100. The second text is padded on the left.
"""

import shutil
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

HERE = Path(__file__).parent / 'checkpoints'
STEPS, PADDING = 9, 3

LLAMA = dict(vocab_size=48, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2)
GPT2 = dict(vocab_size=48, n_positions=32, n_embd=16, n_layer=2, n_head=4, bos_token_id=1, eos_token_id=2)
ROPE = dict(rope_theta=1000.0)


def llama(**changes):
    return {**LLAMA, **changes}


# Case: model_type, configuration, the three parameters whose gradients are kept.
CASES = {
    'gpt2': ('gpt2', {**GPT2, 'scale_attn_by_inverse_layer_idx': True},
             ['transformer.wte.weight', 'transformer.h.0.attn.c_attn.weight', 'transformer.h.1.ln_2.bias']),
    'pythia': ('gpt_neox', dict(vocab_size=48, hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
                                intermediate_size=48, max_position_embeddings=32, rope_parameters={
                                    'rope_type': 'default', 'rope_theta': 1000.0, 'partial_rotary_factor': 0.25}),
               ['gpt_neox.embed_in.weight', 'gpt_neox.layers.0.attention.query_key_value.weight', 'embed_out.weight']),
    'neox-sequential': ('gpt_neox', dict(vocab_size=48, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                                         intermediate_size=24, max_position_embeddings=32, use_parallel_residual=False,
                                         attention_bias=False, tie_word_embeddings=True, rope_parameters={
                                             'rope_type': 'default', 'rope_theta': 1000.0,
                                             'partial_rotary_factor': 0.5}),
                        ['gpt_neox.embed_in.weight', 'gpt_neox.layers.1.attention.dense.weight',
                         'gpt_neox.layers.0.mlp.dense_h_to_4h.bias']),
    'gptj': ('gptj', {**GPT2, 'rotary_dim': 2},
             ['transformer.wte.weight', 'transformer.h.0.attn.q_proj.weight', 'lm_head.bias']),
    'llama': ('llama', llama(rope_parameters={'rope_type': 'default', **ROPE}),
              ['model.embed_tokens.weight', 'model.layers.0.self_attn.k_proj.weight', 'model.layers.1.mlp.gate_proj.weight']),
    'llama3': ('llama', llama(tie_word_embeddings=True, attention_bias=True, mlp_bias=True, head_dim=8, rope_parameters={
        'rope_type': 'llama3', **ROPE, 'factor': 8.0, 'low_freq_factor': 1.0, 'high_freq_factor': 4.0,
        'original_max_position_embeddings': 16}),
               ['model.embed_tokens.weight', 'model.layers.0.self_attn.q_proj.bias', 'model.layers.1.mlp.down_proj.weight']),
    'llama-linear': ('llama', llama(rope_parameters={'rope_type': 'linear', **ROPE, 'factor': 4.0}),
                     ['model.norm.weight', 'model.layers.0.self_attn.q_proj.weight', 'lm_head.weight']),
    'llama-dynamic': ('llama', llama(max_position_embeddings=4, head_dim=8, rope_parameters={
        'rope_type': 'dynamic', **ROPE, 'factor': 2.0}),
                      ['model.norm.weight', 'model.layers.0.self_attn.q_proj.weight', 'lm_head.weight']),
    'llama-yarn': ('llama', llama(head_dim=16, rope_parameters={
        'rope_type': 'yarn', **ROPE, 'factor': 4.0, 'original_max_position_embeddings': 16, 'beta_fast': 4.0,
        'beta_slow': 1.0}),
                   ['model.norm.weight', 'model.layers.0.self_attn.q_proj.weight', 'lm_head.weight']),
    'mistral': ('mistral', llama(sliding_window=3, head_dim=4, rope_parameters={'rope_type': 'default', **ROPE}),
                ['model.embed_tokens.weight', 'model.layers.0.self_attn.v_proj.weight', 'model.layers.1.mlp.up_proj.weight']),
    'qwen2': ('qwen2', llama(use_sliding_window=True, sliding_window=3, max_window_layers=1,
                             rope_parameters={'rope_type': 'default', **ROPE}),
              ['model.embed_tokens.weight', 'model.layers.0.self_attn.q_proj.bias', 'model.layers.1.self_attn.k_proj.weight']),
    'qwen3': ('qwen3', llama(head_dim=8, tie_word_embeddings=True, rope_parameters={'rope_type': 'default', **ROPE}),
              ['model.embed_tokens.weight', 'model.layers.0.self_attn.q_norm.weight', 'model.layers.1.self_attn.k_norm.weight']),
    'olmo': ('olmo', llama(clip_qkv=0.5, rope_parameters={'rope_type': 'default', **ROPE}),
             ['model.embed_tokens.weight', 'model.layers.0.self_attn.q_proj.weight', 'lm_head.weight']),
    'olmo2': ('olmo2', llama(rope_parameters={'rope_type': 'default', **ROPE}),
              ['model.layers.0.self_attn.k_norm.weight', 'model.layers.0.post_attention_layernorm.weight',
               'model.layers.1.post_feedforward_layernorm.weight']),
    'gemma2': ('gemma2', llama(head_dim=8, query_pre_attn_scalar=12, sliding_window=3, attn_logit_softcapping=2.0,
                               final_logit_softcapping=3.0, rope_parameters={'rope_type': 'default', **ROPE}),
               ['model.embed_tokens.weight', 'model.layers.0.input_layernorm.weight', 'model.layers.1.mlp.gate_proj.weight']),
    'phi3': ('phi3', llama(max_position_embeddings=16, original_max_position_embeddings=16,
                           rope_parameters={'rope_type': 'default', **ROPE, 'partial_rotary_factor': 0.5}),
             ['model.embed_tokens.weight', 'model.layers.0.self_attn.qkv_proj.weight', 'model.layers.1.mlp.gate_up_proj.weight']),
    'phi3-long': ('phi3', llama(max_position_embeddings=64, original_max_position_embeddings=8, rope_parameters={
        'rope_type': 'longrope', **ROPE, 'short_factor': [1.0, 1.1], 'long_factor': [1.5, 4.0]}),
                  ['model.norm.weight', 'model.layers.0.self_attn.qkv_proj.weight', 'lm_head.weight']),
    'mixtral': ('mixtral', llama(num_local_experts=4, num_experts_per_tok=2, head_dim=4,
                                 rope_parameters={'rope_type': 'default', **ROPE}),
                ['model.embed_tokens.weight', 'model.layers.0.self_attn.q_proj.weight', 'model.norm.weight']),
    'olmoe': ('olmoe', llama(num_experts=4, num_experts_per_tok=2, norm_topk_prob=False,
                             rope_parameters={'rope_type': 'default', **ROPE}),
              ['model.embed_tokens.weight', 'model.layers.0.self_attn.k_norm.weight', 'model.norm.weight']),
}


def randomized(model):
    """Weights far from zero, so that every part of the network has a say in the logits."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            is_gain = parameter.ndim == 1 and name.endswith('weight')
            parameter.copy_((1 if is_gain else 0) + 0.3 * noise)


def inputs(vocabulary):
    generator = torch.Generator().manual_seed(11)
    ids = torch.randint(3, vocabulary, (2, STEPS), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, :PADDING] = 0
    ids[1, :PADDING] = 0
    labels = ids.masked_fill(mask == 0, -100)
    labels[0, 4] = -100
    # Nothing predicts the first token: what stands before it is padding.
    labels[1, PADDING] = -100
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    return ids, mask, positions, labels


def write(case):
    model_type, settings, names = CASES[case]
    folder = HERE / case
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(model_type, **settings), attn_implementation='eager')
    model.eval()
    randomized(model)
    model.save_pretrained(folder)
    ids, mask, positions, labels = inputs(settings['vocab_size'])
    logits = model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False).logits
    loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
    loss.backward()
    parameters = dict(model.named_parameters())
    golden = dict(input_ids=ids.int(), attention_mask=mask.int(), position_ids=positions.int(), labels=labels.int(),
                  logits=logits.detach(), loss=loss.detach())
    for name in names:
        # The head of GPT-NeoX has another name in memory than in files.
        golden[f'grad:{name}'] = parameters[name.replace('embed_out', 'lm_head')].grad.contiguous()
    save_file(golden, folder / 'golden.safetensors')
    with safe_open(folder / 'model.safetensors', 'pt') as file:
        print(case, f'{sum(f.stat().st_size for f in folder.iterdir()) / 1024:.0f} KiB', len(list(file.keys())), 'tensors')


for one in sys.argv[1:] or CASES:
    write(one)
