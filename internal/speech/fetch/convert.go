package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var vocabulary = regexp.MustCompile(`llama_vocab_base64 = "([A-Za-z0-9+/=]+)"`)

// pieceCount is the size of Llama's vocabulary.
const pieceCount = 32_000

// pieces takes the list of pieces, one a line, out of llama-tokenizer.js.
func pieces(source []byte) ([]byte, error) {
	found := vocabulary.FindSubmatch(source)
	if found == nil {
		return nil, errors.New("it has no vocabulary")
	}
	list, err := base64.StdEncoding.DecodeString(string(found[1]))
	if err != nil {
		return nil, err
	}
	if n := bytes.Count(list, []byte("\n")) + 1; n != pieceCount {
		return nil, fmt.Errorf("%d pieces instead of %d", n, pieceCount)
	}
	return append(list, '\n'), nil
}

// dictionary takes the pronunciations, one a line, out of the module of cmu-pronouncing-dictionary.
func dictionary(source []byte) ([]byte, error) {
	var lines bytes.Buffer
	words := 0
	for scanner := bufio.NewScanner(bytes.NewReader(source)); scanner.Scan(); {
		line := strings.TrimSuffix(strings.TrimSpace(scanner.Text()), ",")
		if !strings.HasPrefix(line, `"`) {
			continue
		}
		var entry map[string]string
		if err := json.Unmarshal([]byte("{"+line+"}"), &entry); err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		for word, sounds := range entry {
			fmt.Fprintf(&lines, "%s  %s\n", word, sounds)
			words++
		}
	}
	if words < 100_000 {
		return nil, fmt.Errorf("it has %d words", words)
	}
	return lines.Bytes(), nil
}
