"""Writes encoders/<case>/: tiny encoders with random weights as `transformers` saves them, and golden.safetensors beside each.

Run with a Python that has PyTorch and transformers: python encoders.py [case ...]

golden.safetensors holds the inputs (input_ids, attention_mask, token_type_ids, decoder_input_ids), labels, logits or hidden and pooled in float32, and
the gradients of the loss with respect to three parameters, as grad:NAME. The loss is the mean cross-entropy of the labels that are
not -100; of a bare model it is the mean square of the hidden states that are no padding, and that of what the pooler gives. The second text is padded on the right.
"""

import shutil
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig

HERE = Path(__file__).parent / 'encoders'
STEPS, PADDING, VOCABULARY = 9, 3, 40

BERT = dict(vocab_size=VOCABULARY, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=16, pad_token_id=0)
ROBERTA = dict(BERT, pad_token_id=1, type_vocab_size=1, layer_norm_eps=1e-5, bos_token_id=0, eos_token_id=2)
DISTIL = dict(vocab_size=VOCABULARY, dim=16, hidden_dim=24, n_layers=2, n_heads=4, max_position_embeddings=16, pad_token_id=0)
LABELS = dict(num_labels=3)
T5 = dict(vocab_size=VOCABULARY, d_model=16, d_kv=6, d_ff=24, num_layers=2, num_heads=3, num_decoder_layers=1, pad_token_id=0,
          relative_attention_num_buckets=8, relative_attention_max_distance=7, decoder_start_token_id=0)

LLAMA = dict(vocab_size=VOCABULARY, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2)
GPT2 = dict(vocab_size=VOCABULARY, n_positions=16, n_embd=16, n_layer=2, n_head=4, pad_token_id=0, bos_token_id=1, eos_token_id=2)

# Case: class, model_type, configuration, the three parameters whose gradients are kept, dtype of the file.
CASES = {
    'bert': ('BertModel', 'bert', BERT, ['embeddings.token_type_embeddings.weight',
                                         'encoder.layer.0.attention.self.query.weight', 'pooler.dense.weight']),
    'bert-masked': ('BertForMaskedLM', 'bert', BERT, ['bert.embeddings.word_embeddings.weight',
                                                      'cls.predictions.transform.dense.weight', 'cls.predictions.bias']),
    'bert-text': ('BertForSequenceClassification', 'bert', dict(BERT, **LABELS),
                  ['bert.embeddings.position_embeddings.weight', 'bert.encoder.layer.1.output.LayerNorm.weight', 'classifier.weight']),
    'bert-steps': ('BertForTokenClassification', 'bert', dict(BERT, hidden_act='relu', **LABELS),
                   ['bert.embeddings.LayerNorm.bias', 'bert.encoder.layer.0.output.dense.weight', 'classifier.bias']),
    'bert-answer': ('BertForQuestionAnswering', 'bert', BERT,
                    ['bert.encoder.layer.0.attention.self.key.weight', 'bert.encoder.layer.1.intermediate.dense.weight', 'qa_outputs.weight']),
    'roberta': ('RobertaModel', 'roberta', ROBERTA, ['embeddings.position_embeddings.weight',
                                                     'encoder.layer.0.attention.output.dense.weight', 'pooler.dense.bias']),
    'roberta-masked': ('RobertaForMaskedLM', 'roberta', ROBERTA,
                       ['roberta.embeddings.word_embeddings.weight', 'lm_head.dense.weight', 'lm_head.bias']),
    'roberta-text': ('RobertaForSequenceClassification', 'roberta', dict(ROBERTA, **LABELS),
                     ['roberta.embeddings.position_embeddings.weight', 'classifier.dense.weight', 'classifier.out_proj.weight']),
    'distilbert': ('DistilBertModel', 'distilbert', DISTIL,
                   ['embeddings.word_embeddings.weight', 'transformer.layer.0.attention.q_lin.weight',
                    'transformer.layer.1.output_layer_norm.weight']),
    'distilbert-masked': ('DistilBertForMaskedLM', 'distilbert', DISTIL,
                          ['distilbert.embeddings.word_embeddings.weight', 'vocab_transform.weight', 'vocab_projector.bias']),
    'distilbert-text': ('DistilBertForSequenceClassification', 'distilbert', dict(DISTIL, **LABELS),
                        ['distilbert.embeddings.position_embeddings.weight', 'pre_classifier.weight', 'classifier.weight']),
    't5': ('T5ForConditionalGeneration', 't5', T5,
           ['shared.weight', 'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight',
            'decoder.block.0.layer.1.EncDecAttention.k.weight']),
    'flan-t5': ('T5ForConditionalGeneration', 't5', dict(T5, feed_forward_proj='gated-gelu', tie_word_embeddings=False),
                ['lm_head.weight', 'encoder.block.1.layer.1.DenseReluDense.wi_1.weight',
                 'decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight']),
    't5-encoder': ('T5EncoderModel', 't5', T5, ['shared.weight', 'encoder.block.1.layer.0.SelfAttention.q.weight',
                                                'encoder.final_layer_norm.weight']),
    'llama-text': ('LlamaForSequenceClassification', 'llama', dict(LLAMA, **LABELS),
                   ['model.embed_tokens.weight', 'model.layers.0.self_attn.v_proj.weight', 'score.weight']),
    'gpt2-text': ('GPT2ForSequenceClassification', 'gpt2', dict(GPT2, **LABELS),
                  ['transformer.wpe.weight', 'transformer.h.1.mlp.c_fc.weight', 'score.weight']),
    # Stored in 16 bits: what is computed from it is in 32, of the rounded weights.
    'bert-bfloat16': ('BertForSequenceClassification', 'bert', dict(BERT, **LABELS),
                      ['bert.embeddings.word_embeddings.weight', 'bert.encoder.layer.0.attention.self.value.weight', 'classifier.weight']),
}


