// Package knowledge finds the passages of a text that fit what was said: full text search by BM25 (Robertson and Zaragoza, "The
// Probabilistic Relevance Framework", 2009) over parts of words, which needs no tables of a language (McNamee and Mayfield,
// "Character N-Gram Tokenization for European Language Text Retrieval", 2004). It knows neither calls nor models.
package knowledge

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Passage is a part of a text that stands by itself.
type Passage struct {
	Number  int    // from 1, in the order of the text
	Heading string // that it stands under, "" = none
	Text    string
}

// Index is a text that can be searched. It does not change, and is safe for concurrent use.
type Index struct {
	passages []Passage
	lengths  []int // in terms
	average  float64
	terms    map[string][]posting
}

type posting struct{ passage, count int }

const (
	longestText = 1_000_000 // bytes; what is beyond is not found
	k1, b       = 1.2, 0.75 // of BM25
)

// New returns the Index of a text: paragraphs, under headings as Markdown writes them.
func New(text string) *Index {
	if len(text) > longestText {
		text = strings.ToValidUTF8(text[:longestText], "")
	}
	x := &Index{passages: split(text), terms: map[string][]posting{}}
	total := 0
	for n, p := range x.passages {
		counts := map[string]int{}
		length := 0
		for _, term := range terms(p.Heading + "\n" + p.Text) {
			counts[term]++
			length++
		}
		for term, count := range counts {
			x.terms[term] = append(x.terms[term], posting{n, count})
		}
		x.lengths = append(x.lengths, length)
		total += length
	}
	x.average = float64(total) / float64(max(1, len(x.passages)))
	return x
}

// Query is words to search for, and how much they count.
type Query struct {
	Words  string
	Weight float64
}

// leastOfBest is the part of the best passage's score that another one needs.
const leastOfBest = 0.3

// Search returns the passages that fit the queries, the best first: at most so many, and so many characters together.
func (x *Index) Search(queries []Query, most, characters int) []Passage {
	weights := map[string]float64{}
	for _, q := range queries {
		for _, term := range terms(q.Words) {
			weights[term] = max(weights[term], q.Weight)
		}
	}
	scores := make([]float64, len(x.passages))
	for term, weight := range weights {
		for _, p := range x.terms[term] {
			count := float64(p.count)
			scores[p.passage] += weight * x.rarity(term) * count * (k1 + 1) / (count + k1*(1-b+b*float64(x.lengths[p.passage])/x.average))
		}
	}
	order := make([]int, len(x.passages))
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	var found []Passage
	for _, n := range order {
		length := len([]rune(x.passages[n].Heading)) + len([]rune(x.passages[n].Text))
		if len(found) == most || scores[n] == 0 || scores[n] < leastOfBest*scores[order[0]] || length > characters {
			break
		}
		characters -= length
		found = append(found, x.passages[n])
	}
	return found
}

// Passages returns all passages.
func (x *Index) Passages() []Passage { return x.passages }

const (
	leastShared = 0.5 // of a sentence's terms, by their rarity, that its source has
	leastTerms  = 8   // of a sentence that can have a source
)

// Source returns the passage among candidates that a sentence was taken from, as far as its words tell.
func (x *Index) Source(sentence string, candidates []Passage) (source Passage, ok bool) {
	own := slices.Compact(slices.Sorted(slices.Values(terms(sentence))))
	if len(own) < leastTerms {
		return source, false
	}
	whole, best := 0.0, 0.0
	shared := make(map[int]float64, len(candidates)) // by number
	for _, term := range own {
		rarity := x.rarity(term)
		whole += rarity
		for _, p := range x.terms[term] {
			shared[x.passages[p.passage].Number] += rarity
		}
	}
	for _, candidate := range candidates {
		if s := shared[candidate.Number]; s > best {
			source, best = candidate, s
		}
	}
	return source, best >= leastShared*whole
}

// rarity is the inverse document frequency of a term.
func (x *Index) rarity(term string) float64 {
	n := float64(len(x.terms[term]))
	return math.Log(1 + (float64(len(x.passages))-n+0.5)/(n+0.5))
}

// gram is the length of the parts of words that are searched for.
const gram = 4

// terms are the parts of words of a text, folded: words of up to four letters whole, longer ones in all runs of four letters, and
// scripts that write no spaces in runs of two.
func terms(text string) (all []string) {
	var word []rune
	dense := false // word is of a script without spaces
	end := func() {
		size := gram
		if dense {
			size = 2
		}
		if len(word) > 0 && len(word) <= size {
			all = append(all, string(word))
		} else {
			for n := 0; n+size <= len(word); n++ {
				all = append(all, string(word[n:n+size]))
			}
		}
		word = word[:0]
	}
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r) && !dense: // accents, and points of Hebrew and Arabic
		case unicode.IsLetter(r) || unicode.IsNumber(r) || dense && unicode.Is(unicode.M, r):
			if d := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar); d != dense {
				if !unicode.Is(unicode.M, r) {
					end()
					dense = d
				}
			}
			word = append(word, unicode.ToLower(r))
		default:
			end()
			dense = false
		}
	}
	end()
	return all
}
