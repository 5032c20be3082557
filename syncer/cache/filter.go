package cache

import "math/bits"

// filter recognises most keys that are not in a map, from two
// bytes per key: a Bloom filter of which each key sets a few bits in one word.
// Nearly all checks are of players nobody banned; the filter stays in the
// processor's cache, the map behind it does not.
type filter struct{ words []uint64 }

// keysPerWord is how many keys a word is dimensioned for.
const keysPerWord = 4

// newFilter returns a filter for at most this many keys; removed ones leave their bits behind.
func newFilter(keys int) filter {
	return filter{words: make([]uint64, keys/keysPerWord+1)}
}

// place returns the word of a key, which its hash names as it does the place in the map, and
// its bits in that word.
func (f *filter) place(hash uint64) (word *uint64, pattern uint64) {
	pattern = 1<<(hash&63) | 1<<(hash>>6&63) | 1<<(hash>>12&63) | 1<<(hash>>18&63)
	index, _ := bits.Mul64(hash, uint64(len(f.words)))
	return &f.words[index], pattern
}

// add adds a key.
func (f *filter) add(hash uint64) {
	word, pattern := f.place(hash)
	*word |= pattern
}

// mayHave reports false only if the key was never added.
func (f *filter) mayHave(hash uint64) bool {
	word, pattern := f.place(hash)
	return *word&pattern == pattern
}
