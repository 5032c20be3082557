package cache

import "math/bits"

// filter recognises most keys that are not in a set, from two
// bytes per key: a Bloom filter of which each key sets a few bits in one word.
// Nearly all checks are of players nobody banned; the filter stays in the
// processor's cache, the maps behind it do not.
type filter struct {
	words []uint64
	keys  int // added so far; removed ones leave their bits behind
}

// A word is dimensioned for some keys and lets more than every other key that is
// not there pass long after it holds twice as many.
const (
	keysPerWord    = 4
	maxKeysPerWord = 2 * keysPerWord
)

// newFilter returns a filter for about this many keys.
func newFilter(keys int) filter {
	words := 1 << bits.Len(uint(max(keys/keysPerWord, 15)))
	return filter{words: make([]uint64, words)}
}

// place returns the word of a key, given by its hash, and its bits in it.
func (f *filter) place(hash uint64) (word *uint64, pattern uint64) {
	pattern = 1<<(hash&63) | 1<<(hash>>6&63) | 1<<(hash>>12&63) | 1<<(hash>>18&63)
	return &f.words[hash>>24&uint64(len(f.words)-1)], pattern
}

// add adds a key. It reports whether the filter is too full to be of use.
func (f *filter) add(hash uint64) (full bool) {
	word, pattern := f.place(hash)
	*word |= pattern
	f.keys++
	return f.keys > maxKeysPerWord*len(f.words)
}

// mayHave reports false only if the key was never added.
func (f *filter) mayHave(hash uint64) bool {
	word, pattern := f.place(hash)
	return *word&pattern == pattern
}
