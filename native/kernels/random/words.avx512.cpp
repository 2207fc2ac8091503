#include "words.inl"

namespace palimpsest {

extern const WordLoop kAvx512Words = word_loop;

}  // namespace palimpsest
