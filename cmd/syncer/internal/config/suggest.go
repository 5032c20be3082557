package config

import (
	"fmt"
	"strings"
)

// Suggestion names the candidate that is nearest to a word, as " (did you mean
// …?)", or returns "" if none is near.
func Suggestion(word string, candidates []string) string {
	best, bestDistance := "", 1+max(2, len(word)/4)
	for _, candidate := range candidates {
		distance := editDistance(word, candidate)
		if _, leaf, _ := strings.Cut(candidate, "."); leaf == word {
			distance = 1 // the section was forgotten
		}
		if distance < bestDistance {
			best, bestDistance = candidate, distance
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// editDistance counts the insertions, deletions and replacements of bytes that
// turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
