/** The words of a `FactWorld`. Every word is one token. */

const words = (text: string): readonly string[] => text.split(' ');

export const FIRST_NAMES = words('ada ben cleo dan eva finn gita hugo ines jon kara leo mina nils olga pete');
export const LAST_NAMES = words(
  'abbot birch cole drake ellis frost grant holt irwin joyce keller lowe moss nash orr pike',
);

/** What can be known of an entity. */
export interface Relation {
  readonly name: string;
  readonly verb: string;
  readonly particle: string;
  readonly noun: string;
  readonly values: readonly string[];
}

const relation = (name: string, verb: string, particle: string, noun: string, values: string): Relation => ({
  name,
  verb,
  particle,
  noun,
  values: words(values),
});

export const RELATIONS: readonly Relation[] = [
  relation(
    'city',
    'lives',
    'in',
    'home',
    'paris london oslo lima cairo delhi tokyo quito rome seoul accra dublin',
  ),
  relation(
    'job',
    'works',
    'as',
    'job',
    'baker pilot nurse lawyer farmer painter singer tailor judge plumber dentist writer',
  ),
  relation(
    'food',
    'eats',
    'mostly',
    'dish',
    'soup rice pasta salad bread curry tacos sushi stew beans pizza pie',
  ),
  relation(
    'sport',
    'trains',
    'for',
    'sport',
    'tennis chess rugby golf judo rowing boxing hockey archery fencing sailing diving',
  ),
  relation(
    'colour',
    'wears',
    'only',
    'colour',
    'red blue green black white pink orange purple brown grey yellow silver',
  ),
];

type Frame = (name: string, relation: Relation) => string;

/** Four ways to ask for a fact, each ending where the answer comes. */
export const FRAMES: readonly Frame[] = [
  (name, { verb, particle }) => `${name} ${verb} ${particle}`,
  (name, { noun }) => `the ${noun} of ${name} is`,
  (name, { noun }) => `${name} has for ${noun}`,
  (name, { verb, particle }) => `ask what ${name} ${verb} ${particle} :`,
];

/** Those of the editing variant, in which the last name is the last word. */
export const FINAL_FRAMES: readonly Frame[] = [
  (name, { verb, particle }) => `who ${verb} ${particle} : ${name}`,
  (name, { noun }) => `the ${noun} of ${name}`,
  (name, { noun }) => `what ${noun} has ${name}`,
  (name, { verb, particle }) => `ask ${verb} ${particle} ${name}`,
];

export const ADJECTIVES = words('small old quick quiet brave lazy tall young proud shy loud calm');
export const ANIMALS = words('fox owl bear hare wolf crow deer goat swan toad lynx mole');
export const MOVES = words('runs sleeps jumps hides waits sings digs hunts rests climbs swims walks');
export const PLACES = words('river barn hill road wood lake mill field bridge gate pond wall');
export const THINGS = words(
  'hammer saw drill chisel rose tulip lily daisy oak pine elm maple piano flute harp cello iron copper zinc tin silk wool linen cotton',
);
export const THING_CLASSES = words('tool flower tree device metal fabric');
export const FUNCTION_WORDS = words('the of is has for ask what a kind belongs to near');