def randomized(model):
    """Weights far from zero, so that every part of the network has a say."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            is_gain = parameter.ndim == 1 and name.endswith('weight')
            parameter.copy_((1 if is_gain else 0) + 0.3 * noise)


def write(case):
    name, model_type, settings, kept = CASES[case]
    folder = HERE / case
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(0)
    config = AutoConfig.for_model(model_type, **settings)
    model = getattr(transformers, name)._from_config(config, attn_implementation='eager')
    model.eval()
    if case == 'flan-t5':
        # As in all its checkpoints, whatever the configuration says.
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    randomized(model)
    if case.endswith('bfloat16'):
        model.bfloat16().save_pretrained(folder)
        model.float()
    else:
        model.save_pretrained(folder)
    generator = torch.Generator().manual_seed(11)
    ids = torch.randint(3, VOCABULARY, (2, STEPS), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, -PADDING:] = 0
    ids[1, -PADDING:] = settings['pad_token_id']
    given = dict(input_ids=ids, attention_mask=mask)
    if settings.get('type_vocab_size', 2) > 1 and model_type == 'bert':
        given['token_type_ids'] = (torch.arange(STEPS) >= 4).long().expand(2, STEPS).contiguous()
    if name == 'T5ForConditionalGeneration':
        given['decoder_input_ids'] = torch.randint(3, VOCABULARY, (2, 7), generator=generator)
        given['decoder_input_ids'][:, 0] = 0
    out = model(**given)
    golden = {key: value.int().clone() for key, value in given.items()}
    if 'logits' in out or 'start_logits' in out:
        logits = out.logits if 'logits' in out else torch.stack([out.start_logits, out.end_logits], -1)
        labels = torch.randint(0, logits.shape[-1], logits.shape[:-1], generator=generator)
        if labels.ndim == 2:
            labels = labels.masked_fill(mask == 0, -100) if labels.shape == mask.shape else labels
            labels[0, 4] = -100
        loss = F.cross_entropy(logits.flatten(0, -2), labels.flatten(), ignore_index=-100)
        golden.update(labels=labels.int(), logits=logits.detach().contiguous())
    else:
        hidden = out.last_hidden_state
        loss = hidden[mask == 1].square().mean()
        golden.update(hidden=hidden.detach())
        if getattr(out, 'pooler_output', None) is not None:
            loss = loss + out.pooler_output.square().mean()
            golden.update(pooled=out.pooler_output.detach())
    loss.backward()
    parameters = dict(model.named_parameters())
    golden.update(loss=loss.detach(), **{f'grad:{one}': parameters[one].grad.contiguous() for one in kept})
    save_file(golden, folder / 'golden.safetensors')
    print(case, f'{sum(f.stat().st_size for f in folder.iterdir()) / 1024:.0f} KiB')


for one in sys.argv[1:] or CASES:
    write(one)
