#include "words.inl"

namespace palimpsest {

extern const WordLoop kAvx2Words = word_loop;

}  // namespace palimpsest
