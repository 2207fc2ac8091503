"""Trains three small tokenizers and writes their folders and what transformers makes of some texts with them.

Run with a Python that has transformers: python tokenizerFolders.py. Writes tokenizers/<name>/ and tokenizers.json.
The folder `tokenizers` would hide the package of the same name, so the folder of the script is taken off the search path first.
"""

import json
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path = [p for p in sys.path if os.path.abspath(p or '.') != HERE]

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402

CORPUS = [
    'The lighthouse keeper of Orvale keeps a blue lantern and a red lantern.',
    'Mira Quell lives in Orvale. She keeps bees; the bees keep the garden.',
    "Who keeps the lantern? It's Mira who keeps it, isn't it?",
    'Numbers: 1, 22, 333, 4444 and 1234567890.',
    'Städte, Flüsse und Gärten: größer als früher. Ça va où?',
    'def keep(x):\n    return x + 1\n\n\ndef lantern():\n\treturn None\n',
] * 4
TEXTS = [
    'The keeper keeps the lantern.',
    '  two  spaces,\n\nnew lines\tand tabs ',
    "It's Mira's; isn't she in Orvale?",
    'größer où ÇA \u00e9 e\u0301 \u6f22\u5b57 \U0001f41d!',
    '',
    'unseenword 98765',
]
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] not in ['system', 'user', 'assistant'] %}"
    "{{ raise_exception('unknown role ' + message['role']) }}{% endif %}"
    "[{{ message['role'] | upper }}] {{ message['content'] | trim }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}[ASSISTANT] {% endif %}"
)


def byte_level():
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=330, special_tokens=['<|endoftext|>'], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))
    return PreTrainedTokenizerFast(
        tokenizer_object=t, bos_token='<|endoftext|>', eos_token='<|endoftext|>', unk_token='<|endoftext|>',
        model_max_length=64, clean_up_tokenization_spaces=False, chat_template=TEMPLATE)


def word_piece():
    t = Tokenizer(models.WordPiece(unk_token='[UNK]'))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
    t.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=180, special_tokens=special, show_progress=False))
    cls, sep = t.token_to_id('[CLS]'), t.token_to_id('[SEP]')
    t.post_processor = processors.TemplateProcessing(
        single='[CLS] $A [SEP]', pair='[CLS] $A [SEP] $B:1 [SEP]:1', special_tokens=[('[CLS]', cls), ('[SEP]', sep)])
    return PreTrainedTokenizerFast(
        tokenizer_object=t, pad_token='[PAD]', unk_token='[UNK]', cls_token='[CLS]', sep_token='[SEP]',
        mask_token='[MASK]', model_max_length=32, clean_up_tokenization_spaces=True)


def byte_fallback():
    """As Llama 2 has it: pieces with a mark for a space, bytes for what is unknown, a first token before every text."""
    t = Tokenizer(models.BPE(unk_token='<unk>', fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend('\u2581'), normalizers.Replace(' ', '\u2581')])
    t.decoder = decoders.Sequence([
        decoders.Replace('\u2581', ' '), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(' ', 1, 0)])
    special = ['<unk>', '<s>', '</s>']
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=450, special_tokens=special + [f'<0x{b:02X}>' for b in range(256)], show_progress=False))
    described = json.loads(t.to_str())
    # Bytes are ordinary pieces: as special tokens they would be found in texts, and left out of decoded ones.
    described['added_tokens'] = [a for a in described['added_tokens'] if a['content'] in special]
    t = Tokenizer.from_str(json.dumps(described))
    t.post_processor = processors.TemplateProcessing(
        single='<s> $A', pair='<s> $A <s>:1 $B:1', special_tokens=[('<s>', t.token_to_id('<s>'))])
    return PreTrainedTokenizerFast(
        tokenizer_object=t, bos_token='<s>', eos_token='</s>', unk_token='<unk>', pad_token='</s>',
        padding_side='left', model_max_length=128, clean_up_tokenization_spaces=False, chat_template=TEMPLATE)


def golden(t):
    pads = t.pad_token is not None
    out = {
        'ids': {k: getattr(t, f'{k}_token_id') for k in ('bos', 'eos', 'pad', 'unk', 'cls', 'sep', 'mask')},
        'encoded': [t(x)['input_ids'] for x in TEXTS],
        'bare': [t(x, add_special_tokens=False)['input_ids'] for x in TEXTS],
        'decoded': [t.decode(t(x)['input_ids']) for x in TEXTS],
        'skipped': [t.decode(t(x)['input_ids'], skip_special_tokens=True) for x in TEXTS],
        'pair': dict(t('The keeper', 'keeps bees', return_token_type_ids=True)),
        'truncated': t(TEXTS[2], truncation=True, max_length=6)['input_ids'],
    }
    t.truncation_side = 'left'
    out['truncatedLeft'] = t(TEXTS[2], truncation=True, max_length=6)['input_ids']
    t.truncation_side = 'right'
    if pads:
        for side in ('left', 'right'):
            b = t(TEXTS[:4], padding=True, padding_side=side)
            out[side] = {'inputIds': b['input_ids'], 'attentionMask': b['attention_mask']}
        b = t(TEXTS[:2], padding='max_length', truncation=True, max_length=12, padding_side='right')
        out['fixed'] = {'inputIds': b['input_ids'], 'attentionMask': b['attention_mask']}
    if t.chat_template:
        messages = [{'role': 'system', 'content': ' Be brief. '}, {'role': 'user', 'content': 'Who keeps the lantern?'}]
        out['chat'] = t.apply_chat_template(messages, tokenize=False)
        out['chatPrompt'] = t.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        out['chatIds'] = t.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    return out


results = {'texts': TEXTS}
for name, make in (('byteLevel', byte_level), ('wordPiece', word_piece), ('byteFallback', byte_fallback)):
    folder = os.path.join(HERE, 'tokenizers', name)
    shutil.rmtree(folder, ignore_errors=True)
    made = make()
    made.save_pretrained(folder)
    described = json.load(open(os.path.join(folder, 'tokenizer.json')))
    with open(os.path.join(folder, 'tokenizer.json'), 'w') as f:
        json.dump(described, f, ensure_ascii=False, separators=(',', ':'))
    results[name] = golden(PreTrainedTokenizerFast.from_pretrained(folder))
with open(os.path.join(HERE, 'tokenizers.json'), 'w') as f:
    json.dump(results, f, indent=1)
    f.write('\n')
