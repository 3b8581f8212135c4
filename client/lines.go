package client

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
)

// readLines hands each line of an answer of application/x-ndjson on, but the last, which is the end of the answer: {"done":true}, or an
// error of the server, which it returns as *Error.
func readLines(body io.Reader, each func(line []byte) error) error {
	lines := bufio.NewReader(body)
	for {
		text, err := lines.ReadBytes('\n')
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // without its last line
			}
			return &url.Error{Op: "Read", URL: "answer", Err: err}
		}
		var last struct {
			Done  bool   `json:"done"`
			Error *Error `json:"error"`
		}
		if err := json.Unmarshal(bytes.TrimSpace(text), &last); err != nil {
			return fmt.Errorf("read a line of the answer: %w", err)
		}
		switch {
		case last.Error != nil:
			return last.Error
		case last.Done:
			return nil
		}
		if err := each(text); err != nil {
			return err
		}
	}
}

// readLine reads one line; numbers of variables keep their digits.
func readLine(text []byte, result any) error {
	if err := decode(text, result); err != nil {
		return fmt.Errorf("read a line of the answer: %w", err)
	}
	return nil
}
