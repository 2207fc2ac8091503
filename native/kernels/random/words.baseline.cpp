#include "words.inl"

namespace palimpsest {

extern const WordLoop kBaselineWords = word_loop;

}  // namespace palimpsest
