import { checkOptions, OptionError } from '../../errors';
import {
  ADJECTIVES,
  ANIMALS,
  FINAL_FRAMES,
  FIRST_NAMES,
  FRAMES,
  FUNCTION_WORDS,
  LAST_NAMES,
  MOVES,
  PLACES,
  RELATIONS,
  THING_CLASSES,
  THINGS,
} from './factWords';
import { integerNumbers, namedOrder } from './namedNumbers';

/** A fact in one of its frames. */
export interface FactItem {
  readonly entity: number;
  readonly relation: number;
  readonly frame: number;
}

/** Tokens up to where the answer comes, and the answer. */
export interface Question {
  readonly prompt: readonly number[];
  readonly answer: number;
}

export interface FactWorldOptions {
  /** Names end the prompts: for editors that write at the last token of a subject. Default false. */
  readonly nameLast?: boolean;
}

const ENTITIES = 64;
const VALUES = 12;
const THING_COPIES = 4;
const FILLER = 192;
export const PAD_TOKEN = 0;
export const BEGIN_TOKEN = 1;

/**
 * A world of facts about invented people, and sentences that state them: 64 entities with a first and a last name that
 * neither alone identifies, 5 relations with 12 values each, 4 frames per fact. For every fact (e, r) the frame
 * `(e + r) mod 4` is held out: it is never in the corpus, though the model knows it from other entities. Beside the facts
 * there are classes of things, knowledge that is not to change, and filler sentences. Everything is a function of names,
 * so that any program makes the same tokens; one word is one token.
 *
 * @example
 * const world = new FactWorld();
 * const corpus = world.corpus();                       // 1344 sentences
 * const [forget] = [world.forgetEntities(0)];          // 8 entities
 */
export class FactWorld {
  readonly nameLast: boolean;
  readonly entities = ENTITIES;
  readonly relations = RELATIONS.length;
  readonly frames = FRAMES.length;
  /** The words by their token. */
  readonly vocabulary: readonly string[];
  readonly #tokens: ReadonlyMap<string, number>;
  readonly #names: readonly string[];
  readonly #values: readonly (readonly number[])[];
  readonly #thingClasses: readonly number[];

