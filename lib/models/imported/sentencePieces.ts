import { FormatError } from '../../errors';

/** A piece of text with the logarithm of its probability. */
export type ScoredPiece = readonly [piece: string, score: number | null];

/** The first pieces of a vocabulary stand for no text: unknown, begin, end, ... */
const RESERVED = 6;
const UNKNOWN = 0;

/**
 * Cuts a text into the pieces of a unigram vocabulary (Kudo 2018): of all ways to write the text as pieces the one with the
 * largest sum of scores, found by dynamic programming. Words begin with `▁`. Characters that no piece begins with are
 * unknown, several in a row once.
 */
export class SentencePieces {
  readonly #pieces = new Map<string, { readonly token: number; readonly score: number }>();
  readonly #longest: number;

  /** @throws FormatError unless the vocabulary is a list of pieces with scores. */
  constructor(vocabulary: unknown) {
    if (!Array.isArray(vocabulary)) throw new FormatError('SentencePieces: a list of pieces expected');
    let longest = 1;
    for (const [token, entry] of vocabulary.entries() as Iterable<[number, unknown]>) {
      // Vocabularies in use leave out the scores of pieces with a colon, which count as 0.
      const [piece, given] = Array.isArray(entry) ? (entry as unknown[]) : [];
      const score = given ?? 0;
      if (typeof piece !== 'string' || typeof score !== 'number')
        throw new FormatError(`SentencePieces: entry ${token} is no piece with a score`);
      if (token < RESERVED || piece === '' || this.#pieces.has(piece)) continue;
      this.#pieces.set(piece, { token, score });
      longest = Math.max(longest, Array.from(piece).length);
    }
    this.#longest = longest;
  }

  /** The tokens of a text. */
  encode(text: string): number[] {
    const normal = text.normalize('NFKC');
    if (normal === '') return [];
    const characters = Array.from(`▁${normal.replaceAll(' ', '▁')}`);
    const ends: { score: number; start: number; token: number }[] = [{ score: 0, start: -1, token: UNKNOWN }];
    const reach = (end: number, score: number, start: number, token: number): void => {
      const known = ends[end];
      if (!known || score > known.score) ends[end] = { score, start, token };
    };
    for (let start = 0; start < characters.length; start++) {
      const { score: before } = ends[start] ?? { score: -Infinity };
      if (before === -Infinity) continue;
      let found = false;
      let piece = '';
      for (let end = start + 1; end <= Math.min(characters.length, start + this.#longest); end++) {
        piece += characters[end - 1] ?? '';
        const known = this.#pieces.get(piece);
        if (!known) continue;
        found = true;
        reach(end, before + known.score, start, known.token);
      }
      if (!found) reach(start + 1, before, start, UNKNOWN);
    }
    const tokens: number[] = [];
    for (let at = characters.length; at > 0; at = ends[at]?.start ?? 0)
      tokens.push(ends[at]?.token ?? UNKNOWN);
    tokens.reverse();
    return tokens.filter((token, i) => token !== UNKNOWN || tokens[i - 1] !== UNKNOWN);
  }
}
