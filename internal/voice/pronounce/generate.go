//go:build ignore

// Makes data/guess.txt from CMUdict: go run generate.go cmudict.txt >data/guess.txt. Letters and sounds are aligned by
// expectation maximisation, one letter to at most two sounds; then a tree of contexts is grown (IGTree, Daelemans et al.
// 1997), without contexts that occur once.
package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
)

const (
	leastSeen = 2
	digits    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)

var offsets = [...]int{0, 1, -1, 2, -2, 3, -3, 4, -4}

type entry struct {
	word   string
	sounds []string
	bare   []string // sounds without their stress
}

func main() {
	entries := load(os.Args[1])
	chances := first()
	var cuts [][]int
	for range 6 {
		counts, totals := map[string]float64{}, map[byte]float64{}
		cuts = make([][]int, len(entries))
		for n, e := range entries {
			cuts[n] = align(e, chances)
			at := 0
			for i, taken := range cuts[n] {
				counts[key(e.word[i], e.bare[at:at+taken])]++
				totals[e.word[i]]++
				at += taken
			}
		}
		chances = map[string]float64{}
		for k, count := range counts {
			if count >= 3 {
				chances[k] = count / totals[k[0]]
			}
		}
	}
	grow(entries, cuts)
}

func load(path string) []entry {
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	var out []entry
	for lines := bufio.NewScanner(file); lines.Scan(); {
		word, sounds, ok := strings.Cut(lines.Text(), "  ")
		if !ok || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" || len(word) < 3 {
			continue
		}
		sounds, _, _ = strings.Cut(sounds, " #")
		e := entry{word, strings.Fields(sounds), strings.Fields(unstressed.Replace(sounds))}
		if len(e.sounds) <= len(word)+2 && len(e.sounds)*3 >= len(word) { // others are spelled
			out = append(out, e)
		}
	}
	return out
}

var unstressed = strings.NewReplacer("0", "", "1", "", "2", "")

func key(letter byte, bare []string) string { return string(letter) + ":" + strings.Join(bare, " ") }

// align returns how many sounds each letter has in the most likely alignment; nil if there is none.
func align(e entry, chances map[string]float64) []int {
	n, k := len(e.word), len(e.sounds)
	best, back := make([][]float64, n+1), make([][]int, n+1)
	for i := range best {
		best[i], back[i] = slices.Repeat([]float64{math.Inf(-1)}, k+1), make([]int, k+1)
	}
	best[0][0] = 0
	for i := range n {
		for j := range k + 1 {
			for taken := 0; taken <= 2 && j+taken <= k && !math.IsInf(best[i][j], -1); taken++ {
				chance := max(chances[key(e.word[i], e.bare[j:j+taken])], 1e-7)
				if taken == 2 {
					chance /= 2
				}
				if v := best[i][j] + math.Log(chance); v > best[i+1][j+taken] {
					best[i+1][j+taken], back[i+1][j+taken] = v, taken
				}
			}
		}
	}
	if best[n][k]/float64(n) < -9 {
		return nil
	}
	cuts := make([]int, n)
	for i, j := n, k; i > 0; i-- {
		cuts[i-1] = back[i][j]
		j -= back[i][j]
	}
	return cuts
}

// first returns the chances to begin with: which sounds a letter has at all.
func first() map[string]float64 {
	chances := map[string]float64{"u:Y UW": 0.2, "u:Y UH": 0.1, "u:Y AH": 0.1, "u:Y ER": 0.1, "e:Y UW": 0.02, "o:W AH": 0.1, "l:AH L": 0.02, "m:AH M": 0.01}
	for _, line := range strings.Split(`a AE,AA,EY,AH,AO,EH b B c K,S,CH,SH d D,T,JH e EH,IY,AH,ER,EY,IH f F,V g G,JH,F,NG,ZH h HH i IH,AY,IY,AH,Y j JH,Y,HH,ZH k K l L m M n N,NG o AA,OW,AO,AH,UW,AW,UH,OY,W p P,F q K r R s S,Z,SH,ZH t T,TH,DH,CH,SH,D u AH,UW,UH,Y,W,IH,ER v V,F w W,V,UW,AW,OW x K_S,G_Z,Z,K,K_SH y IY,AY,Y,IH z Z,S,T_S`, "\n") {
		fields := strings.Fields(line)
		for i := 0; i < len(fields); i += 2 {
			chances[fields[i]+":"] = 0.15
			for _, sounds := range strings.Split(fields[i+1], ",") {
				chances[fields[i]+":"+strings.ReplaceAll(sounds, "_", " ")] = 0.5
			}
		}
	}
	for _, vowel := range strings.Fields("a e i o u y") {
		chances[vowel+":ER"] += 0.05
		chances[vowel+":AH"] += 0.05
	}
	return chances
}

type seen struct {
	context [len(offsets)]byte
	label   int
}

func grow(entries []entry, cuts [][]int) {
	var (
		numbers = map[string]int{}
		labels  []string
		all     []seen
	)
	for n, e := range entries {
		at := 0
		for i, taken := range cuts[n] {
			label := strings.Join(e.sounds[at:at+taken], " ")
			at += taken
			number, ok := numbers[label]
			if !ok {
				number = len(labels)
				numbers[label] = number
				labels = append(labels, label)
			}
			s := seen{label: number}
			for k, offset := range offsets {
				s.context[k] = '#'
				if p := i + offset; p >= 0 && p < len(e.word) {
					s.context[k] = e.word[p]
				}
			}
			all = append(all, s)
		}
	}
	var out strings.Builder
	write(&out, all, '#', 0, -1)
	fmt.Println(strings.Join(labels, "|"))
	for text := out.String(); text != ""; {
		n := min(len(text), 120)
		fmt.Println(text[:n])
		text = text[n:]
	}
}

// write appends the node of letter at depth, and reports whether it says other than above does.
func write(out *strings.Builder, all []seen, letter byte, depth, above int) bool {
	counts := map[int]int{}
	for _, s := range all {
		counts[s.label]++
	}
	label := above // where it is as frequent as any other
	for candidate, count := range counts {
		if count > counts[label] || count == counts[label] && candidate < label && counts[above] < count {
			label = candidate
		}
	}
	out.WriteByte(letter)
	out.WriteByte(digits[max(label, 0)/64])
	out.WriteByte(digits[max(label, 0)%64])
	if len(counts) == 1 || depth == len(offsets) {
		return label != above
	}
	slices.SortStableFunc(all, func(a, b seen) int { return int(a.context[depth]) - int(b.context[depth]) })
	var children strings.Builder
	for start := 0; start < len(all); {
		end := start
		for end < len(all) && all[end].context[depth] == all[start].context[depth] {
			end++
		}
		var child strings.Builder
		if end-start >= leastSeen && write(&child, all[start:end], all[start].context[depth], depth+1, label) {
			children.WriteString(child.String())
		}
		start = end
	}
	if children.Len() > 0 {
		out.WriteString("(" + children.String() + ")")
	}
	return label != above || children.Len() > 0
}
