package pronounce

import (
	"slices"
	"strings"
)

// guess is a decision tree that tells the sounds of a letter by the letters around it, made from CMUdict by generate.go. A
// node is found by the letter itself, then the next one, the one before, and so on; the deepest that is there decides. About
// 55 of 100 words that the dictionary does not have come out with the sounds that a person gives them.
type guess struct {
	labels []string // ARPAbet sounds of one letter, "" = silent
	root   guessNode
}

type guessNode struct {
	letter   byte
	label    int
	children []guessNode
}

// guessOffsets are where the letters stand that are asked for, from the letter that is to be read.
var guessOffsets = [...]int{0, 1, -1, 2, -2, 3, -3, 4, -4}

// shortVowels are how vowels sound in a syllable that ends in a consonant.
var shortVowels = map[byte]string{'a': "AE1", 'e': "EH1", 'i': "IH1", 'o': "AA1", 'u': "AH1", 'y': "IH1"}

const guessDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// readGuess reads data/guess.txt: the labels in its first line, then the nodes, each as its letter, its label in two
// digits of base 64, and its children in brackets.
func readGuess() *guess {
	text, err := data.ReadFile("data/guess.txt")
	if err != nil {
		panic(err)
	}
	head, body, _ := strings.Cut(string(text), "\n")
	g := &guess{labels: strings.Split(head, "|")}
	body = strings.ReplaceAll(body, "\n", "")
	g.root, body = readNode(body)
	if body != "" {
		panic("data/guess.txt: something follows the tree")
	}
	return g
}

func readNode(text string) (guessNode, string) {
	n := guessNode{letter: text[0], label: strings.IndexByte(guessDigits, text[1])*64 + strings.IndexByte(guessDigits, text[2])}
	text = text[3:]
	if !strings.HasPrefix(text, "(") {
		return n, text
	}
	for text = text[1:]; text[0] != ')'; {
		var child guessNode
		child, text = readNode(text)
		n.children = append(n.children, child)
	}
	return n, text[1:]
}

// sounds returns the ARPAbet sounds of a word of small letters; others are left out.
func (g *guess) sounds(word string) string {
	word = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, word)
	var sounds []string
	for i := range len(word) {
		if label := g.labels[g.label(word, i)]; label != "" {
			sounds = append(sounds, strings.Fields(label)...)
		}
	}
	if !slices.ContainsFunc(sounds, isVowel) { // its vowel was thought to be silent
		sounds = sounds[:0]
		for i := range len(word) {
			if vowel, ok := shortVowels[word[i]]; ok {
				sounds = append(sounds, vowel)
			} else if label := g.labels[g.label(word, i)]; label != "" {
				sounds = append(sounds, strings.Fields(label)...)
			}
		}
	}
	sounds = slices.CompactFunc(sounds, func(next, before string) bool { return next == "R" && strings.HasPrefix(before, "ER") })
	return strings.Join(stressed(sounds), " ")
}

func (g *guess) label(word string, i int) int {
	at := &g.root
	for _, offset := range guessOffsets {
		letter := byte('#')
		if p := i + offset; p >= 0 && p < len(word) {
			letter = word[p]
		}
		next := at.child(letter)
		if next == nil {
			break
		}
		at = next
	}
	return at.label
}

func (n *guessNode) child(letter byte) *guessNode {
	for i := range n.children {
		if n.children[i].letter == letter {
			return &n.children[i]
		}
	}
	return nil
}

// stressed gives a word one main stress: the first one keeps it, and a word without any gets it on its first full vowel.
func stressed(sounds []string) []string {
	main, vowel := -1, -1
	for i, s := range sounds {
		switch s[len(s)-1] {
		case '1':
			if main >= 0 {
				sounds[i] = s[:len(s)-1] + "2"
			} else {
				main = i
			}
		case '0', '2':
			if vowel < 0 || strings.HasPrefix(sounds[vowel], "AH") && !strings.HasPrefix(s, "AH") && !strings.HasPrefix(s, "ER") && i < len(sounds)-1 {
				vowel = i
			}
		}
	}
	if main < 0 && vowel >= 0 {
		sounds[vowel] = sounds[vowel][:len(sounds[vowel])-1] + "1"
	}
	return sounds
}
