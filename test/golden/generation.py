"""Writes generation.json: what `transformers` generates with the tiny checkpoints beside this file, token by token.

Run with a Python that has PyTorch and transformers: python generation.py > generation.json

Random weights give nearly even probabilities, so the output layer (of GPT-2 the table of tokens) is multiplied by SCALE first;
the tests do the same.
"""

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

HERE = Path(__file__).parent / 'checkpoints'
SCALE = 5.0
EOS = [42, 26, 38, 3]
PROMPTS = [[5, 17, 3, 40], [9, 9, 31, 2, 7, 21], [11]]
EVEN = [[5, 17, 3, 40], [9, 31, 2, 7]]
CASES = {
    'greedy': dict(max_new_tokens=12),
    'greedyEos': dict(max_new_tokens=12, eos_token_id=EOS),
    'beam': dict(max_new_tokens=8, num_beams=3, num_return_sequences=3),
    'beamEos': dict(max_new_tokens=10, num_beams=4, num_return_sequences=2, eos_token_id=EOS),
    'beamLong': dict(max_new_tokens=10, num_beams=4, eos_token_id=EOS[:3], length_penalty=2.0),
    'beamEarly': dict(max_new_tokens=10, num_beams=3, eos_token_id=EOS, early_stopping=True),
    'beamNever': dict(max_new_tokens=10, num_beams=3, eos_token_id=EOS[1:], early_stopping='never',
                      length_penalty=0.5),
}
PROCESSORS = {
    'repetition': dict(repetition_penalty=1.8),
    'ngram': dict(no_repeat_ngram_size=2),
    'minimum': dict(min_new_tokens=5, eos_token_id=EOS),
    'suppressed': dict(suppress_tokens=EOS, begin_suppress_tokens=[43, 46, 17, 33, 28]),
    'forcedEos': dict(forced_eos_token_id=6),
    'all': dict(repetition_penalty=1.4, no_repeat_ngram_size=3, suppress_tokens=[10], min_new_tokens=3,
                eos_token_id=EOS[:2]),
    'beams': dict(repetition_penalty=1.4, no_repeat_ngram_size=2, num_beams=3),
}


def ended(row, eos):
    return next((row[:i + 1] for i, token in enumerate(row) if token in eos), row)


def generated(model, prompts, options):
    longest = max(len(p) for p in prompts)
    ids = torch.tensor([[0] * (longest - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
    given = {'eos_token_id': None, **options}
    with torch.no_grad():
        out = model.generate(ids, attention_mask=mask, do_sample=False, pad_token_id=47, output_scores=True,
                             return_dict_in_generate=True, **given)
    tokens = [ended(row[longest:], given['eos_token_id'] or []) for row in out.sequences.tolist()]
    scores = getattr(out, 'sequences_scores', None)
    return {'tokens': tokens, 'scores': None if scores is None else scores.tolist()}


torch.manual_seed(0)
results = {'scale': SCALE, 'prompts': PROMPTS, 'even': EVEN, 'eos': EOS}
for name, table in (('gpt2', 'transformer.wte.weight'), ('llama', 'lm_head.weight'), ('mistral', 'lm_head.weight')):
    model = AutoModelForCausalLM.from_pretrained(HERE / name, dtype=torch.float32).eval()
    dict(model.named_parameters())[table].data.mul_(SCALE)
    own = {case: generated(model, PROMPTS, options) for case, options in CASES.items()}
    for case, options in PROCESSORS.items():
        own[case] = generated(model, EVEN, {'max_new_tokens': 10, **options})
    ids = torch.tensor(EVEN)
    logits = torch.log_softmax(model(ids).logits, -1)[:, :-1]
    own['logProbs'] = torch.gather(logits, -1, ids[:, 1:, None])[..., 0].tolist()
    results[name] = own
print(json.dumps(results))
