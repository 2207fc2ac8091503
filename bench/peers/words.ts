// Numbers that are functions of a name: the same bits here, in pytorch/hashed.py and in onednn/hashed.h. The formula is
// in README.md.
export { integerNumbers, uniformNumbers } from '../../lib/data/synthetic/namedNumbers';