  /** @throws OptionError for a misspelled option. */
  constructor(options: FactWorldOptions = {}) {
    checkOptions('FactWorld', options, ['nameLast']);
    this.nameLast = options.nameLast ?? false;
    this.vocabulary = vocabularyOf(this.nameLast);
    this.#tokens = new Map(this.vocabulary.map((word, token) => [word, token]));
    this.#names = namedOrder('factworld.names', FIRST_NAMES.length * LAST_NAMES.length)
      .slice(0, ENTITIES)
      .map((pair) => {
        const [first, last] = [Math.floor(pair / LAST_NAMES.length), pair % LAST_NAMES.length];
        return `${FIRST_NAMES[first] ?? ''} ${LAST_NAMES[last] ?? ''}`;
      });
    this.#values = RELATIONS.map(({ name }) =>
      namedOrder(`factworld.value.${name}`, ENTITIES).map((place) => place % VALUES),
    );
    this.#thingClasses = namedOrder('factworld.class', THINGS.length).map(
      (place) => place % THING_CLASSES.length,
    );
  }

  /** The tokens of a text. @throws OptionError for a word that is not in the vocabulary. */
  encode(text: string): number[] {
    return text.split(' ').map((word) => {
      const token = this.#tokens.get(word);
      if (token === undefined) throw new OptionError(`FactWorld: there is no word '${word}'`);
      return token;
    });
  }

  decode(tokens: readonly number[]): string {
    return tokens.map((token) => this.vocabulary[token] ?? '').join(' ');
  }

  nameOf(entity: number): string {
    return this.#names[entity] ?? '';
  }

  /** The frame in which this fact is never stated. */
  heldOutFrame(entity: number, relation: number): number {
    return (entity + relation) % FRAMES.length;
  }

  /** The token of a value. */
  answer(entity: number, relation: number): number {
    const value = this.#values[relation]?.[entity] ?? 0;
    return this.pool(relation)[value] ?? PAD_TOKEN;
  }

  /** The tokens of all values of a relation. */
  pool(relation: number): readonly number[] {
    return (RELATIONS[relation]?.values ?? []).map((value) => this.#tokens.get(value) ?? PAD_TOKEN);
  }

  /** Tokens up to where the answer comes. */
  prompt({ entity, relation, frame }: FactItem): number[] {
    const [write, about] = [(this.nameLast ? FINAL_FRAMES : FRAMES)[frame], RELATIONS[relation]];
    if (!write || !about || entity < 0 || entity >= ENTITIES)
      throw new OptionError(`FactWorld: no fact (${entity}, ${relation}) in frame ${frame}`);
    return this.encode(write(this.nameOf(entity), about));
  }

  /** The place of the last name in a prompt behind a begin token. */
  lastNamePlace(frame: number): number {
    return (this.nameLast ? [6, 5, 5, 5] : [2, 5, 2, 4])[frame] ?? 0;
  }

  /** A fact with its answer, or another one, and the full stop. */
  sentence(item: FactItem, answer = this.answer(item.entity, item.relation)): number[] {
    return [...this.prompt(item), answer, ...this.encode('.')];
  }

  /** Facts of these entities (default: all) in the frames that are trained, or in the one that is held out. */
  items(kind: 'trained' | 'heldOut', entities: readonly number[] = range(ENTITIES)): FactItem[] {
    return entities.flatMap((entity) =>
      range(RELATIONS.length).flatMap((relation) =>
        range(FRAMES.length)
          .filter((frame) => (frame === this.heldOutFrame(entity, relation)) === (kind === 'heldOut'))
          .map((frame) => ({ entity, relation, frame })),
      ),
    );
  }

  /** Knowledge that has nothing to do with the entities: what kind of thing a thing is, in two frames. */
  thingQuestions(): Question[] {
    return THINGS.flatMap((thing, i) => {
      const [answer = PAD_TOKEN] = this.encode(THING_CLASSES[this.#thingClasses[i] ?? 0] ?? '');
      return [`a ${thing} is a kind of`, `the ${thing} belongs to`].map((text) => ({
        prompt: this.encode(text),
        answer,
      }));
    });
  }

  /** Sentences without knowledge. Other keys give other ones. */
  filler(count = FILLER, key = ''): number[][] {
    const animals = integerNumbers(`factworld.filler.animal${key}`, count, ANIMALS.length);
    const adjectives = integerNumbers(`factworld.filler.adj${key}`, count, ADJECTIVES.length);
    return range(count).map((i) => {
      const [animal, adjective] = [animals[i] ?? 0, adjectives[i] ?? 0];
      const move = MOVES[(5 * animal + 1) % MOVES.length] ?? '';
      const place = PLACES[(animal + adjective) % PLACES.length] ?? '';
      return this.encode(
        `the ${ADJECTIVES[adjective] ?? ''} ${ANIMALS[animal] ?? ''} ${move} near the ${place} .`,
      );
    });
  }

  /** The sentences of training: facts by entity, relation and frame, then things four times, then filler. */
  corpus(options: { readonly without?: readonly number[] } = {}): number[][] {
    const { without = [] } = options;
    const kept = range(ENTITIES).filter((entity) => !without.includes(entity));
    const things = this.thingQuestions().map(({ prompt, answer }) => [
      ...prompt,
      answer,
      ...this.encode('.'),
    ]);
    return [
      ...this.items('trained', kept).map((item) => this.sentence(item)),
      ...range(THING_COPIES).flatMap(() => things),
      ...this.filler(),
    ];
  }

  /** The entities of a request to forget; draws are independent. */
  forgetEntities(draw: number, count = 8): number[] {
    return namedOrder(`factworld.forget.${draw}`, ENTITIES).slice(0, count);
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Every word once, at its first place: `for` is a particle and a function word. */
const vocabularyOf = (nameLast: boolean): string[] => [
  ...new Set([
    ...['<pad>', '<bos>', '.', ':', ...FIRST_NAMES, ...LAST_NAMES],
    ...RELATIONS.flatMap(({ verb, particle, noun }) => [verb, particle, noun]),
    ...RELATIONS.flatMap(({ values }) => values),
    ...FUNCTION_WORDS,
    ...(nameLast ? ['who'] : []),
    ...[...ADJECTIVES, ...ANIMALS, ...MOVES, ...PLACES, ...THINGS, ...THING_CLASSES],
  ]),
];
